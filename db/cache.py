"""LRU cache, bounded by the number of its entries and by their total weight."""

import sys
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

V = TypeVar("V")
NAMED: "weakref.WeakSet[Cache[Any]]" = weakref.WeakSet()
"""The named caches, for the metrics."""


class Cache(Generic[V]):
    """Keeps the most recently used entries, bounded by number and by weight in bytes.

    An entry heavier than the whole cache's limit is not kept.
    """

    def __init__(
        self,
        size: int,
        *,
        name: str | None = None,
        weigh: Callable[[Any, V], int] | None = None,
        most: int = 0,
    ) -> None:
        """Keep at most `size` entries, with a total weight of at most `most`.

        The metrics include a cache with a `name`. Without `weigh` only the number counts: for
        entries whose size no caller controls.
        """
        self._entries: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()
        self._size = size
        self._weigh = weigh
        self._most = most
        self._weight = 0
        self.name = name
        self.hits = 0
        self.misses = 0
        if name is not None:
            NAMED.add(self)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def weight(self) -> int:
        """Return the total weight of all entries."""
        return self._weight

    def get(self, key: Any) -> V | None:
        """Return the entry of a key, None where there is none, and count a hit or a miss."""
        entry = self._entries.get(key)
        if entry is None:
            self.misses += 1
            return None
        self.hits += 1
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: Any, value: V) -> None:
        """Set the entry of a key; evict the least recently used beyond the limits."""
        self.drop(key)
        weight = self._weigh(key, value) if self._weigh is not None else 0
        if weight > self._most:
            return
        self._entries[key] = value, weight
        self._weight += weight
        while len(self._entries) > self._size or self._weight > self._most:
            self.drop(next(iter(self._entries)))

    def drop(self, key: Any) -> None:
        """Remove the entry of a key, if there is one."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._weight -= entry[1]

    def remember(self, key: Any, make: Callable[[], V]) -> V:
        """Return the entry of a key; make and keep it where there is none."""
        entry = self._entries.get(key)
        if entry is not None:
            self.hits += 1
            self._entries.move_to_end(key)
            return entry[0]
        self.misses += 1
        value = make()
        self.put(key, value)
        return value


def weight_of(value: Any) -> int:
    """Return the approximate size of a plain value in bytes, including all nested values."""
    weight = sys.getsizeof(value, 64)
    if isinstance(value, list | tuple):
        weight += sum(map(weight_of, value))
    elif isinstance(value, dict):
        weight += sum(weight_of(key) + weight_of(part) for key, part in value.items())
    return weight
