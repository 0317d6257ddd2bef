"""The heads of the audit log's hash chains, for an auditor to keep outside of the database.

The owner of the database could rewrite whole chains, including their heads. The heads that an
auditor kept before would then be missing from the log.
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
# The event after the kept head of its chain, if it is older than the newest of all kept heads by
# more than a transaction can last: the event existed when the file was written.
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
"""A transaction that began this long before the newest kept event had ended by then."""
_GONE = """
    select k.shard, k.sequence, e.id
    from unnest(%s::smallint[], %s::bigint[], %s::text[]) as k (shard, sequence, hash)
    left join audit_event e on e.shard = k.shard and e.sequence = k.sequence
    where k.sequence > 0 and (e.id is null or encode(e.hash, 'hex') <> k.hash)
    order by k.shard
"""


class HeadsError(ValueError):
    """The text is no file of heads, or was altered."""


class Head(NamedTuple):
    """The head of a chain: the number of its last event, and that event's hash in hex."""

    shard: int
    sequence: int
    hash: str


class Missing(NamedTuple):
    """A kept head whose event is no longer in the log, or was altered."""

    shard: int
    sequence: int
    event_id: int | None

    def __str__(self) -> str:
        """Describe the fault in one line."""
        event = "audit event" if self.event_id is None else f"audit event {self.event_id}"
        fault = "removed" if self.event_id is None else "altered"
        return f"{event}, chain {self.shard}, number {self.sequence}: {fault} since it was kept"


class Omitted(NamedTuple):
    """A chain of the log that a file of heads omits, in whole or from some event on.

    `event_id` is the first omitted event; None where the file has no line for the chain.
    """

    shard: int
    sequence: int
    event_id: int | None

    def __str__(self) -> str:
        """Describe the fault in one line."""
        if self.event_id is None:
            return f"chain {self.shard}: the kept file has no line of it; it was shortened"
        return (
            f"audit event {self.event_id}, chain {self.shard}, number {self.sequence}: older than "
            "the kept file, which leaves it out"
        )


def heads(connection: Connection[TupleRow]) -> list[Head]:
    """Return the head of every chain; sequence 0 for a chain without events."""
    return [Head(*row) for row in connection.execute(_HEADS)]


def summary(kept: Sequence[Head]) -> str:
    """Return what an auditor compares with their notes: digest, number of events and of chains."""
    used = [head for head in kept if head.sequence]
    events = sum(head.sequence for head in used)
    return f"{digest(kept)} ({events:,} events in {len(used):,} of {len(kept):,} chains)"


def digest(kept: Sequence[Head]) -> str:
    """Return the SHA-256 digest of all heads, in hex."""
    lines = "".join(f"{shard} {sequence} {hash_}\n" for shard, sequence, hash_ in kept)
    return hashlib.sha256(lines.encode()).hexdigest()


def written(kept: Sequence[Head]) -> str:
    """Return the text of a file of heads."""
    lines = [f"{_TITLE} {digest(kept)}", *(" ".join(map(str, head)) for head in kept)]
    return "\n".join(lines) + "\n"


def read(text: str) -> list[Head]:
    """Parse the text of a file of heads. Raises HeadsError."""
    title, *lines = text.splitlines() or [""]
    found = [_LINE.fullmatch(line) for line in lines]
    kept = [Head(int(m[1]), int(m[2]), m[3]) for m in found if m is not None]
    if title != f"{_TITLE} {digest(kept)}" or None in found:
        raise HeadsError("not written by 'sangkien verify --heads', or changed since")
    return kept


def missing(connection: Connection[TupleRow], kept: Sequence[Head]) -> list[Missing]:
    """Return the kept heads that are missing from the log or altered in it."""
    columns = [list(column) for column in zip(*kept, strict=True)] or [[], [], []]
    return [Missing(*row) for row in connection.execute(_GONE, columns)]


def omitted(connection: Connection[TupleRow], kept: Sequence[Head]) -> list[Omitted]:
    """Return what a file of heads omits although it was in the log when the file was written.

    A shortened file with a recomputed digest is detected: a file has a line for every chain.
    """
    there = {head.shard for head in kept}
    lost = [
        Omitted(shard, 0, None) for (shard,) in connection.execute(_SHARDS) if shard not in there
    ]
    given = [[head.shard for head in kept], [head.sequence for head in kept], LONGEST_TRANSACTION]
    return [*lost, *(Omitted(*row) for row in connection.execute(_OMITTED, given))]
