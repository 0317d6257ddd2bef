"""Compare a database's objects with those that this version's migrations create.

`expected.txt` has a line for each object, with a digest of its definition; `python -m
tests.catalogue` writes it from a fresh migration. Definitions are the same text on PostgreSQL 15
and 18.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from db.roles import Roles
from db.rules.described import DescribedEnum

_FOLDER = Path(__file__).parent
EXPECTED = _FOLDER / "expected.txt"
_NAME = re.compile(r"(?<!:):(reader|writer|owner)\b")
_OWNER = "owner of "


class CatalogueFault(DescribedEnum):
    """How a database object differs from what this version of the server expects."""

    MISSING = "MISSING", "The object is expected and does not exist."
    CHANGED = "CHANGED", "The object exists with another definition."
    UNEXPECTED = "UNEXPECTED", "The object exists and is not expected."
    DISABLED = "DISABLED", "A trigger exists and is disabled."
    OWNER = "OWNER", "Another database role owns the object."


class Thing(NamedTuple):
    """A database object: its kind, such as "trigger", and its name, such as "unit.audited"."""

    kind: str
    name: str


@dataclass(frozen=True)
class Departure:
    """An object that differs from the expected one; `detail` is the other owner."""

    kind: str
    name: str
    fault: CatalogueFault
    detail: str = ""

    def __str__(self) -> str:
        """Describe the difference in one line."""
        owned = f"is owned by {self.detail}"
        fault = owned if self.fault is CatalogueFault.OWNER else self.fault.lower()
        return f"{self.kind} {self.name}: {fault}"


@dataclass(frozen=True)
class CatalogueReport:
    """The number of objects compared, by kind, and the differences."""

    compared: Mapping[str, int]
    departures: list[Departure]


def query(reader: str, writer: str, owner: str) -> str:
    """Return the query of all objects, given SQL expressions for the names of the roles."""
    names = {"reader": reader, "writer": writer, "owner": owner}
    return _NAME.sub(lambda found: names[found[1]], (_FOLDER / "objects.sql").read_text("utf-8"))


def objects(connection: Connection[TupleRow], roles: Roles) -> dict[Thing, str]:
    """Return the definitions of all objects; the connection's role must own them."""
    reader, writer = (sql.Literal(name).as_string() for name in (roles.reader, roles.writer))
    text = query(reader, writer, "current_user")
    with connection.transaction():
        connection.execute("set local search_path = public")
        found = connection.execute(text.encode()).fetchall()
    return {Thing(kind, name): definition for kind, name, definition in found}


def digest(definition: str) -> str:
    """Return the digest that represents a definition in `expected.txt`."""
    return hashlib.md5(definition.encode(), usedforsecurity=False).hexdigest()[:16]


def written(found: Mapping[Thing, str]) -> str:
    """Return the text of `expected.txt` for these objects; it leaves their owners out."""
    lines = (
        f"{kind}\t{name}\t{digest(definition)}"
        for (kind, name), definition in found.items()
        if not kind.startswith(_OWNER)
    )
    return "".join(f"{line}\n" for line in sorted(lines))


def expected() -> dict[Thing, str]:
    """Return the digests of the objects that this version creates."""
    lines = (line.split("\t") for line in EXPECTED.read_text("utf-8").splitlines())
    return {Thing(kind, name): digested for kind, name, digested in lines}


def verify_catalogue(connection: Connection[TupleRow], roles: Roles) -> CatalogueReport:
    """Compare the database's objects with the expected ones, connected as the owner role."""
    found, wanted = objects(connection, roles), expected()
    departures = [
        Departure(kind.removeprefix(_OWNER), name, CatalogueFault.OWNER, owner)
        for (kind, name), owner in found.items()
        if kind.startswith(_OWNER) and owner != "owner"
    ]
    there = {thing: text for thing, text in found.items() if not thing.kind.startswith(_OWNER)}
    departures += [
        Departure(*thing, CatalogueFault.MISSING) for thing in wanted if thing not in there
    ]
    departures += [
        Departure(*thing, _fault(text, expected=thing in wanted))
        for thing, text in there.items()
        if wanted.get(thing) != digest(text)
    ]
    compared = Counter(thing.kind for thing in wanted | there)
    return CatalogueReport(compared, sorted(departures, key=str))


def _fault(definition: str, *, expected: bool) -> CatalogueFault:
    """Return how an existing object differs."""
    if definition.endswith("disabled"):
        return CatalogueFault.DISABLED
    return CatalogueFault.CHANGED if expected else CatalogueFault.UNEXPECTED
