"""What an auditor verifies: stored totals, the audit log, and the objects of the database."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from db import queries
from schema.compiler.fields import sql
from schema.scalars import CatalogueFault

if TYPE_CHECKING:
    from schema.units import Unit


@strawberry.type(description="A stored total that differs from the recount of the raw rows.")
class TotalDifference:
    """A stored total that differs from the recount of the raw rows."""

    campaign: str | None = strawberry.field(
        description="The campaign's code; null for what a unit has without a campaign."
    )
    phase: int | None = strawberry.field(
        description="The phase's ordinal, 0 for the whole campaign; null without a campaign."
    )
    detail: str | None = strawberry.field(
        description="The day or the benefit tier, for totals by day and by tier."
    )
    counter: str = strawberry.field(description="Which total, such as `achieved`.")
    kept: str | None = strawberry.field(description="The stored value.")
    counted: str | None = strawberry.field(description="The value of the recount.")

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit whose total it is."""


@strawberry.type(description="A fault in the audit log.")
class AuditFault:
    """A fault in the audit log."""

    event_id: int | None = strawberry.field(
        description="The event's number in the log; null where the event is gone."
    )
    shard: int = strawberry.field(description="The number of the hash chain.")
    sequence: int | None = strawberry.field(description="The place in the hash chain.")
    fault: str = strawberry.field(description="Such as `altered` or `2 removed before it`.")


@strawberry.type(description="The check of the audit log's hash chains.")
class AuditLogVerification:
    """The check of the audit log's hash chains."""

    events: int = strawberry.field(description="How many events were checked.")
    chains: int = strawberry.field(description="In how many hash chains they are.")
    faulty: int = strawberry.field(description="How many faults were found.")

    @sql(queries.verification.audit_faults, longest=100)
    def faults(self) -> list[AuditFault]:
        """The first 100 faults."""


@strawberry.type(description="An object of the database that this version does not make so.")
class ObjectDifference:
    """An object of the database that this version does not make so."""

    kind: str = strawberry.field(description="Such as `trigger`, `policy`, `function`, `grant`.")
    name: str = strawberry.field(description="Such as `initiative.initiative_follow`.")
    fault: CatalogueFault


@strawberry.type(description="The comparison of the database's objects with those expected.")
class ObjectsVerification:
    """The comparison of the database's objects with those that this version makes."""

    compared: int = strawberry.field(
        description="How many tables, columns, triggers, policies, functions, grants and others."
    )
    differing: int = strawberry.field(description="How many of them differ.")

    @sql(queries.verification.object_differences, longest=100)
    def differences(self) -> list[ObjectDifference]:
        """The objects that differ."""


@strawberry.type(description="Whether what is stored is what it should be.")
class Verification:
    """Whether what is stored is what it should be, computed when it is asked for."""

    cells: int = strawberry.field(
        description="How many totals of the units in the caller's subtrees were compared."
    )
    differing: int = strawberry.field(description="How many of these totals differ.")

    @sql(queries.verification.total_differences, longest=100)
    def differences(self) -> list[TotalDifference]:
        """The first 100 totals that differ from the recount."""

    @sql(queries.verification.audit_log)
    def audit_log(self) -> AuditLogVerification | None:
        """The check of the audit log; null unless the caller has VERIFY at the root."""

    @sql(queries.verification.objects)
    def objects(self) -> ObjectsVerification | None:
        """The check of the database's objects; null unless the caller has VERIFY at the root."""
