"""Writes: transactions of the writer role, bound to a caller, that commands run in.

A command is given a `WriteSession` (db/write_session.py), commits nothing itself, and is carried
out whole or not at all. It runs again where the database broke off a deadlock.
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
_STAND_STILL = "select lock_tree(alone => false)"  # units move where nobody has this lock
_MOMENT = "select row(today(), present())"
_ATTEMPT = ("sangkien.action", "sangkien.address", "sangkien.reason")
_WAIT = 10.0  # seconds for a connection
LOCK_MS = 2_000
"""Milliseconds for which a statement waits for a lock that another transaction has."""
SECONDS = 30
"""How long a statement may take, as db/sql/roles.sql says."""
UNHURRIED = 600
"""How long one may take that rewrites what a large part of the tree has."""
_REFUSALS = (asyncpg.IntegrityConstraintViolationError, asyncpg.InsufficientPrivilegeError)


@dataclass(frozen=True)
class Attempt:
    """What the audit log says of a transaction: what was asked, from where, and why.

    `refusals` is the share from which events of the command's refused parts are drawn.
    """

    action: str
    address: str | None = None
    reason: str | None = None
    refusals: RefusalShare | None = None


Command = Callable[[WriteSession], Awaitable[T]]
Fresh = Callable[[], Awaitable[Caller]]
"""Returns the caller by the grants of the moment."""
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

    def __init__(
        self, url: str, *, size: int = 8, pooler: bool = False, lock_ms: int = LOCK_MS
    ) -> None:
        """Take the URL of the writer role and how many connections there may be at most.

        With a `pooler` in transaction mode between, nothing is prepared. `lock_ms` is how long a
        statement waits for a lock, 0 for as long as it may take.
        """
        self._pool = Pool(
            url,
            size=size,
            # For a network that is silent; the server ends a statement by itself, sooner.
            command_timeout=UNHURRIED + 10,
            # The statements of commands are a fixed number.
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
        """Return how far the pool is used, by its name."""
        return {"writer": self._pool.usage()}

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
        *,
        fresh: Fresh | None = None,
    ) -> Written[T]:
        """Carry out a command as `run` does, and read its payload as `caller` reads.

        It is read after the commit, by the same connection: a reader may be at a standby, which
        does not have the write yet. With `fresh` no unit moves meanwhile, and the caller is the one
        that it returns then. Raises NotReadBackError where reading fails, besides.
        """
        return await self._run(caller, attempt, command, seconds, payload, fresh=fresh)

    async def read(self, caller: Caller, sql: str, values: Sequence[Any]) -> bytes:
        """Read as `caller` reads, from where the writes are.

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
                    CLAIM.get().gone = None  # what has begun goes on to its end
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
        """Return what the command returns, and as whom it was carried out."""
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
            # Its state is unknown: better a new connection than one with a caller still bound.
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
        """Note in the audit log what changed no row: a refused attempt, or an export.

        It is about the account `account_id`, if given. With `outdated` whatever has become of the
        caller's grants: it is who asked. It takes no permission, so a read-only caller's is noted
        too. Raises GrantsChangedError where it is not outdated, and UnavailableError.
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
    """Roll back; where even that fails, the error that led here is the one to raise."""
    try:
        await connection.execute("rollback")
    except Exception:  # noqa: BLE001 - whatever it is, the connection is of no more use
        discarded(connection)


async def _read_back(
    link: Link,
    caller: Caller,
    payload: Payload[T] | None,
    outcome: T,
) -> bytes | Exception | None:
    """Return a committed command's payload, or what is to be raised instead of it."""
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
    """Return the statement that binds a transaction once it has begun, and its parameters."""
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
