"""Cache of rejected documents: a repeated document is rejected without work."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from graphql import GraphQLError

from db.cache import Cache
from schema.compiler.errors import RefusedError

_OF_REFUSAL = 1_000  # bytes of an error in addition to its texts


class Refusals:
    """Caches rejections by key, bounded by weight in bytes and by age in seconds."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float]) -> None:
        """Create the cache from its total weight, the lifetime of an entry, and a clock."""
        self._seconds = seconds
        self._clock = clock
        self._kept: Cache[tuple[float, tuple[GraphQLError, ...]]] = Cache(
            2_048, weigh=_weight, most=most
        )

    @contextmanager
    def remembering(self, key: Hashable) -> Iterator[None]:
        """Raise the cached error of a key, or cache the RefusedError that the block raises."""
        kept = self._kept.get(key)
        if kept is not None and kept[0] > self._clock():
            raise RefusedError(*map(_bare, kept[1]))
        try:
            yield
        except RefusedError as refused:
            errors = tuple(map(_bare, refused.errors))
            if refused.lasting:
                self._kept.put(key, (self._clock() + self._seconds, errors))
            raise


def _bare(error: GraphQLError) -> GraphQLError:
    """Return an error without its document and its traceback."""
    bare = GraphQLError(error.message, path=error.path, extensions=error.extensions)
    bare.locations = error.locations
    return bare


def _weight(key: tuple[str, ...], refusal: tuple[float, tuple[GraphQLError, ...]]) -> int:
    texts = sum(len(error.message) for error in refusal[1])
    return 2 * (len(key[0]) + texts) + _OF_REFUSAL * (1 + len(refusal[1]))
