"""What a command is given: one transaction of the writer role, bound to a caller."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any, Protocol

import asyncpg

from db.constraints import violated
from db.request_context import Statement
from db.rules.errors import DomainError, ForbiddenError, NotFoundError
from db.sessions import Caller
from db.traces import trace
from db.unit_gate import UnitGate

NOTE = "select audit_note($1, $2, $3, $4, $5)"
_LOG = logging.getLogger("sangkien.writes")
_REASON = "select set_config('sangkien.reason', $1, true)"
_SEAL = "set constraints audit_seal immediate; set constraints audit_seal deferred"


class RefusalShare(Protocol):
    """How many refused parts of its commands a caller may have recorded; the rest is counted."""

    def take(self) -> bool:
        """Whether one more may be recorded; it is drawn from the share then."""

    def give_back(self) -> None:
        """Put one back: its event was not committed."""

    def count(self) -> None:
        """Count one that is not recorded."""


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
        *,
        refusals: RefusalShare | None = None,
    ) -> None:
        """Take a connection whose transaction is bound to the caller.

        Without a share of refusals each refused part of the command is recorded.
        """
        self._connection = connection
        self._gate = gate
        self._units: set[int] = set()
        self.caller = caller
        self.today = today
        self.present = present
        self._refusals = refusals
        self._recorded = self._unrecorded = 0

    async def row(self, sql: str, *values: Any) -> asyncpg.Record | None:
        """Return the first row of a statement, None where there is none."""
        with Statement(sql):
            return await self._connection.fetchrow(sql, *values)

    async def rows(self, sql: str, *values: Any) -> Sequence[asyncpg.Record]:
        """Return all rows of a statement."""
        with Statement(sql):
            rows: Sequence[asyncpg.Record] = await self._connection.fetch(sql, *values)
        return rows

    async def value(self, sql: str, *values: Any) -> Any:
        """Return the first column of the first row."""
        with Statement(sql):
            return await self._connection.fetchval(sql, *values)

    async def execute(self, sql: str, *values: Any) -> int:
        """Run a statement and return how many rows it touched."""
        with Statement(sql):
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
        """Record that one of several things asked for was refused, within the caller's share."""
        if self._refusals is not None and not self._refusals.take():
            self._unrecorded += 1
            return
        self._recorded += 1
        await self.execute(NOTE, "REFUSED", None, None, unit_id, after)

    def settle_refusals(self, *, committed: bool) -> None:
        """Count what was not recorded; or put back into the share what was and is undone."""
        if self._refusals is None:
            return
        if committed:
            for _ in range(self._unrecorded):
                self._refusals.count()
        else:
            for _ in range(self._recorded):
                self._refusals.give_back()

    async def note(self, unit_id: int | None, after: dict[str, Any]) -> None:
        """Note in the audit log what the changes of this transaction were part of."""
        await self.execute(NOTE, "NOTED", None, None, unit_id, after)

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
            raise refusal_of(error) from error
        await self._connection.execute("release savepoint within")


def refusal_of(error: Exception) -> Exception:
    """Return what a refusal of the database means to a caller; the error itself where nothing."""
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        return violated(error.constraint_name) or error
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        # Row-level security refused what no guard of a command did.
        _LOG.warning("refused by the database: %s", trace(error))
        return ForbiddenError()
    return error
