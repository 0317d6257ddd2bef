"""Runs queries on the server, and normalises the answers of both sides."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from auth.principal import Principals
from db.sessions import Reader
from db.url import READER, with_role
from schema.build import SCHEMA
from schema.compiler.limits import Limits
from schema.compiler.plan import Compiler
from tests.oracle.world import World

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d")
_WIDE = Limits(
    bytes=10**6,
    tokens=10**5,
    depth=99,
    root_fields=99,
    aliases=999,
    rows=10**9,
    objects=10**6,
    spreads=999,
    definitions=999,
    fields=10**6,
    unfolded_fields=10**6,
    pairs=10**6,
    arguments=10**6,
    values=10**6,
    variables=999,
)


class Compiled:
    """Answers questions by compiled statements, with sessions for each caller."""

    def __init__(self, reader: Reader, world: World, limits: Limits = _WIDE) -> None:
        self.reader = reader
        self.compiler = Compiler(SCHEMA._schema, limits)
        self.principals = Principals(reader, world.today)

    @classmethod
    async def connect(cls, url: str, world: World) -> "Compiled":
        """Open sessions of the reader to a world's database, given its owner's URL."""
        reader = Reader(with_role(url, READER), size=2, anonymous_ms=60_000)
        return cls(reader, world)

    async def close(self) -> None:
        """Close its sessions."""
        await self.reader.close()

    async def bytes(
        self,
        username: str | None,
        query: str,
        variables: Mapping[str, Any],
        name: str | None = None,
    ) -> bytes:
        """Return the answer's data as it would be sent. Raises RefusedError."""
        operation = self.compiler.operation(query, name)
        coerced = self.compiler.variables(operation, variables)
        plan = self.compiler.plan(operation, coerced)
        principal = await self.principals.of(username)
        return await self.reader.fetch_json(principal.caller, plan.sql, plan.values(coerced))


def canonical(answer: Any) -> str:
    """Return an answer as text, the same for different forms of numbers and moments."""
    return json.dumps(_same(answer), ensure_ascii=False, indent=1)


def parsed(data: bytes) -> Any:
    """Parse an answer with exact numbers."""
    return json.loads(data, parse_float=Decimal)


def _same(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _same(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_same(part) for part in value]
    if isinstance(value, float | Decimal):
        exact = Decimal(str(value))
        return int(exact) if exact == exact.to_integral_value() else f"number {exact.normalize()}"
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return datetime.fromisoformat(value).astimezone(UTC).isoformat()
    return value
