"""Writes: transactions of the writer role, bound to a caller, that commands run in.

A command is given a `WriteSession`, commits nothing itself, and is carried out whole or not at
all. It runs again where the database broke off a deadlock.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Generic, TypeVar

import asyncpg
import orjson

from db.announcing import Announcer
from db.constraints import violated
from db.outages import CommitUnknownError, NotReadBackError, UnavailableError, cause, is_outage
from db.rules.errors import DomainError, ForbiddenError, NotFoundError
from db.sessions import (
    Binding,
    Caller,
    GrantsChangedError,
    TooSlowError,
    discarded,
    read,
    take_json_as_bytes,
    translated,
    translating,
)

T = TypeVar("T")
_LOG = logging.getLogger("sangkien.writes")
_TRIES = 4
_MOMENT = "select row(today(), present())"
_ATTEMPT = ("sangkien.action", "sangkien.address", "sangkien.reason")
_REASON = "select set_config('sangkien.reason', $1, true)"
_NOTE = "select audit_note($1, $2, $3, $4, $5)"
_MOST_REFUSED = 20  # refused parts of one command that have an event each
SECONDS = 30
"""How long a statement may take, as db/sql/roles.sql says."""
UNHURRIED = 600
"""How long one may take that rewrites what a large part of the tree has."""
_SEAL = "set constraints audit_seal immediate; set constraints audit_seal deferred"
_REFUSALS = (asyncpg.IntegrityConstraintViolationError, asyncpg.InsufficientPrivilegeError)


@dataclass(frozen=True)
class Attempt:
    """What the audit log says of a transaction: what was asked, from where, and why."""

    action: str
    address: str | None = None
    reason: str | None = None


class WriteSession:
    """One transaction, in which a command reads and writes what row-level security lets it.

    `today` is the day in Asia/Ho_Chi_Minh and `present` the moment, both of its beginning.
    """

    def __init__(
        self, connection: asyncpg.Connection, caller: Caller, today: date, present: datetime
    ) -> None:
        """Take a connection whose transaction is bound to the caller."""
        self._connection = connection
        self.caller = caller
        self.today = today
        self.present = present
        self._refused = 0

    async def row(self, sql: str, *values: Any) -> asyncpg.Record | None:
        """Return the first row of a statement, None where there is none."""
        return await self._connection.fetchrow(sql, *values)

    async def rows(self, sql: str, *values: Any) -> Sequence[asyncpg.Record]:
        """Return all rows of a statement."""
        rows: Sequence[asyncpg.Record] = await self._connection.fetch(sql, *values)
        return rows

    async def value(self, sql: str, *values: Any) -> Any:
        """Return the first column of the first row."""
        return await self._connection.fetchval(sql, *values)

    async def execute(self, sql: str, *values: Any) -> int:
        """Run a statement and return how many rows it touched."""
        status: str = await self._connection.execute(sql, *values)
        return int(status.rpartition(" ")[2])

    async def found(self, what: str, key: str, sql: str, *values: Any) -> asyncpg.Record:
        """Return the row of what the caller named. Raises NotFoundError where it sees none."""
        row = await self.row(sql, *values)
        if row is None:
            raise NotFoundError(what, key)
        return row

    def require(self, permission: str, unit: asyncpg.Record) -> None:
        """Insist on a permission at a unit (its id, code and path). Raises ForbiddenError."""
        if not self.caller.may(permission, unit["path"]):
            raise ForbiddenError(permission.upper(), unit["code"], unit_id=unit["id"])

    async def give_reason(self, reason: str | None) -> None:
        """Let the audit log say from here on why something is changed."""
        await self.execute(_REASON, reason or "")

    async def note_refusal(self, unit_id: int | None, after: dict[str, Any]) -> None:
        """Note in the audit log that one of several things asked for was refused; few of many."""
        self._refused += 1
        if self._refused <= _MOST_REFUSED:
            await self.execute(_NOTE, "REFUSED", None, None, unit_id, after)

    async def sum_up_refused(self) -> None:
        """Note how many more things were refused, if there were more than are noted one by one."""
        more = self._refused - _MOST_REFUSED
        if more > 0:
            await self.give_reason(None)
            after = {"code": "MORE_REFUSED", "count": more}
            await self.execute(_NOTE, "REFUSED", "Account", self.caller.account_id, None, after)

    async def note(self, unit_id: int | None, after: dict[str, Any]) -> None:
        """Note in the audit log what the changes of this transaction were part of."""
        await self.execute(_NOTE, "NOTED", None, None, unit_id, after)

    async def seal(self) -> None:
        """Bring the chain of the audit log up to its last event, which a commit does else.

        After ten thousands of events it would take the commit longer than a statement may.
        """
        await self._connection.execute(_SEAL)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo what is done within where it raises, and go on. Raises DomainError where it can."""
        # Not asyncpg's own, which knows nothing of a transaction that a plain statement began.
        await self._connection.execute("savepoint within")
        try:
            yield
        except (asyncpg.PostgresError, DomainError) as error:
            await self._connection.execute("rollback to savepoint within; release savepoint within")
            raise _meant(error) from error
        await self._connection.execute("release savepoint within")


