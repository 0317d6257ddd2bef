"""What became of operations: their metrics, and log lines of the slow ones."""

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
"""Operations that the metrics of a process have by name; as many of one account's choosing."""
OTHER, UNNAMED, OK = "other", "unnamed", "OK"
LASTING = "subscription"
_MOST_CODES = 100


class Names:
    """The names of operations that metrics may have as a label: a bounded set that never shrinks.

    Trusted documents are in it from the start. Otherwise accounts choose, each a few, by operations
    that succeed; what anonymous callers choose never gets in.
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        """Take the names that are known beforehand."""
        self._known = set(known)
        self._chosen: Counter[int] = Counter()

    def label(self, name: str | None, account_id: int | None) -> str:
        """Return the label of a name."""
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
    """Counts operations as they end, and logs those that took long."""

    def __init__(self, names: Names, *, slow: float, access: bool) -> None:
        """Take after how many seconds an operation is slow, and whether each is logged."""
        self._names = names
        self._slow = slow
        self._access = access
        self._codes: set[str] = set()

    def began(self, operation: Operation) -> None:
        """Note which operation the request at hand runs."""
        context = CURRENT.get()
        if context is not None:
            context.operation, context.kind = operation.name, operation.kind.value

    def ended(self, seconds: float | None) -> None:
        """Count the operation at hand; it took so many seconds, None where it was to last."""
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
        """Return the context of one of several operations of the request at hand.

        Those of a batch have the request's id, those of a WebSocket new ones.
        """
        whole = CURRENT.get()
        context = RequestContext(id_ or os.urandom(16).hex())
        if whole is not None:
            context.account_id = whole.account_id
            context.connection = None if id_ else whole.id
        return context

    @contextmanager
    def within(self, context: RequestContext) -> Iterator[None]:
        """Have a context be that of the operation at hand while this lasts."""
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
    """Return what a line says of an operation besides its name."""
    return {"kind": context.kind, "code": context.code, "connection": context.connection}
