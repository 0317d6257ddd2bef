"""The results of operations: metrics, and log lines of slow operations."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from api import metrics
from api.logs import ACCESS, LONGEST_NAME, SLOW
from db.request_context import CURRENT, RequestContext
from schema.compiler.plan import Operation

MOST_NAMES, MOST_EACH = 100, 20
"""Operation names that are labels in a process's metrics: in total, and per account."""
OTHER, UNNAMED, OK = "other", "unnamed", "OK"
LASTING = "subscription"
_MOST_CODES = 100


class Names:
    """The operation names that metrics may have as a label: a bounded set that never shrinks.

    The names of trusted documents are in it from the start. Others are added by operations of
    accounts that succeed, a few per account; names of anonymous callers are never added.
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        """Set the names known at the start."""
        self._known = set(known)
        self._chosen: Counter[int] = Counter()

    def label(self, name: str | None, account_id: int | None) -> str:
        """Return the metrics label of an operation name."""
        if name is None:
            return UNNAMED
        if name in self._known:
            return name
        if account_id is None or len(name) > LONGEST_NAME:
            return OTHER
        if self._chosen.total() >= MOST_NAMES or self._chosen[account_id] >= MOST_EACH:
            return OTHER
        self._chosen[account_id] += 1
        self._known.add(name)
        return name


class OperationLog:
    """Counts operations as they end, and logs the slow ones."""

    def __init__(self, names: Names, *, slow: float, access: bool) -> None:
        """Set the threshold of slow operations in seconds, and whether all are logged."""
        self._names = names
        self._slow = slow
        self._access = access
        self._codes: set[str] = set()

    def began(self, operation: Operation) -> None:
        """Record the operation of the current request."""
        context = CURRENT.get()
        if context is not None:
            context.operation, context.kind = operation.name, operation.kind.value

    def ended(self, seconds: float | None) -> None:
        """Count the current operation; `seconds` is None for a subscription."""
        context = CURRENT.get()
        if context is None or (context.kind is None and context.code is None):
            return  # a page, or a batch
        name = self._names.label(
            context.operation, context.account_id if not context.code else None
        )
        code = self._code(context.code)
        metrics.observe_operation(name, context.kind or "unknown", code, seconds)
        if seconds is not None and seconds >= self._slow:
            facts = {
                **line_of(context),
                "milliseconds": round(seconds * 1_000, 1),
                "statement": context.fingerprint(),
                "statement_milliseconds": round(context.slowest * 1_000, 1),
            }
            SLOW.warning("slow operation", extra={"facts": facts})

    def new(self, id_: str | None = None) -> RequestContext:
        """Return the context of one of several operations of the current request.

        Operations of a batch share the request's id; those of a WebSocket get new ones.
        """
        whole = CURRENT.get()
        context = RequestContext(id_ or os.urandom(16).hex())
        if whole is not None:
            context.account_id = whole.account_id
            context.connection = None if id_ else whole.id
        return context

    @contextmanager
    def within(self, context: RequestContext) -> Iterator[None]:
        """Make a context the current one within the block."""
        token = CURRENT.set(context)
        try:
            yield
        finally:
            CURRENT.reset(token)

    def finish(self, context: RequestContext) -> None:
        """Count and log an operation that has a context of its own."""
        seconds = perf_counter() - context.started
        with self.within(context):
            self.ended(None if context.kind == LASTING else seconds)
            if self._access:
                facts = {**line_of(context), "milliseconds": round(seconds * 1_000, 1)}
                ACCESS.info("operation", extra={"facts": facts})
        context.ended = True

    def _code(self, code: str | None) -> str:
        if code is None or code in self._codes:
            return code or OK
        if len(self._codes) >= _MOST_CODES:
            return OTHER
        self._codes.add(code)
        return code


def line_of(context: RequestContext) -> dict[str, Any]:
    """Return the fields of an operation's log line besides its name."""
    return {"kind": context.kind, "code": context.code, "connection": context.connection}
