"""Stream rows: a read of any length, by a server-side cursor, bound to a caller."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
from sqlalchemy import Select
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect

from db.sessions import Caller, translated
from db.transactions import UNHURRIED

_DIALECT = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call]
_AT_ONCE = 2_000  # rows per fetch
# The reader's own limit is for requests that a person waits for.
_PATIENCE = f"set local statement_timeout = '{UNHURRIED}s'"


async def stream(
    url: str, caller: Caller, statement: Select[Any]
) -> AsyncIterator[Sequence[asyncpg.Record]]:
    """Yield the rows that `caller` sees, in batches; `url` is that of the reader role.

    All rows are of one snapshot. Raises GrantsChangedError, TooSlowError, UnavailableError.
    """
    compiled = statement.compile(dialect=_DIALECT)
    values = [compiled.params[name] for name in compiled.positiontup or ()]
    bound, parameters = caller.reading.bind_all("select true")
    try:
        connection = await asyncpg.connect(url, timeout=5)
        try:
            async with connection.transaction(readonly=True):
                await connection.execute(_PATIENCE)
                await connection.fetchval(bound, *parameters)
                cursor = await connection.cursor(str(compiled), *values)
                while rows := await cursor.fetch(_AT_ONCE):
                    yield rows
        finally:
            connection.terminate()
    except Exception as error:
        meant = translated(error)
        if meant is error:
            raise
        raise meant from error
