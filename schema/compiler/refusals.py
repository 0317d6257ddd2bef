"""Refusals of documents, remembered for a while: to send one again costs nothing."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from graphql import GraphQLError

from db.cache import Cache
from schema.compiler.errors import RefusedError

_OF_REFUSAL = 1_000  # bytes of an error beside its texts


class Refusals:
    """Keeps refusals by what was refused, within a weight in bytes and for some seconds."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float]) -> None:
        """Take the weight of all, how long each is kept, and what tells the time."""
        self._seconds = seconds
        self._clock = clock
        self._kept: Cache[tuple[float, tuple[GraphQLError, ...]]] = Cache(
            2_048, weigh=_weight, most=most
        )

    @contextmanager
    def remembering(self, key: Hashable) -> Iterator[None]:
        """Raise what is remembered of a key, or remember the RefusedError that is raised within."""
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
    """Return an error without the document that it is about, nor where it was raised."""
    bare = GraphQLError(error.message, path=error.path, extensions=error.extensions)
    bare.locations = error.locations
    return bare


def _weight(key: tuple[str, ...], refusal: tuple[float, tuple[GraphQLError, ...]]) -> int:
    texts = sum(len(error.message) for error in refusal[1])
    return 2 * (len(key[0]) + texts) + _OF_REFUSAL * (1 + len(refusal[1]))
