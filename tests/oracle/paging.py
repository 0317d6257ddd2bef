"""Pages of lists and their cursors, as schema/compiler/relay.py and pages.py define them."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Listing:
    """All elements of a connection, with their types, the keys of their order, and the tag."""

    kind: str
    elements: Sequence[Any]
    tag: str
    key: Callable[[Any], Key]
    descending: bool = False

    def cursor(self, element: Any) -> str:
        """Return the cursor of an element."""
        named = ("-" if self.descending else "") + self.tag
        keys = [_written(part) for part in self.key(element)]
        return base64.b64encode(json.dumps([named, *keys], ensure_ascii=False).encode()).decode()

    def keys(self, cursor: str) -> Key:
        """Return the keys of a cursor of this listing."""
        _, *keys = json.loads(base64.b64decode(cursor))
        return tuple(_read(part) for part in keys)


def page(listing: Listing, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the page for Relay's arguments."""
    first, last = arguments.get("first"), arguments.get("last")
    after, before = arguments.get("after"), arguments.get("before")
    elements = sorted(listing.elements, key=listing.key, reverse=listing.descending)
    for cursor, forward in ((after, True), (before, False)):
        if cursor is not None:
            at, ahead = listing.keys(cursor), forward != listing.descending
            elements = [
                e for e in elements if (listing.key(e) > at if ahead else listing.key(e) < at)
            ]
    size = 20 if first is None and last is None else last if first is None else first
    backward = last is not None
    chosen = elements[max(0, len(elements) - size) :] if backward else elements[:size]
    more = len(elements) > size
    return {
        "elements": chosen,
        "hasNextPage": before is not None if backward else more,
        "hasPreviousPage": more if backward else after is not None,
    }


def _written(part: Any) -> Any:
    if isinstance(part, datetime):
        moment = part.astimezone(UTC)
        fraction = f".{moment.microsecond:06}".rstrip("0") if moment.microsecond else ""
        return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}+00:00"
    return part.isoformat() if isinstance(part, date) else part


def _read(part: Any) -> Any:
    if isinstance(part, str) and part[4:5] == part[7:8] == "-":
        return datetime.fromisoformat(part) if "T" in part else date.fromisoformat(part)
    return part
