"""The share of database connections that a request may use, counted for its caller."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from api.limits import Counted
from db.fairness import CLAIM, Claim


@contextmanager
def claiming(
    counted_as: Counted, gone: Callable[[], Awaitable[object]] | None = None
) -> Iterator[None]:
    """Count connections taken within the block for a caller."""
    token = CLAIM.set(Claim(*counted_as, gone))
    try:
        yield
    finally:
        CLAIM.reset(token)