Command = Callable[[WriteSession], Awaitable[T]]
Payload = Callable[[T], tuple[str, Sequence[Any]]]
"""Returns the statement, and its parameters, that reads what a command's outcome leads to."""


@dataclass(frozen=True)
class Written(Generic[T]):
    """What a command returned, committed, and the JSON text of its payload.

    The payload is None where the caller's grants are others than before: it is to be read as the
    caller that they make.
    """

    outcome: T
    payload: bytes | None


class Writer:
    """Opens write sessions."""

    def __init__(self, url: str, *, size: int = 8) -> None:
        """Take the URL of the writer role and how many connections there may be at most."""
        self._url = url
        self._size = size

    async def open(self) -> None:
        """Make the pool; connections follow on demand, so the database may still be down."""
        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=self._size,
            timeout=5,
            # For a network that is silent; the server ends a statement by itself, sooner.
            command_timeout=UNHURRIED + 10,
            statement_cache_size=512,
            max_cached_statement_lifetime=0,
            max_cacheable_statement_size=1 << 18,
            init=_take_json,
            reset=_nothing_to_reset,
        )
        self._announcer = Announcer(self._pool)

    async def close(self) -> None:
        """Close every connection."""
        await self._announcer.close()
        await self._pool.close()

    async def run(
        self, caller: Caller, attempt: Attempt, command: Command[T], seconds: int = SECONDS
    ) -> T:
        """Carry out a command as `caller` and return what it returns, committed.

        Each of its statements may take so many `seconds`. Raises DomainError,
        GrantsChangedError, TooSlowError, UnavailableError; then nothing was written, which only a
        CommitUnknownError leaves open. A read-only caller is forbidden all of it.
        """
        return (await self._run(caller, attempt, command, seconds)).outcome

    async def run_and_read(
        self,
        caller: Caller,
        attempt: Attempt,
        command: Command[T],
        payload: Payload[T],
        seconds: int = SECONDS,
    ) -> Written[T]:
        """Carry out a command as `run` does, and read its payload as `caller` reads.

        It is read after the commit, by the same connection: a reader may be at a standby, which
        does not have the write yet. Raises NotReadBackError where that fails, besides.
        """
        return await self._run(caller, attempt, command, seconds, payload)

    async def read(self, caller: Caller, sql: str, values: Sequence[Any]) -> bytes:
        """Read as `caller` reads, from where the writes are.

        Raises GrantsChangedError, TooSlowError, UnavailableError.
        """
        with translating():
            async with self._pool.acquire(timeout=10) as connection:
                return await read(connection, caller, sql, values)

    async def _run(
        self,
        caller: Caller,
        attempt: Attempt,
        command: Command[T],
        seconds: int,
        payload: Payload[T] | None = None,
    ) -> Written[T]:
        if caller.writing is None:
            raise ForbiddenError(code="READ_ONLY")
        for left in reversed(range(_TRIES)):
            try:
                async with self._pool.acquire(timeout=10) as connection:
                    begun = _begun(caller.writing, attempt)
                    result = await _write(connection, caller, begun, command, seconds)
                    self._announcer.tell()
                    answer = await _read_back(connection, caller, payload, result)
            except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError) as error:
                if not left:
                    raise UnavailableError(str(error)) from error
            except _REFUSALS as error:
                raise _meant(error) from error
            except Exception as error:
                meant = translated(error)
                if meant is error:
                    raise
                raise meant from error
            else:
                if isinstance(answer, Exception):
                    raise answer
                return Written(result, answer)
        raise AssertionError  # pragma: no cover - the last try returns or raises

    async def note(
        self,
        caller: Caller,
        attempt: Attempt,
        kind: str,
        *,
        unit_id: int | None = None,
        account_id: int | None = None,
        after: dict[str, Any] | None = None,
        outdated: bool = False,
    ) -> None:
        """Note in the audit log what changed no row: a refused attempt, or an export.

        It is about the account `account_id`, if given. With `outdated` whatever has become of the
        caller's grants: it is who asked. It takes no permission, so a read-only caller's is noted
        too. Raises GrantsChangedError where it is not outdated, and UnavailableError.
        """

        async def append(session: WriteSession) -> None:
            what = None if account_id is None else "Account"
            await session.execute(_NOTE, kind, what, account_id, unit_id, after)

        version = None if outdated else caller.grants_version
        bare = replace(caller, grants_version=version, writes={}, read_only=False)
        await self.run(bare, attempt, append)


