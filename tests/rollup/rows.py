"""Choices of rows: a random number selects one of the existing rows."""

from collections.abc import Callable
from typing import Any

import psycopg


class Rows:
    """The rows of a database that a history changes."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._run: Callable[..., psycopg.Cursor] = connection.execute
        self._next = 1000

    def _fresh(self) -> int:
        self._next += 1
        return self._next - 1

    def _ids(self, table: str, where: str) -> list[int]:
        rows = self._run(f"select id from {table} where {where} order by id").fetchall()
        return [row[0] for row in rows]

    def _one(self, table: str, choice: int, where: str = "true") -> int:
        ids = self._ids(table, where)
        return ids[choice % len(ids)] if ids else -1

    def _value(self, query: str, values: list[Any]) -> Any:
        row = self._run(query, values).fetchone()
        assert row is not None
        return row[0]
