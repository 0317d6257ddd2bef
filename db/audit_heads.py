"""The ends of the audit log's chains, for an auditor to keep outside of the database.

Whoever owns the database could write whole chains anew, heads and all. Heads that were kept
before would then no longer be in the log.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow

_TITLE = "sangkien audit heads"
_LINE = re.compile(r"([0-9]{1,5}) ([1-9][0-9]{0,18}) ([0-9a-f]{64})")
_HEADS = """
    select shard, sequence, encode(hash, 'hex') from audit_head where sequence > 0 order by shard
"""
_GONE = """
    select k.shard, k.sequence, e.id
    from unnest(%s::smallint[], %s::bigint[], %s::text[]) as k (shard, sequence, hash)
    left join audit_event e on e.shard = k.shard and e.sequence = k.sequence
    where e.id is null or encode(e.hash, 'hex') <> k.hash
    order by k.shard
"""


class HeadsError(ValueError):
    """What is to be read as kept heads is none, or was changed."""


class Head(NamedTuple):
    """Where a chain ends: the number of its last event, and that event's hash in hex."""

    shard: int
    sequence: int
    hash: str


class Missing(NamedTuple):
    """An event that was the last of its chain and is not there any more as it was."""

    shard: int
    sequence: int
    event_id: int | None

    def __str__(self) -> str:
        """Say in one line what is wrong where."""
        event = "audit event" if self.event_id is None else f"audit event {self.event_id}"
        fault = "removed" if self.event_id is None else "altered"
        return f"{event}, chain {self.shard}, number {self.sequence}: {fault} since it was kept"


def heads(connection: Connection[TupleRow]) -> list[Head]:
    """Return where every chain that has events ends."""
    return [Head(*row) for row in connection.execute(_HEADS)]


def digest(kept: Sequence[Head]) -> str:
    """Return one short text that stands for all heads."""
    lines = "".join(f"{shard} {sequence} {hash_}\n" for shard, sequence, hash_ in kept)
    return hashlib.sha256(lines.encode()).hexdigest()


def written(kept: Sequence[Head]) -> str:
    """Return heads as the text of a file."""
    lines = [f"{_TITLE} {digest(kept)}", *(" ".join(map(str, head)) for head in kept)]
    return "\n".join(lines) + "\n"


def read(text: str) -> list[Head]:
    """Return the heads that a file's text holds. Raises HeadsError."""
    title, *lines = text.splitlines() or [""]
    found = [_LINE.fullmatch(line) for line in lines]
    kept = [Head(int(m[1]), int(m[2]), m[3]) for m in found if m is not None]
    if title != f"{_TITLE} {digest(kept)}" or None in found:
        raise HeadsError("not written by 'sangkien verify --heads', or changed since")
    return kept


def missing(connection: Connection[TupleRow], kept: Sequence[Head]) -> list[Missing]:
    """Return those of the kept heads that are not events of the log."""
    columns = [list(column) for column in zip(*kept, strict=True)] or [[], [], []]
    return [Missing(*row) for row in connection.execute(_GONE, columns)]
