"""The tracer of the process; none unless api/tracing.py has started one."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Span(Protocol):
    """An open span."""

    def tell(self, name: str, value: str | int) -> None:
        """Set an attribute: a name, a code or a hash, never a value of a request or a row."""


class Tracer(Protocol):
    """A factory of spans."""

    def span(
        self, name: str, facts: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> AbstractContextManager[Span]:
        """Open a span below the current one, or below the one that `headers` name."""


tracer: Tracer | None = None
"""The process's tracer; None where traces are off."""


def span(name: str) -> AbstractContextManager[Span | None]:
    """Open a span if traces are on."""
    return nullcontext() if tracer is None else tracer.span(name, {})
