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


@strawberry.type(description="One change of a target.")
class TargetRevision:
    """One change of a target: who, when, why."""

    kind: TargetKind
    value: int | None
    previous: int | None
    reason: str | None
    at: datetime

    @sql(queries.people.actor)
    def by(self) -> Annotated["Person", strawberry.lazy("schema.people")] | None:
        """Who changed it, where the viewer may know."""


@strawberry.type(description="A unit's target in a phase, reconciled with its children's.")
class Target:
    """A unit's target in a phase, reconciled with its children's."""

    assigned: int | None = strawberry.field(description="By the parent.")
    registered: int | None = strawberry.field(description="The unit's own pledge.")
    effective: int | None = strawberry.field(description="Registered, else assigned.")
    children_assigned: int
    children_registered: int
    unallocated: int | None = strawberry.field(
        description="effective − childrenAssigned; null without a target."
    )
    version: int = strawberry.field(description="0 where nothing was ever set.")

    @connection(queries.targets.revisions)
    def revisions(self) -> Connection[TargetRevision]:
        """Every change, newest first.

        Empty for viewers without a role that covers the unit, such as the public at the root.
        """
