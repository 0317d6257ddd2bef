"""Load in bulk with one event in the audit log, not one for each row."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg import Connection, sql
from psycopg.types.json import Jsonb

_NOTE = """
    select set_config('sangkien.action', %s, true), audit_note('NOTED', null, null, null, %s)
"""


@contextmanager
def unaudited(
    connection: Connection[Any], tables: Sequence[str], action: str, facts: dict[str, Any]
) -> Iterator[None]:
    """Disable the audit triggers of these tables while the block runs, and record one event.

    Run it as the owner, in a transaction: if the block fails, its rollback enables the triggers.
    """
    for table in tables:
        connection.execute(_toggle(table, "disable"))
    yield
    for table in tables:
        connection.execute(_toggle(table, "enable"))
    connection.execute(_NOTE, (action, Jsonb(facts)))


def _toggle(table: str, how: str) -> sql.Composed:
    return sql.SQL("alter table {} {} trigger audited").format(sql.Identifier(table), sql.SQL(how))
