"""The claim of a request to connections of the database, by whom it is counted for."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from api.limits import Counted
from db.fairness import CLAIM, Claim


@contextmanager
def claiming(
    counted_as: Counted, gone: Callable[[], Awaitable[object]] | None = None
) -> Iterator[None]:
    """Take connections by the share of a caller while this lasts."""
    token = CLAIM.set(Claim(*counted_as, gone))
    try:
        yield
    finally:
        CLAIM.reset(token)
