"""A small world as plain rows by table, and its loading into a database."""

from collections import defaultdict
from datetime import date
from types import SimpleNamespace
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tests.oracle.wording import Wording

# The order in which tables refer to one another.
TABLES = (
    "emulation_bloc",
    "unit",
    "person",
    "membership",
    "account",
    "role_grant",
    "access_token",
    "oauth_client",
    "token_family",
    "campaign",
    "phase",
    "benefit_tier",
    "window_override",
    "drive",
    "target",
    "target_revision",
    "initiative",
    "authorship",
    "review",
    "review_sheet",
    "award",
    "duplicate_link",
    "unit_history",
    "phase_result",
    "adjustment",
    "audit_event",
    "signing_key",
)
Row = SimpleNamespace


def key_of(row: Row) -> int:
    """Return the key in a row's global id."""
    return int(getattr(row, "serial", None) or row.id)


class World:
    """Every row of a world as it was loaded; columns that triggers add are computed."""

    def __init__(self, today: date, wording: Wording) -> None:
        self.today = today
        self.wording = wording
        self.rows: dict[str, list[Row]] = {table: [] for table in TABLES}
        self._by_id: dict[str, dict[Any, Row]] = defaultdict(dict)

    def add(self, table: str, **columns: Any) -> Row:
        """Add a row."""
        row = Row(**columns)
        self.rows[table].append(row)
        if key := columns.get("serial", columns.get("id")):
            self._by_id[table][key] = row
        return row

    def next_id(self, table: str) -> int:
        """Return the id of the next row of a table."""
        return len(self.rows[table]) + 1

    def find(self, table: str, key: Any) -> Row | None:
        """Return the row with this id, or with this serial where global ids contain it."""
        return self._by_id[table].get(key)

    def where(self, table: str, **columns: Any) -> list[Row]:
        """Return the rows with these values."""
        return [
            row
            for row in self.rows[table]
            if all(getattr(row, name) == value for name, value in columns.items())
        ]

    def one(self, table: str, **columns: Any) -> Row | None:
        """Return the one row with these values, or None."""
        found = self.where(table, **columns)
        assert len(found) < 2
        return found[0] if found else None

    def line(self, unit: Row) -> list[Row]:
        """Return the units from the root down to this one."""
        above = self.find("unit", unit.parent_id)
        return [*(self.line(above) if above else ()), unit]

    def below(self, unit: Row, top: Row) -> bool:
        """Return whether a unit is `top` or below it."""
        return any(one is top for one in self.line(unit))

    def unit_of(self, row: Row) -> Row:
        """Return the unit of a row's `unit_id`."""
        unit = self.find("unit", row.unit_id)
        assert unit is not None
        return unit


def _stop_auditing(cursor: psycopg.Cursor[Any]) -> None:
    # The events of a world are rows like others; loading it must leave none of its own.
    cursor.execute("select tgrelid::regclass::text from pg_trigger where tgname = 'audited'")
    for (table,) in cursor.fetchall():
        cursor.execute(f"alter table {table} disable trigger audited".encode())


def _empty_the_log(cursor: psycopg.Cursor[Any]) -> None:
    # Inserted by the migration.
    cursor.execute("alter table audit_event disable trigger user")
    cursor.execute("delete from audit_event")


def load(world: World, url: str) -> None:
    """Load a world into an empty database, as the owner of its tables."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        _stop_auditing(cursor)
        _empty_the_log(cursor)
        # A world has memberships of its own.
        cursor.execute("alter table person disable trigger membership_begun")
        for table in TABLES:
            for row in world.rows[table]:
                columns = vars(row)
                places = ", ".join(["%s"] * len(columns))
                values = [Jsonb(v) if isinstance(v, dict) else v for v in columns.values()]
                cursor.execute(
                    f"insert into {table} ({', '.join(columns)}) values ({places})".encode(),
                    values,
                )
