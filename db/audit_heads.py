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
_LINE = re.compile(r"([0-9]{1,5}) (0|[1-9][0-9]{0,18}) ([0-9a-f]{64})")
_HEADS = """
    select shard, sequence, encode(hash, 'hex') from audit_head order by shard
"""
_SHARDS = "select shard from audit_head union select distinct shard from audit_event order by shard"
# An event that follows the kept end of its chain, and is older than the newest of all kept ends by
# more than a transaction can last: the file was there when the event already was.
_OMITTED = """
    with kept as (
        select * from unnest(%s::smallint[], %s::bigint[]) as k (shard, sequence)
    ), newest as (
        select max(e.at) as at from audit_event e join kept using (shard, sequence)
    )
    select e.shard, e.sequence, e.id
    from kept k join audit_event e on e.shard = k.shard and e.sequence = k.sequence + 1, newest n
    where e.at < n.at - %s::interval
    order by e.shard
"""
LONGEST_TRANSACTION = "1 day"
"""What was begun so long before the newest kept event had ended when the heads were kept."""
_GONE = """
    select k.shard, k.sequence, e.id
    from unnest(%s::smallint[], %s::bigint[], %s::text[]) as k (shard, sequence, hash)
    left join audit_event e on e.shard = k.shard and e.sequence = k.sequence
    where k.sequence > 0 and (e.id is null or encode(e.hash, 'hex') <> k.hash)
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


class Omitted(NamedTuple):
    """A chain of the log that a file of heads leaves out, in whole or its latest events.

    `event_id` is the first event that it should have known; None where it has no line of the chain.
    """

    shard: int
    sequence: int
    event_id: int | None

    def __str__(self) -> str:
        """Say in one line what is wrong where."""
        if self.event_id is None:
            return f"chain {self.shard}: the kept file has no line of it; it was shortened"
        return (
            f"audit event {self.event_id}, chain {self.shard}, number {self.sequence}: older than "
            "the kept file, which leaves it out"
        )


def heads(connection: Connection[TupleRow]) -> list[Head]:
    """Return where every chain ends; one without events at 0."""
    return [Head(*row) for row in connection.execute(_HEADS)]


def summary(kept: Sequence[Head]) -> str:
    """Return what an auditor compares with their notes: the digest, and how much it stands for."""
    used = [head for head in kept if head.sequence]
    events = sum(head.sequence for head in used)
    return f"{digest(kept)} ({events:,} events in {len(used):,} of {len(kept):,} chains)"


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


def omitted(connection: Connection[TupleRow], kept: Sequence[Head]) -> list[Omitted]:
    """Return what a file of heads leaves out though it was in the log when the file was made.

    A file can be shortened and its digest computed again, so it has a line for each chain there is.
    """
    there = {head.shard for head in kept}
    lost = [
        Omitted(shard, 0, None) for (shard,) in connection.execute(_SHARDS) if shard not in there
    ]
    given = [[head.shard for head in kept], [head.sequence for head in kept], LONGEST_TRANSACTION]
    return [*lost, *(Omitted(*row) for row in connection.execute(_OMITTED, given))]
