"""Write transactions of the writer role, bound to a caller, in which commands run.

A command gets a `WriteSession` (db/write_session.py) and does not commit itself; it is carried out
whole or not at all. It is retried after a deadlock.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import asyncpg
import orjson

from db.announcing import Announcer
from db.fairness import CLAIM
from db.outages import cause, is_outage
from db.pool import Link, Pool, Seen, Usage
from db.request_context import Statement
from db.rules.errors import DomainError, ForbiddenError
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
from db.unavailable import CommitUnknownError, LockedError, NotReadBackError, UnavailableError
from db.unit_gate import PATIENCE, CrowdedUnitError, UnitGate
from db.write_session import NOTE, RefusalShare, WriteSession, refusal_of

T = TypeVar("T")
_TRIES = 4
_STAND_STILL = "select lock_tree(alone => false)"  # units cannot move while it is locked
_MOMENT = "select row(today(), present())"
_ATTEMPT = ("sangkien.action", "sangkien.address", "sangkien.reason")
_WAIT = 10.0  # seconds to wait for a connection
LOCK_MS = 2_000
"""Milliseconds that a statement waits for a lock of another transaction."""
SECONDS = 30
"""Statement timeout in seconds, as in db/sql/roles.sql."""
UNHURRIED = 600
"""Statement timeout in seconds for changes of a large part of the tree."""
_REFUSALS = (asyncpg.IntegrityConstraintViolationError, asyncpg.InsufficientPrivilegeError)


@dataclass(frozen=True)
class Attempt:
    """The audit context of a transaction: action, address and reason.

    `refusals` is the caller's share of audit events for rejected parts of the command.
    """

    action: str
    address: str | None = None
    reason: str | None = None
    refusals: RefusalShare | None = None


Command = Callable[[WriteSession], Awaitable[T]]
Fresh = Callable[[], Awaitable[Caller]]
"""Returns the caller with its current role grants."""
Payload = Callable[[T], tuple[str, Sequence[Any]]]
"""Returns the statement, and its parameters, that reads the payload of a command's outcome."""


@dataclass(frozen=True)
class Written(Generic[T]):
    """The outcome of a committed command, and the JSON text of its payload.

    The payload is None if the caller's role grants have changed: then it must be read as the new
    caller.
    """

    outcome: T
    payload: bytes | None


