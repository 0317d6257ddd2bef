"""Whether the audit log's chains hold: the comparison is that of db/sql/verify_audit.sql."""

from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import TupleRow

LISTED = 100
"""At most so many faults are listed; all are counted."""

_COUNT = "select count(*), count(distinct shard) from audit_event"
_FAULTS = """
    select event_id, shard, sequence, fault, count(*) over () from verify_audit
    order by shard, sequence, event_id limit %s
"""


@dataclass(frozen=True)
class Fault:
    """What is wrong with an event, or with a chain where `event_id` is None.

    `sequence` is the event's number in its chain, or the one that the chain's head names.
    """

    event_id: int | None
    shard: int
    sequence: int | None
    fault: str

    def __str__(self) -> str:
        """Say in one line what is wrong where."""
        subject = "audit log" if self.event_id is None else f"audit event {self.event_id}"
        number = "" if self.event_id is None else f", number {self.sequence}"
        return f"{subject}, chain {self.shard}{number}: {self.fault}"


@dataclass(frozen=True)
class AuditReport:
    """How many events in how many chains were checked, how many faults there are, and the first."""

    events: int
    chains: int
    faulty: int
    faults: list[Fault]


def verify_audit(connection: Connection[TupleRow]) -> AuditReport:
    """Compute every event's hash anew and follow every chain, as the owner role."""
    events, chains = connection.execute(_COUNT).fetchall()[0]
    found = connection.execute(_FAULTS, [LISTED]).fetchall()
    return AuditReport(
        events, chains, found[0][4] if found else 0, [Fault(*row[:4]) for row in found]
    )
