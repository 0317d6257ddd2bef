"""Units from files: create those that do not exist, change those that do."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from db.commands.entering import each
from db.commands.units import NewUnit, create_all, update
from db.rules.errors import DomainError, InvalidInputError, Problem
from db.write_session import WriteSession

_FIXED = ("level", "parent", "valid_from", "closed_on")
_KNOWN = """
    select u.id, u.code, u.name, u.member_count, b.code as bloc,
        u.level, above.code as parent, u.valid_from, u.valid_to as closed_on
    from unit u left join unit above on above.id = u.parent_id
    left join emulation_bloc b on b.id = u.bloc_id
    where u.code = any ($1)
"""
Unit = Mapping[str, Any]


async def enter(
    session: WriteSession, units: Sequence[Unit], reason: str | None = None
) -> list[DomainError | None]:
    """Create units, or change the name, members and bloc of existing ones; each code occurs once.

    Parent, level, dates and closing change by moving and closing a unit: such a value must equal
    the stored one. Fields that are not given stay. Returns an error or None for each; an error
    does not stop the others.
    """
    rows = await session.rows(_KNOWN, [unit["code"] for unit in units])
    known = {row["code"]: row for row in rows}
    changes = {
        unit["code"]: partial(_change, session, known[unit["code"]], unit, reason)
        for unit in units
        if unit["code"] in known
    }
    refused = dict(zip(changes, await each(session, list(changes.values())), strict=True))
    new = {unit["code"]: unit for unit in units if unit["code"] not in known}
    while new:
        # Units whose parent exists. If none, parents are missing; try all, so each reports it.
        some = [unit for unit in new.values() if unit["parent"] not in new] or [*new.values()]
        refused |= await _plant(session, some, reason)
        for unit in some:
            del new[unit["code"]]
    return [refused[unit["code"]] for unit in units]


async def _change(session: WriteSession, known: Any, unit: Unit, reason: str | None) -> None:
    _check_fixed(unit, known)
    changes = {
        name: value for name, value in unit.items() if name not in _FIXED and value != known[name]
    }
    if changes:
        await update(session, unit=unit["code"], reason=reason, **changes)


async def _plant(
    session: WriteSession, units: Sequence[Unit], reason: str | None
) -> dict[str, DomainError | None]:
    refused: dict[str, DomainError | None] = {}
    ready = []
    for unit in units:
        given = {"bloc": None, "valid_from": None, **unit}
        try:
            _check_fixed({"closed_on": given.pop("closed_on", None)}, {"closed_on": None})
            if given["parent"] is None:
                raise InvalidInputError(Problem(("parent",), "BLANK"))
        except DomainError as error:
            refused[unit["code"]] = error
        else:
            ready.append(NewUnit(**given))
    planted = await create_all(session, ready, reason)
    for new, outcome in zip(ready, planted, strict=True):
        refused[new.code] = outcome if isinstance(outcome, DomainError) else None
    return refused


def _check_fixed(given: Unit, known: Any) -> None:
    problems = [
        Problem((name,), "FIXED") for name in _FIXED if name in given and given[name] != known[name]
    ]
    if problems:
        raise InvalidInputError(*problems)
