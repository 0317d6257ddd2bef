"""Verification: stored totals, the audit log and the database objects, checked by auditors."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from db import queries
from schema.compiler.fields import sql
from schema.scalars import CatalogueFault

if TYPE_CHECKING:
    from schema.units import Unit


@strawberry.type
class TotalDifference:
    """A stored total that differs from the recount of the raw rows."""

    campaign: str | None = strawberry.field(
        description="The campaign's code. Null for a total that belongs to no campaign."
    )
    phase: int | None = strawberry.field(
        description="The phase's ordinal; 0 for the whole campaign. Null for a total that"
        " belongs to no campaign."
    )
    detail: str | None = strawberry.field(
        description="The day or the benefit tier of a total by day or by tier. Null for other"
        " totals."
    )
    counter: str = strawberry.field(description="The name of the total, such as `achieved`.")
    kept: str | None = strawberry.field(
        description="The stored value, as text. Null where none is stored."
    )
    counted: str | None = strawberry.field(
        description="The value of the recount, as text. Null where the recount has none."
    )

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit whose total it is. Null where the caller may not see it."""


@strawberry.type
class AuditFault:
    """A fault in the hash chains of the audit log."""

    event_id: int | None = strawberry.field(
        description="The event's number in the log. Null where the event is missing."
    )
    shard: int = strawberry.field(description="The number of the hash chain.")
    sequence: int | None = strawberry.field(
        description="The position in the hash chain. Null where it is unknown."
    )
    fault: str = strawberry.field(
        description="The fault, such as `altered` or `2 removed before it`."
    )


@strawberry.type
class AuditLogVerification:
    """The result of checking the hash chains of the audit log."""

    events: int = strawberry.field(description="The number of events that were checked.")
    chains: int = strawberry.field(
        description="The number of hash chains that these events are in."
    )
    faulty: int = strawberry.field(description="The number of faults that were found.")

    @sql(queries.verification.audit_faults, longest=100)
    def faults(self) -> list[AuditFault]:
        """The first 100 faults. Empty where the log is intact."""


@strawberry.type
class ObjectDifference:
    """A database object that differs from what this version of the server expects."""

    kind: str = strawberry.field(
        description="The kind of object, such as `trigger`, `policy`, `function` or `grant`."
    )
    name: str = strawberry.field(
        description="The object's name, such as `initiative.initiative_follow`."
    )
    fault: CatalogueFault = strawberry.field(description="How the object differs.")


@strawberry.type
class ObjectsVerification:
    """The result of comparing the database's objects with the expected ones."""

    compared: int = strawberry.field(
        description="The number of objects that were compared: tables, columns, triggers,"
        " policies, functions, grants and others."
    )
    differing: int = strawberry.field(description="The number of objects that differ.")

    @sql(queries.verification.object_differences, longest=100)
    def differences(self) -> list[ObjectDifference]:
        """The objects that differ."""


@strawberry.type
class Verification:
    """The result of comparing what is stored with what it should be, at the time of the query."""

    cells: int = strawberry.field(
        description="The number of totals of the caller's subtrees that were compared."
    )
    differing: int = strawberry.field(description="The number of these totals that differ.")

    @sql(queries.verification.total_differences, longest=100)
    def differences(self) -> list[TotalDifference]:
        """The first 100 totals that differ from the recount."""

    @sql(queries.verification.audit_log)
    def audit_log(self) -> AuditLogVerification | None:
        """The check of the audit log. Null unless the caller has VERIFY at the root."""

    @sql(queries.verification.objects)
    def objects(self) -> ObjectsVerification | None:
        """The check of the database's objects. Null unless the caller has VERIFY at the root."""
