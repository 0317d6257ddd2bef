"""Queries on the demo's database, and their rejections."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import orjson

from auth.principal import Principals
from db.sessions import Reader
from db.url import READER, with_role
from schema.build import SCHEMA
from schema.compiler.limits import Limits
from schema.compiler.plan import Compiler, RefusedError

TODAY = date(2022, 10, 21)
ADMIN = "confed-admin"


class Asker:
    """Runs queries on the demo's database."""

    def __init__(self, url: str) -> None:
        self.compiler = Compiler(SCHEMA._schema)
        self.reader = Reader(with_role(url, READER), size=1)
        self.principals = Principals(self.reader, TODAY)

    async def __call__(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        *,
        by: str | None = ADMIN,
        name: str | None = None,
    ) -> Any:
        """Return the data of a query."""
        operation = self.compiler.operation(query, name)
        coerced = self.compiler.variables(operation, variables or {})
        plan = self.compiler.plan(operation, coerced)
        caller = (await self.principals.of(by)).caller
        return orjson.loads(await self.reader.fetch_json(caller, plan.sql, plan.values(coerced)))


@asynccontextmanager
async def asking(url: str) -> AsyncIterator[Asker]:
    """Open a session, and close it."""
    asker = Asker(url)
    yield asker
    await asker.reader.close()


def sql_of(query: str, variables: dict[str, Any] | None = None) -> tuple[str, list[Any]]:
    """Return the statement of a query, and the values of its parameters."""
    compiler = Compiler(SCHEMA._schema)
    operation = compiler.operation(query, None)
    coerced = compiler.variables(operation, variables or {})
    plan = compiler.plan(operation, coerced)
    return plan.sql, plan.values(coerced)


def refusal(query: str, variables: dict[str, Any] | None = None, **limits: int) -> Any:
    """Return the first error of a rejected operation."""
    compiler = Compiler(SCHEMA._schema, Limits(**limits))
    try:
        operation = compiler.operation(query, None)
        coerced = compiler.variables(operation, variables or {})
        compiler.plan(operation, coerced).values(coerced)
    except RefusedError as refused:
        return refused.errors[0]
    raise AssertionError(f"not refused: {query}")


def global_id(text: str) -> str:
    """Return a text in base64."""
    return base64.b64encode(text.encode()).decode()
