"""Values for arguments: from the world, close to it, and unrelated to it."""

import base64
import random
from datetime import date, datetime, timedelta, timezone
from typing import Any

from graphql import is_list_type, is_non_null_type

from db.rules.text import fold
from schema.compiler.arguments import LONGEST_SEARCH, SHORTEST_SEARCH
from tests.oracle.seen import TABLES
from tests.oracle.totals import benefit, local_day
from tests.oracle.works import BILLION
from tests.oracle.world import World, key_of

_LOCAL = timezone(timedelta(hours=7))
_SEARCHED = (
    *(("initiative", "title"), ("unit", "name"), ("unit", "code")),
    *(("person", "name"), ("person", "code")),
)
_NASTY_TEXTS = ("'; drop table unit; --", "abc%", "$123", "___d1\u0301e")
NASTY = ("", "'; drop table unit; --", "\\", "%", "_", "$1", "🚲", "Ω\u0301", "đ", '"', "\u2028")


class Values:
    """Draws values for arguments by their names and types."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self._world = world
        self._rng = rng

    def page(self) -> dict[str, Any]:
        """Return Relay's arguments for a page, without cursors."""
        size = self._rng.choice((0, 1, 1, 2, 3, 5, 100))
        return self._rng.choice(({}, {"first": size}, {"first": size}, {"last": size}))

    def of(self, type_: Any, name: str) -> Any:
        """Return a value of a type for a named argument, as JSON."""
        if is_non_null_type(type_):
            return self._present(type_.of_type, name)
        return None if self._rng.random() < 0.1 else self._present(type_, name)

    def filter(self, type_: Any) -> dict[str, Any]:
        """Return a filter with one or two fields, none of them null."""
        names = self._rng.sample(list(type_.fields), self._rng.choice((1, 1, 2)))
        return {name: self._present(_nullable(type_.fields[name].type), name) for name in names}

    def _present(self, type_: Any, name: str) -> Any:
        if is_list_type(type_):
            return [self.of(type_.of_type, name) for _ in range(self._rng.randint(0, 4))]
        if hasattr(type_, "fields"):
            return self._input(type_)
        if hasattr(type_, "values"):
            return self._rng.choice(list(type_.values))
        if type_.name == "Boolean":
            return self._rng.random() < 0.5
        if type_.name == "Date":
            return self._day(name).isoformat()
        if type_.name == "DateTime":
            return self._moment()
        if type_.name == "VND":
            return self._amount()
        if type_.name == "Int":
            return self._rng.choice(
                (0, 1, 1, 1, 2, 2, 3, 2**31 - 1) if name == "phase" else (0, 1, 3)
            )
        return self._id(name) if type_.name == "ID" else self._text(name)

    def _day(self, name: str) -> date:
        """Return a day of an initiative where possible, as filters include both ends."""
        row = self._row("initiative")
        day = self._world.today - timedelta(days=self._rng.randrange(60))
        if row is not None and self._rng.random() < 0.8:
            submitted = name.startswith("submitted") and row.submitted_at
            day = local_day(row.submitted_at) if submitted else row.applied_on
        return day

    def _moment(self) -> str:
        moment: datetime = self._row("audit_event").at
        written = self._rng.choice((moment, moment.astimezone(_LOCAL)))
        return (written + timedelta(microseconds=self._rng.choice((-1, 0, 0, 1)))).isoformat()

    def _amount(self) -> int:
        row = self._row("initiative")
        if row is not None and self._rng.random() < 0.6:
            return benefit(row)
        return self._rng.choice((0, 1, 2**31, 20 * BILLION, 2**63 - 1, -1))

    def _input(self, type_: Any) -> dict[str, Any]:
        names = list(type_.fields)
        needed = [n for n in names if is_non_null_type(type_.fields[n].type) and n != "direction"]
        chosen = self._rng.sample(names, min(len(names), self._rng.choice((0, 1, 1, 1, 2, 3))))
        return {n: self.of(type_.fields[n].type, n) for n in dict.fromkeys([*needed, *chosen])}

    def _row(self, table: str) -> Any:
        rows = self._world.rows[table]
        return self._rng.choice(rows) if rows else None

    def _text(self, name: str) -> str:
        table, column = {
            "Unit.code": ("unit", "code"),
            "Campaign.code": ("campaign", "code"),
            "Person.code": ("person", "code"),
            "under": ("unit", "code"),
            "bloc": ("emulation_bloc", "code"),
            "campaign": ("campaign", "code"),
            "number": ("initiative", "number"),
            "actor": ("account", "username"),
            "unit": ("unit", "code"),
            "action": ("audit_event", "action"),
            "objectType": ("audit_event", "object_type"),
            "text": self._rng.choice(_SEARCHED),
        }[name]
        row = self._row(table)
        if row is None or self._rng.random() < 0.1:
            return self._rng.choice(NASTY if name != "text" else _NASTY_TEXTS)
        value: str = getattr(row, column) or ""
        if name == "text":
            if not _is_searchable(value):
                return self._rng.choice(_NASTY_TEXTS)
            at = self._rng.choice((0, value.rfind(" ") + 1, self._rng.randrange(len(value))))
            cut = value[at : at + self._rng.randint(1, 9)]
            text = cut if _is_searchable(cut) else value[:LONGEST_SEARCH]
            return self._rng.choice((text, text.upper(), text.lower()))
        return value

    def _id(self, name: str) -> str:
        if self._rng.random() < 0.15:
            odd = (
                "Unit:x",
                "Unit:99",
                "Nope:1",
                "Person:-1",
                "Unit:1 ",
                f"Unit:{2**63}",
                "Unit:²",
                "",
            )
            text = self._rng.choice(odd)
            return self._rng.choice((text, base64.b64encode(text.encode()).decode()))
        kind = "Person" if name == "author" else self._rng.choice(list(TABLES))
        if name == "object":
            kind = self._rng.choice(("Unit", "Initiative", "Person", "Grant"))
            return base64.b64encode(f"{kind}:{self._rng.choice((1, 2))}".encode()).decode()
        row = self._row(TABLES[kind])
        return base64.b64encode(f"{kind}:{key_of(row) if row else 1}".encode()).decode()


def _nullable(type_: Any) -> Any:
    return type_.of_type if is_non_null_type(type_) else type_


def _is_searchable(text: str) -> bool:
    return sum(map(str.isalnum, fold(text))) >= SHORTEST_SEARCH
