"""Helpers for tests of mutations: requests, database reads, and writes past the guards."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row

from api.settings import DEMO_TODAY
from auth.principal import Principals
from db.sessions import Reader
from db.transactions import Attempt, Command, Writer
from db.url import READER, WRITER, with_role
from db.verify import verify
from tests.client import Client

ERRORS = """... on Error { __typename code message }
    ... on NotFound { what key }
    ... on Forbidden { permission unitCode }
    ... on Conflict { version field }
    ... on InvalidInput { problems { path code limit } }"""


async def ask(http: Client, document: str, username: str | None, /, **fields: Any) -> Any:
    """Return the result of a mutation of one field for this input."""
    data = await http.data(document, username, variables={"input": fields})
    return next(iter(data.values()))


def rows(url: str, query: str, *values: Any) -> list[dict[str, Any]]:
    """Return rows as the owner sees them."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return connection.execute(query.encode(), values).fetchall()


def value(url: str, query: str, *values: Any) -> Any:
    """Return the first column of the first row, as the owner sees it."""
    (row, *_) = rows(url, query, *values)
    return next(iter(row.values()))


def change(url: str, statement: str, *values: Any) -> None:
    """Change rows as the owner."""
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode(), values)


def differing(url: str) -> int:
    """Return the number of counters that `sangkien verify` reports."""
    with psycopg.connect(url) as connection:
        return verify(connection).differing


@asynccontextmanager
async def writing(url: str) -> AsyncIterator["Unguarded"]:
    """Return writer sessions for commands without the guards of the mutations."""
    reader, writer = Reader(with_role(url, READER), size=1), Writer(with_role(url, WRITER), size=2)
    try:
        yield Unguarded(Principals(reader, DEMO_TODAY), writer)
    finally:
        await writer.close()
        await reader.close()


class Unguarded:
    """Runs commands as accounts, with only the database to reject them."""

    def __init__(self, principals: Principals, writer: Writer) -> None:
        self._principals, self._writer = principals, writer

    async def run(self, username: str | None, command: Command[Any]) -> Any:
        """Run a command as an account."""
        caller = (await self._principals.of(username)).caller
        return await self._writer.run(caller, Attempt("test"), command)

    async def execute(self, username: str | None, statement: str, *values: Any) -> int:
        """Run one statement as an account and return the number of rows it affected."""
        touched: int = await self.run(username, lambda s: s.execute(statement, *values))
        return touched
