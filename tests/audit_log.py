"""Helpers for tests of the audit log, and a chain of six events to tamper with."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import dict_row

from db.verify_audit import verify_audit

CHAIN = 7
NAME = "update emulation_bloc set name = %s where id = %s"


def bloc(connection: Connection, key: int) -> None:
    """Create a row whose event is the only one about it."""
    connection.execute(
        "insert into emulation_bloc (id, code, name) values (%s, %s, 'Khối')", [key, f"B{key}"]
    )


@contextmanager
def unguarded(url: str) -> Iterator[Connection]:
    """A log of one chain with six events, with the triggers that protect it removed."""
    with psycopg.connect(url) as connection:
        connection.execute("select set_config('sangkien.audit_at', '7', false)")
        connection.commit()
        bloc(connection, 1)
        connection.commit()
        for number in range(5):
            connection.execute("select set_config('sangkien.reason', 'vì thế', true)")
            connection.execute(NAME, [f"Khối {number}", 1])
            connection.commit()
        assert chained(connection) == [1, 2, 3, 4, 5, 6]
        for table in ("audit_event", "audit_head"):
            connection.execute(f"alter table {table} disable trigger user")
        connection.commit()
        yield connection
        connection.rollback()


def chained(connection: Connection) -> list[int]:
    """Return the sequence numbers of the chain's events."""
    rows = connection.execute(
        "select sequence from audit_event where shard = %s order by sequence", [CHAIN]
    )
    return [sequence for (sequence,) in rows]


def event(connection: Connection, sequence: int) -> int:
    """Return the id of the chain's event with this number."""
    row = connection.execute(
        "select id from audit_event where shard = %s and sequence = %s", [CHAIN, sequence]
    ).fetchone()
    assert row is not None
    return int(row[0])


def faults(connection: Connection) -> list[str]:
    """Return the faults that verification finds, as they are printed."""
    report = verify_audit(connection)
    assert report.faulty == len(report.faults)
    return [str(fault) for fault in report.faults]


def events(url: str, condition: str = "true", *values: Any) -> list[dict[str, Any]]:
    """Return the events of a log that match a condition, in order, each with its actor."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return connection.execute(
            "select * from (select e.*, a.username, u.code as unit from audit_event e"
            " left join account a on a.id = account_id left join unit u on u.id = unit_id)"
            f" as event where {condition} order by id".encode(),
            values,
        ).fetchall()
