"""The session of a command: one transaction of the writer role, bound to a caller."""

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
    """A caller's share of audit events for rejected parts of its commands; further are counted."""

    def take(self) -> bool:
        """Take one event from the share; return whether it may be recorded."""

    def give_back(self) -> None:
        """Return one event to the share: it was not committed."""

    def count(self) -> None:
        """Count an event that is not recorded."""


class WriteSession:
    """One transaction, in which a command reads and writes under row-level security.

    `today` is the day in Asia/Ho_Chi_Minh and `present` the moment at which it began.
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
        """Use a connection whose transaction is bound to the caller.

        Without `refusals` every rejected part of the command is recorded.
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
        """Run a statement and return the number of affected rows."""
        with Statement(sql):
            status: str = await self._connection.execute(sql, *values)
        return int(status.rpartition(" ")[2])

    async def found(self, what: str, key: str, sql: str, *values: Any) -> asyncpg.Record:
        """Return the row of a named object. Raises NotFoundError if the caller sees none."""
        row = await self.row(sql, *values)
        if row is None:
            raise NotFoundError(what, key)
        return row

    def enter_unit(self, unit_id: int) -> None:
        """Enter a unit's gate before a write at the unit (db/unit_gate.py).

        Raises CrowdedUnitError without room: the transaction is then retried once there may be.
        """
        if unit_id not in self._units:
            self._gate.enter(unit_id)
            self._units.add(unit_id)

    def leave_units(self, *, locked: bool) -> None:
        """Leave the gates of all units; `locked`: the transaction ended with a lock timeout."""
        for unit_id in self._units:
            self._gate.leave(unit_id, locked=locked)

    def require(self, permission: str, unit: asyncpg.Record) -> None:
        """Require a permission at a unit (its id, code and path). Raises ForbiddenError."""
        if not self.caller.may(permission, unit["path"]):
            raise ForbiddenError(permission.upper(), unit["code"], unit_id=unit["id"])

    async def give_reason(self, reason: str | None) -> None:
        """Set the reason in the audit events of the following changes."""
        await self.execute(_REASON, reason or "")

    async def note_refusal(self, unit_id: int | None, after: dict[str, Any]) -> None:
        """Record the rejection of one of several actions, within the caller's share."""
        if self._refusals is not None and not self._refusals.take():
            self._unrecorded += 1
            return
        self._recorded += 1
        await self.execute(NOTE, "REFUSED", None, None, unit_id, after)

    def settle_refusals(self, *, committed: bool) -> None:
        """Count unrecorded events after a commit; else give the recorded ones back to the share."""
        if self._refusals is None:
            return
        if committed:
            for _ in range(self._unrecorded):
                self._refusals.count()
        else:
            for _ in range(self._recorded):
                self._refusals.give_back()

    async def note(self, unit_id: int | None, after: dict[str, Any]) -> None:
        """Record an audit event about the action that the transaction's changes were part of."""
        await self.execute(NOTE, "NOTED", None, None, unit_id, after)

    async def seal(self) -> None:
        """Update the head of the audit chain to its last event now, instead of at the commit.

        After tens of thousands of events the commit would exceed the statement timeout.
        """
        await self._connection.execute(_SEAL)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Roll back to a savepoint if the block raises, as a DomainError for known violations."""
        # Not asyncpg's own, which is unaware of a transaction that a plain statement began.
        await self._connection.execute("savepoint within")
        try:
            yield
        except (asyncpg.PostgresError, DomainError) as error:
            await self._connection.execute("rollback to savepoint within; release savepoint within")
            raise refusal_of(error) from error
        await self._connection.execute("release savepoint within")


def refusal_of(error: Exception) -> Exception:
    """Return the domain error for a rejection by the database, or the error itself."""
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        return violated(error.constraint_name) or error
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        # Row-level security rejected what no check of a command did.
        _LOG.warning("refused by the database: %s", trace(error))
        return ForbiddenError()
    return error
