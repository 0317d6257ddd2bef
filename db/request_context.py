"""The context of the current request, for log lines, metrics and traces.

It has identifiers, durations and the text of one statement, of which only a hash leaves it: no
names of people, no values, no SQL text.
"""

import hashlib
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from types import TracebackType
from typing import Any

from db import spans


@dataclass(slots=True)
class RequestContext:
    """One request, or one operation of a WebSocket or batch.

    `operation` and `kind` are set once its document is prepared, `account_id` once the caller is
    known (None for anonymous callers), `code` if it was rejected. `connection` is the id of an
    operation's WebSocket. `slowest` is the duration of its slowest statement in seconds, `sql` that
    statement. Once it has `ended`, nothing is logged as part of it, though work that it started
    may continue.
    """

    id: str
    operation: str | None = None
    kind: str | None = None
    account_id: int | None = None
    code: str | None = None
    connection: str | None = None
    started: float = field(default_factory=perf_counter)
    slowest: float = 0.0
    sql: str | None = None
    ended: bool = False

    def fingerprint(self) -> str | None:
        """Return the fingerprint of its slowest statement."""
        return None if self.sql is None else fingerprint(self.sql)


CURRENT: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


def current() -> RequestContext | None:
    """Return the context of the current request, None outside of one."""
    context = CURRENT.get()
    return None if context is None or context.ended else context


def refused(code: str) -> None:
    """Record the code with which the current request was rejected."""
    context = CURRENT.get()
    if context is not None:
        context.code = code


def called_by(account_id: int | None) -> None:
    """Record the account that sends the current request."""
    context = CURRENT.get()
    if context is not None:
        context.account_id = account_id


def fingerprint(sql: str) -> str:
    """Return a stable hash of a statement's text, which contains no values."""
    return hashlib.blake2b(sql.encode(), digest_size=8).hexdigest()


class Statement:
    """Measures one statement, for the request's context and for traces."""

    __slots__ = ("_span", "_sql", "_started")

    def __init__(self, sql: str) -> None:
        """Set the statement's text."""
        self._sql = sql

    def __enter__(self) -> None:
        self._span: Any = None
        if spans.tracer is not None:
            self._span = spans.tracer.span("SQL", {"db.query.hash": fingerprint(self._sql)})
            self._span.__enter__()
        self._started = perf_counter()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        context = CURRENT.get()
        if context is not None:
            seconds = perf_counter() - self._started
            if seconds > context.slowest:
                context.slowest, context.sql = seconds, self._sql
        if self._span is not None:
            self._span.__exit__(kind, error, traceback)
