"""The kinds of files: their columns, the permissions to import them, and their commands.

Rows are validated like a mutation's input (schema/inputs.py) and run the same command.
docs/files.md documents the columns.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import strawberry
from sqlalchemy import Select

from api.files import cells, texts  # noqa: F401 - registers the messages
from api.files.cells import CellError, Meaning
from auth.permissions import Permission
from db.commands import account_entries, initiatives, people, target_entries, unit_entries
from db.commands.entering import each
from db.models.enums import Role, Sector, SolutionType, UnitLevel
from db.queries import files
from db.rules.errors import DomainError
from db.rules.target import MOST
from db.write_session import WriteSession
from schema.inputs import code, line, whole
from schema.mutations.initiatives import AuthorInput, DraftInitiativeInput
from schema.mutations.units import CreateUnitInput

Fields = dict[str, Any]
Enter = Callable[
    [WriteSession, Sequence[Fields], str | None], Awaitable[Sequence[DomainError | None]]
]
"""Runs rows, with a reason; returns the error of each rejected row, None for the others."""


@dataclass(frozen=True)
class Column:
    """A column of a file; `needed` means in every file, `filled` means not blank.

    A `told` column is exported, and ignored in imports.
    """

    name: str
    means: Meaning = cells.text
    needed: bool = False
    filled: bool = False
    told: bool = False


@dataclass(frozen=True)
class Kind:
    """A kind of file; `key` are the columns that identify a row, `form` validates the fields.

    `names` maps the type of an object that is not found to the column that names it.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    form: type[Any]
    fields: Callable[[Fields], Fields]
    permissions: tuple[Permission, ...]
    enter: Enter
    rows: Callable[[list[str]], Select[Any]]
    names: Mapping[str, str]


def _must(name: str, means: Meaning = cells.text) -> Column:
    return Column(name, means, needed=True, filled=True)


@strawberry.input
class PersonForm:
    """The limits of a member's record, beyond db/rules/person.py."""

    code: str = code()
    name: str = line(200)
    unit: str = line(40)
    sector: Sector
    email: str | None = line(254, default=None)
    phone: str | None = line(40, default=None)


@strawberry.input
class AccountForm:
    """The limits of an account in a file, beyond db/rules/account.py."""

    username: str = line(100)
    person: str = line(40)
    role: Role | None = None
    unit: str | None = line(40, default=None)
    disabled: bool | None = None


@strawberry.input
class TargetForm:
    """The limits of a target in a file."""

    campaign: str = line(40)
    phase: int
    unit: str = line(40)
    assigned: int | None = whole(0, MOST, default=None)
    registered: int | None = whole(0, MOST, default=None)


def _as_they_are(fields: Fields) -> Fields:
    return fields


def _initiative(fields: Fields) -> Fields:
    """Return the input of a draft, without blank cells and with the years as one list."""
    said = {name: value for name, value in fields.items() if value is not None}
    claimed = [said.pop(f"claimed_{year}", None) for year in (1, 2, 3)]
    while claimed and claimed[-1] is None:
        claimed.pop()
    if None in claimed:
        raise CellError("BLANK", f"claimed_{claimed.index(None) + 1}")
    if claimed:
        said["claimed"] = claimed
    if "authors" in said:
        said["authors"] = [AuthorInput(person=who, share=part) for who, part in said["authors"]]
    return said


async def _people(
    session: WriteSession, rows: Sequence[Fields], _: str | None
) -> Sequence[DomainError | None]:
    return await people.enter(session, rows)


async def _accounts(
    session: WriteSession, rows: Sequence[Fields], _: str | None
) -> Sequence[DomainError | None]:
    return await account_entries.enter(session, rows)


async def _targets(
    session: WriteSession, rows: Sequence[Fields], reason: str | None
) -> Sequence[DomainError | None]:
    set_ = partial(target_entries.enter, session, reason=reason)
    return await each(session, [partial(set_, **row) for row in rows])


async def _drafts(
    session: WriteSession, rows: Sequence[Fields], _: str | None
) -> Sequence[DomainError | None]:
    return await each(session, [partial(initiatives.draft, session, **row) for row in rows])


UNITS = Kind(
    name="units",
    columns=(
        _must("code", cells.key),
        _must("name"),
        _must("level", cells.one_of(UnitLevel)),
        Column("parent", cells.key, needed=True),
        _must("member_count", cells.whole),
        Column("bloc", cells.key),
        Column("valid_from", cells.day),
        Column("closed_on", cells.day),
    ),
    key=("code",),
    form=CreateUnitInput,
    fields=_as_they_are,
    permissions=(Permission.UNIT_MANAGE,),
    enter=unit_entries.enter,
    rows=files.units,
    names={"Unit": "parent", "EmulationBloc": "bloc"},
)
PEOPLE = Kind(
    name="people",
    columns=(
        _must("code", cells.key),
        _must("name"),
        _must("unit", cells.key),
        _must("sector", cells.one_of(Sector)),
        Column("email", cells.key),
        Column("phone", cells.key),
    ),
    key=("code",),
    form=PersonForm,
    fields=_as_they_are,
    permissions=(Permission.PERSON_MANAGE,),
    enter=_people,
    rows=files.people,
    names={"Unit": "unit"},
)
ACCOUNTS = Kind(
    name="accounts",
    columns=(
        _must("username", cells.key),
        _must("person", cells.key),
        Column("role", cells.one_of(Role)),
        Column("unit", cells.key),
        Column("disabled", cells.yes_or_no),
    ),
    key=("username", "unit"),
    form=AccountForm,
    fields=_as_they_are,
    permissions=(Permission.ACCOUNT_MANAGE,),
    enter=_accounts,
    rows=files.accounts,
    names={"Person": "person", "Account": "username", "Unit": "unit"},
)
TARGETS = Kind(
    name="targets",
    columns=(
        _must("campaign", cells.key),
        _must("phase", cells.whole),
        _must("unit", cells.key),
        Column("assigned", cells.whole),
        Column("registered", cells.whole),
    ),
    key=("campaign", "phase", "unit"),
    form=TargetForm,
    fields=_as_they_are,
    permissions=(Permission.TARGET_ASSIGN, Permission.TARGET_REGISTER),
    enter=_targets,
    rows=files.targets,
    names={"Campaign": "campaign", "Phase": "phase", "Unit": "unit"},
)
INITIATIVES = Kind(
    name="initiatives",
    columns=(
        Column("number", told=True),
        Column("state", told=True),
        _must("campaign", cells.key),
        Column("phase", told=True),
        Column("unit", cells.key),
        _must("title"),
        _must("summary"),
        _must("content"),
        _must("solution_type", cells.one_of(SolutionType)),
        Column("field"),
        Column("sector", cells.one_of(Sector)),
        _must("applied_on", cells.day),
        Column("confidential", cells.yes_or_no),
        *(Column(f"claimed_{year}", cells.whole) for year in (1, 2, 3)),
        Column("other_benefit"),
        Column("authors", cells.shares),
        *(Column(name, told=True) for name in ("submitted_at", "recognised_at", "confirmed_at")),
        *(Column(f"verified_{year}", told=True) for year in (1, 2, 3)),
    ),
    key=(),
    form=DraftInitiativeInput,
    fields=_initiative,
    permissions=(Permission.INITIATIVE_OWN, Permission.INITIATIVE_WRITE),
    enter=_drafts,
    rows=files.initiatives,
    names={"Campaign": "campaign", "Unit": "unit"},
)
KINDS = {kind.name: kind for kind in (UNITS, PEOPLE, ACCOUNTS, TARGETS, INITIATIVES)}
