"""Where spans of traces go; nowhere unless api/tracing.py has started a tracer."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Span(Protocol):
    """A span that is open."""

    def tell(self, name: str, value: str | int) -> None:
        """Add an attribute: a name, a code, a hash, and never a value of a request or a row."""


class Tracer(Protocol):
    """What makes spans."""

    def span(
        self, name: str, facts: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> AbstractContextManager[Span]:
        """Open a span below the current one, or below the one that `headers` name."""


tracer: Tracer | None = None
"""The process's tracer; None where traces are off."""


def span(name: str) -> AbstractContextManager[Span | None]:
    """Open a span where traces are on."""
    return nullcontext() if tracer is None else tracer.span(name, {})