class Writer:
    """Runs commands in write transactions."""

    def __init__(
        self, url: str, *, size: int = 8, pooler: bool = False, lock_ms: int = LOCK_MS
    ) -> None:
        """Set the URL of the writer role and the maximum number of connections.

        With a `pooler` in transaction mode in between, no statement is prepared by name. `lock_ms`
        is the lock timeout of a statement in milliseconds, 0 for none.
        """
        self._pool = Pool(
            url,
            size=size,
            # For a silent network; the server's own statement timeout is shorter.
            command_timeout=UNHURRIED + 10,
            # Commands have a fixed set of statements.
            statement_cache_size=0 if pooler else 512,
            max_cached_statement_lifetime=0,
            init=_take_json,
            seen=None if pooler else Seen(),
        )
        self._announcer = Announcer(self._pool)
        self._gate = UnitGate(max(size // 2, 1))
        self._begin = f"begin read write; set local lock_timeout = {lock_ms}"

    async def close(self) -> None:
        """Close every connection."""
        await self._announcer.close()
        await self._pool.close()

    def usage(self) -> dict[str, Usage]:
        """Return the usage of the pool, by its name."""
        return {"writer": self._pool.usage()}

    async def run(
        self, caller: Caller, attempt: Attempt, command: Command[T], seconds: int = SECONDS
    ) -> T:
        """Run a command as `caller`, commit, and return its outcome.

        Each of its statements may take `seconds`. Raises DomainError, GrantsChangedError,
        TooSlowError, UnavailableError; then nothing was written, except perhaps after a
        CommitUnknownError. Raises ForbiddenError for a read-only caller.
        """
        return (await self._run(caller, attempt, command, seconds)).outcome

    async def run_and_read(
        self,
        caller: Caller,
        attempt: Attempt,
        command: Command[T],
        payload: Payload[T],
        seconds: int = SECONDS,
        *,
        fresh: Fresh | None = None,
    ) -> Written[T]:
        """Run a command like `run`, and read its payload with the caller's read binding.

        The payload is read after the commit, on the same connection: a reader may be at a standby
        without the write. With `fresh` no unit moves meanwhile, and the caller is the one that it
        returns under that lock. Also raises NotReadBackError if reading the payload fails.
        """
        return await self._run(caller, attempt, command, seconds, payload, fresh=fresh)

    async def read(self, caller: Caller, sql: str, values: Sequence[Any]) -> bytes:
        """Read as `caller` on the primary server, which has all writes.

        Raises GrantsChangedError, TooSlowError, UnavailableError.
        """
        with translating():
            async with self._pool.link(_WAIT) as link:
                return await read(link, caller, sql, values)

    async def _run(
        self,
        caller: Caller,
        attempt: Attempt,
        command: Command[T],
        seconds: int,
        payload: Payload[T] | None = None,
        *,
        fresh: Fresh | None = None,
    ) -> Written[T]:
        if caller.writing is None:
            raise ForbiddenError(code="READ_ONLY")
        until = None
        while True:
            try:
                return await self._carry_out(
                    caller, attempt, command, seconds, payload, fresh=fresh
                )
            except CrowdedUnitError as crowded:
                now = asyncio.get_running_loop().time()
                until = until or now + PATIENCE
                if now >= until:
                    raise LockedError("the unit was never free") from None
                await self._gate.wait(crowded.unit_id, until)

    async def _carry_out(
        self,
        caller: Caller,
        attempt: Attempt,
        command: Command[T],
        seconds: int,
        payload: Payload[T] | None,
        *,
        fresh: Fresh | None,
    ) -> Written[T]:
        for left in reversed(range(_TRIES)):
            try:
                async with self._pool.link(_WAIT) as link:
                    CLAIM.get().gone = None  # a transaction that has begun continues to its end
                    result, reading = await self._write(
                        link.connection, caller, attempt, command, seconds, fresh=fresh
                    )
                    self._announcer.tell()
                    answer = await _read_back(link, reading, payload, result)
            except asyncpg.LockNotAvailableError as error:
                raise LockedError(str(error)) from error
            except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError) as error:
                if not left:
                    raise UnavailableError(str(error)) from error
            except _REFUSALS as error:
                raise refusal_of(error) from error
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

    async def _write(
        self,
        connection: asyncpg.Connection,
        caller: Caller,
        attempt: Attempt,
        command: Command[T],
        seconds: int,
        *,
        fresh: Fresh | None,
    ) -> tuple[T, Caller]:
        """Return the command's outcome, and the caller that it ran as."""
        session = None
        locked = committed = False
        try:
            await connection.execute(self._begin)
            if fresh is not None:
                await connection.execute(_STAND_STILL)
                caller = await fresh()
            statement, parameters = _begun(caller, attempt)
            today, present = await connection.fetchval(statement, *parameters)
            if seconds != SECONDS:
                await connection.execute(f"set local statement_timeout = '{seconds}s'")
            session = WriteSession(
                connection, caller, today, present, self._gate, refusals=attempt.refusals
            )
            result = await command(session)
            await _commit(connection)
            committed = True
        except (asyncpg.PostgresError, DomainError, CrowdedUnitError) as error:
            locked = isinstance(error, asyncpg.LockNotAvailableError)
            await _roll_back(connection)
            raise
        except (Exception, asyncio.CancelledError) as error:
            # The connection's state is unknown: close it, as the caller may still be bound.
            lost = discarded(connection)
            if lost and isinstance(error, Exception) and not isinstance(error, UnavailableError):
                raise UnavailableError(cause(error)) from error
            raise
        finally:
            if session is not None:
                session.leave_units(locked=locked)
                session.settle_refusals(committed=committed)
        return result, caller

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
        """Record an audit event without a change of a row: a refused attempt, or an export.

        It is about the account `account_id`, if given. With `outdated` the version of the caller's
        role grants is not checked. It needs no permission, so attempts of read-only callers are
        recorded too. Raises UnavailableError, and GrantsChangedError unless `outdated`.
        """

        async def append(session: WriteSession) -> None:
            what = None if account_id is None else "Account"
            await session.execute(NOTE, kind, what, account_id, unit_id, after)

        version = None if outdated else caller.grants_version
        bare = replace(caller, grants_version=version, writes={}, read_only=False)
        await self.run(bare, attempt, append)


async def _commit(connection: asyncpg.Connection) -> None:
    try:
        with Statement("commit"):
            await connection.execute("commit")
    except Exception as error:
        if is_outage(error):
            raise CommitUnknownError(cause(error)) from error
        raise


async def _roll_back(connection: asyncpg.Connection) -> None:
    """Roll back; if that fails too, ignore its error in favour of the one that led here."""
    try:
        await connection.execute("rollback")
    except Exception:  # noqa: BLE001 - whatever the error, the connection is useless
        discarded(connection)


async def _read_back(
    link: Link,
    caller: Caller,
    payload: Payload[T] | None,
    outcome: T,
) -> bytes | Exception | None:
    """Return the payload of a committed command, or the error to raise instead."""
    if payload is None:
        return None
    try:
        return await read(link, caller, *payload(outcome))
    except Exception as error:  # noqa: BLE001 - none of it may look as if the command had failed
        meant = translated(error)
        if isinstance(meant, GrantsChangedError):
            return None
        if isinstance(meant, UnavailableError | TooSlowError):
            return NotReadBackError(cause(error))
        return meant


def _begun(caller: Caller, attempt: Attempt) -> tuple[str, list[Any]]:
    """Return the statement that binds a new transaction, and its parameters."""
    binding = caller.writing
    if binding is None:
        raise ForbiddenError(code="READ_ONLY")
    said = attempt.action, attempt.address or "", attempt.reason or ""
    whole = Binding((*binding.names, *_ATTEMPT), (*binding.values, *said), binding.checked)
    return whole.bind_all(_MOMENT)


async def _take_json(connection: asyncpg.Connection) -> None:
    await take_json_as_bytes(connection)
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: orjson.dumps(value).decode(),
        decoder=orjson.loads,
    )
