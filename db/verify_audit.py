"""Check the hash chains of the audit log, by the views of db/sql/verify_audit.sql."""

from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import TupleRow

LISTED = 100
"""The maximum number of faults that are listed; all are counted."""

_COUNT = "select count(*), count(distinct shard) from audit_event"
_FAULTS = """
    select event_id, shard, sequence, fault, count(*) over () from verify_audit
    order by shard, sequence, event_id limit %s
"""


@dataclass(frozen=True)
class Fault:
    """The fault of an event, or of a chain where `event_id` is None.

    `sequence` is the event's number in its chain, or the number in the chain's head.
    """

    event_id: int | None
    shard: int
    sequence: int | None
    fault: str

    def __str__(self) -> str:
        """Describe the fault in one line."""
        subject = "audit log" if self.event_id is None else f"audit event {self.event_id}"
        number = "" if self.event_id is None else f", number {self.sequence}"
        return f"{subject}, chain {self.shard}{number}: {self.fault}"


@dataclass(frozen=True)
class AuditReport:
    """The numbers of checked events and chains and of faults, and the first faults."""

    events: int
    chains: int
    faulty: int
    faults: list[Fault]


def verify_audit(connection: Connection[TupleRow]) -> AuditReport:
    """Compute every event's hash again and follow every chain, as the owner role."""
    events, chains = connection.execute(_COUNT).fetchall()[0]
    found = connection.execute(_FAULTS, [LISTED]).fetchall()
    return AuditReport(
        events, chains, found[0][4] if found else 0, [Fault(*row[:4]) for row in found]
    )