async def _write(
    connection: "asyncpg.pool.PoolConnectionProxy",
    caller: Caller,
    begun: tuple[str, list[Any]],
    command: Command[T],
    seconds: int,
) -> T:
    statement, parameters = begun
    try:
        await connection.execute("begin read write")
        today, present = await connection.fetchval(statement, *parameters)
        if seconds != SECONDS:
            await connection.execute(f"set local statement_timeout = '{seconds}s'")
        session = WriteSession(connection, caller, today, present)
        result = await command(session)
        await session.sum_up_refused()
        await _commit(connection)
    except (asyncpg.PostgresError, DomainError):
        await _roll_back(connection)
        raise
    except (Exception, asyncio.CancelledError) as error:
        # Its state is unknown: better a new connection than one with a caller still bound.
        lost = discarded(connection)
        if lost and isinstance(error, Exception) and not isinstance(error, UnavailableError):
            raise UnavailableError(cause(error)) from error
        raise
    return result


async def _commit(connection: "asyncpg.pool.PoolConnectionProxy") -> None:
    try:
        await connection.execute("commit")
    except Exception as error:
        if is_outage(error):
            raise CommitUnknownError(cause(error)) from error
        raise


async def _roll_back(connection: "asyncpg.pool.PoolConnectionProxy") -> None:
    """Roll back; where even that fails, the error that led here is the one to raise."""
    try:
        await connection.execute("rollback")
    except Exception:  # noqa: BLE001 - whatever it is, the connection is of no more use
        discarded(connection)


async def _read_back(
    connection: "asyncpg.pool.PoolConnectionProxy",
    caller: Caller,
    payload: Payload[T] | None,
    outcome: T,
) -> bytes | Exception | None:
    """Return a committed command's payload, or what is to be raised instead of it."""
    if payload is None:
        return None
    try:
        return await read(connection, caller, *payload(outcome))
    except Exception as error:  # noqa: BLE001 - none of it may look as if the command had failed
        meant = translated(error)
        if isinstance(meant, GrantsChangedError):
            return None
        if isinstance(meant, UnavailableError | TooSlowError):
            return NotReadBackError(cause(error))
        return meant


def _begun(binding: Binding, attempt: Attempt) -> tuple[str, list[Any]]:
    """Return the statement that binds a transaction once it has begun, and its parameters."""
    said = attempt.action, attempt.address or "", attempt.reason or ""
    whole = Binding((*binding.names, *_ATTEMPT), (*binding.values, *said), binding.checked)
    return whole.bind_all(_MOMENT)


def _meant(error: Exception) -> Exception:
    """Return what a refusal of the database means to a caller; the error itself where nothing."""
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        return violated(error.constraint_name) or error
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        # Row-level security refused what no guard of a command did.
        _LOG.warning("refused by the database: %s", error)
        return ForbiddenError()
    return error


async def _take_json(connection: asyncpg.Connection) -> None:
    await take_json_as_bytes(connection)
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: orjson.dumps(value).decode(),
        decoder=orjson.loads,
    )


async def _nothing_to_reset(_: asyncpg.Connection) -> None:
    """Every setting ended with its transaction; the usual reset would cost a round trip."""
