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
from typing import Any, TypeVar

import asyncpg
import orjson

from db.announcing import Announcer
from db.constraints import violated
from db.fairness import CLAIM
from db.pool import Pool
from db.rules.errors import DomainError, ForbiddenError, NotFoundError
from db.sessions import Binding, Caller, UnavailableError, translated
from db.unavailable import LockedError
from db.unit_gate import PATIENCE, CrowdedUnitError, UnitGate

T = TypeVar("T")
_LOG = logging.getLogger("sangkien.writes")
_TRIES = 4
_MOMENT = "select row(today(), present())"
_ATTEMPT = ("sangkien.action", "sangkien.address", "sangkien.reason")
_REASON = "select set_config('sangkien.reason', $1, true)"
_NOTE = "select audit_note($1, $2, $3, $4, $5)"
_WAIT = 10.0  # seconds for a connection
LOCK_MS = 2_000
"""Milliseconds for which a statement waits for a lock that another transaction has."""
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
        self,
        connection: asyncpg.Connection,
        caller: Caller,
        today: date,
        present: datetime,
        gate: UnitGate,
    ) -> None:
        """Take a connection whose transaction is bound to the caller."""
        self._connection = connection
        self._gate = gate
        self._units: set[int] = set()
        self.caller = caller
        self.today = today
        self.present = present

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

    def enter_unit(self, unit_id: int) -> None:
        """Take a turn at a unit before something is written there.

        Where there is none, the transaction begins again once there is (db/unit_gate.py).
        """
        if unit_id not in self._units:
            self._gate.enter(unit_id)
            self._units.add(unit_id)

    def leave_units(self, *, locked: bool) -> None:
        """Give the turns back; `locked`: the transaction waited for a lock in vain."""
        for unit_id in self._units:
            self._gate.leave(unit_id, locked=locked)

    def require(self, permission: str, unit: asyncpg.Record) -> None:
        """Insist on a permission at a unit (its id, code and path). Raises ForbiddenError."""
        if not self.caller.may(permission, unit["path"]):
            raise ForbiddenError(permission.upper(), unit["code"], unit_id=unit["id"])

    async def give_reason(self, reason: str | None) -> None:
        """Let the audit log say from here on why something is changed."""
        await self.execute(_REASON, reason or "")

    async def note_refusal(self, unit_id: int | None, after: dict[str, Any]) -> None:
        """Note in the audit log that one of several things asked for was refused."""
        await self.execute(_NOTE, "REFUSED", None, None, unit_id, after)

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
        )
        self._announcer = Announcer(self._pool)
        self._gate = UnitGate(max(size // 2, 1))
        self._begin = f"begin read write; set local lock_timeout = {lock_ms}"

    async def open(self) -> None:
        """Do nothing: connections follow on demand, so the database may still be down."""

    async def close(self) -> None:
        """Close every connection."""
        await self._announcer.close()
        await self._pool.close()

    async def run(
        self, caller: Caller, attempt: Attempt, command: Command[T], seconds: int = SECONDS
    ) -> T:
        """Carry out a command as `caller` and return what it returns, committed.

        Each of its statements may take so many `seconds`. Raises DomainError,
        GrantsChangedError, TooSlowError, UnavailableError; then nothing was written. A read-only
        caller is forbidden all of it.
        """
        until = None
        while True:
            try:
                return await self._run(caller, attempt, command, seconds)
            except CrowdedUnitError as crowded:
                now = asyncio.get_running_loop().time()
                until = until or now + PATIENCE
                if now >= until:
                    raise LockedError("the unit was never free") from None
                await self._gate.wait(crowded.unit_id, until)

    async def _run(self, caller: Caller, attempt: Attempt, command: Command[T], seconds: int) -> T:
        if caller.writing is None:
            raise ForbiddenError(code="READ_ONLY")
        for left in reversed(range(_TRIES)):
            try:
                async with self._pool.link(_WAIT) as link:
                    CLAIM.get().gone = None  # what has begun goes on to its end
                    begun = _begun(caller.writing, attempt)
                    result = await self._write(link.connection, caller, begun, command, seconds)
            except asyncpg.LockNotAvailableError as error:
                raise LockedError(str(error)) from error
            except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError) as error:
                if not left:
                    raise UnavailableError(str(error)) from error
            except _REFUSALS as error:
                raise _meant(error) from error
            except (OSError, TimeoutError, asyncpg.InterfaceError) as error:
                raise UnavailableError(str(error)) from error
            except asyncpg.PostgresError as error:
                raise translated(error) from error
            else:
                self._announcer.tell()
                return result
        raise AssertionError  # pragma: no cover - the last try returns or raises

    async def _write(
        self,
        connection: asyncpg.Connection,
        caller: Caller,
        begun: tuple[str, list[Any]],
        command: Command[T],
        seconds: int,
    ) -> T:
        statement, parameters = begun
        session = None
        locked = False
        try:
            await connection.execute(self._begin)
            today, present = await connection.fetchval(statement, *parameters)
            if seconds != SECONDS:
                await connection.execute(f"set local statement_timeout = '{seconds}s'")
            session = WriteSession(connection, caller, today, present, self._gate)
            result = await command(session)
            await connection.execute("commit")
        except (asyncpg.PostgresError, DomainError, CrowdedUnitError) as error:
            locked = isinstance(error, asyncpg.LockNotAvailableError)
            await _roll_back(connection)
            raise
        except (Exception, asyncio.CancelledError):
            # Its state is unknown: better a new connection than one with a caller still bound.
            connection.terminate()
            raise
        finally:
            if session is not None:
                session.leave_units(locked=locked)
        return result

    async def note(
        self,
        caller: Caller,
        attempt: Attempt,
        kind: str,
        *,
        unit_id: int | None = None,
        after: dict[str, Any] | None = None,
        outdated: bool = False,
    ) -> None:
        """Note in the audit log what changed no row: a refused attempt, or an export.

        With `outdated` whatever has become of the caller's grants: it is who asked. It takes no
        permission, so a read-only caller's is noted too. Raises GrantsChangedError where it is not
        outdated, and UnavailableError.
        """

        async def append(session: WriteSession) -> None:
            await session.execute(_NOTE, kind, None, None, unit_id, after)

        version = None if outdated else caller.grants_version
        bare = replace(caller, grants_version=version, writes={}, read_only=False)
        await self.run(bare, attempt, append)


async def _roll_back(connection: asyncpg.Connection) -> None:
    """Roll back; where that fails, it is not what the caller hears of, but why it came to it."""
    try:
        await connection.execute("rollback")
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        _LOG.debug("a transaction was not rolled back: %s", error)
        connection.terminate()


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
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: orjson.dumps(value).decode(),
        decoder=orjson.loads,
    )
