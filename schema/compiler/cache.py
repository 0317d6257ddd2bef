"""What has been worked out, kept as long as it is in use and there is room."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

V = TypeVar("V")


class Cache(Generic[V]):
    """Keeps the most recently used entries, within a number and, if told how, a weight."""

    def __init__(
        self, size: int, *, weigh: Callable[[Any, V], int] | None = None, most: int = 0
    ) -> None:
        """Keep at most `size` entries, of at most the weight `most` but for the newest."""
        self._entries: OrderedDict[Any, V] = OrderedDict()
        self._size = size
        self._weigh = weigh
        self._most = most
        self._weight = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Any) -> V | None:
        """Return the entry of a key."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def remember(self, key: Any, make: Callable[[], V]) -> V:
        """Return the entry of a key, made where there is none."""
        if key in self._entries:
            self._entries.move_to_end(key)
            return self._entries[key]
        value = self._entries[key] = make()
        if self._weigh is not None:
            self._weight += self._weigh(key, value)
        while len(self._entries) > self._size or self._is_heavy():
            self._drop()
        return value

    def _is_heavy(self) -> bool:
        return self._weight > self._most and len(self._entries) > 1

    def _drop(self) -> None:
        key, value = self._entries.popitem(last=False)
        if self._weigh is not None:
            self._weight -= self._weigh(key, value)
