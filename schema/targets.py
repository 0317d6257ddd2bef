"""Targets and their revisions."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import queries
from schema.compiler.fields import connection, sql
from schema.compiler.relay import Connection
from schema.scalars import TargetKind

if TYPE_CHECKING:
    from schema.people import Person


@strawberry.type
class TargetRevision:
    """One change of a target: by whom, when and why."""

    kind: TargetKind = strawberry.field(description="The part of the target that was changed.")
    value: int | None = strawberry.field(
        description="The value after the change, in initiatives. Null where it was cleared."
    )
    previous: int | None = strawberry.field(
        description="The value before the change, in initiatives. Null where there was none."
    )
    reason: str | None = strawberry.field(
        description="The reason that the caller of the change gave. Null where there is none."
    )
    at: datetime = strawberry.field(description="When the target was changed.")

    @sql(queries.people.actor)
    def by(self) -> Annotated["Person", strawberry.lazy("schema.people")] | None:
        """The person who changed it. Null where the caller may not see the person."""


@strawberry.type
class Target:
    """A unit's target in a phase, in initiatives, with the sums of its children."""

    assigned: int | None = strawberry.field(
        description="The value that the parent unit assigned. Null where it assigned none."
    )
    registered: int | None = strawberry.field(
        description="The value that the unit registered itself. Null where it registered none."
    )
    effective: int | None = strawberry.field(
        description="The value that counts: registered, else assigned. Null where there is neither."
    )
    children_assigned: int = strawberry.field(
        description="The sum of what the unit assigned to the units directly below."
    )
    children_registered: int = strawberry.field(
        description="The sum of what the units directly below registered."
    )
    unallocated: int | None = strawberry.field(
        description="`effective` − `childrenAssigned`; negative where too much is assigned."
        " Null without a target."
    )
    version: int = strawberry.field(
        description="The version, to send with `assignTargets` and `registerTarget`. 0 where"
        " the target was never set; it rises with every change."
    )

    @connection(queries.targets.revisions)
    def revisions(self) -> Connection[TargetRevision]:
        """The changes of the target, newest first.

        Empty for callers without a role that covers the unit, and for anonymous callers.
        """
