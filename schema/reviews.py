"""What awaits a decision: the viewer's, or a unit's."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import queries
from schema.compiler.fields import COLUMN, sql
from schema.initiatives import Initiative

if TYPE_CHECKING:
    from schema.units import Unit


@strawberry.type(description="An initiative that awaits a decision.")
class QueueEntry:
    """An initiative that awaits a unit's decision: in the viewer's queue, or in a unit's list."""

    since: datetime = strawberry.field(
        description="Since when it awaits this unit.", metadata={COLUMN: "awaited_at"}
    )

    @sql(queries.reviews.queued)
    def initiative(self) -> Initiative:
        """The initiative."""

    @sql(queries.units.awaited)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")]:
        """The unit whose decision it awaits."""

    @sql(queries.reviews.escalated_from)
    def escalated_from(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """In the viewer's queue: the unit below for which the viewer's unit decides.

        No account there may decide on it. Null where it awaits the viewer's own unit.
        """

    @sql(queries.reviews.decider_missing)
    def decider_missing(self) -> bool:
        """Whether no account at the awaited unit may decide on it."""

    @sql(queries.reviews.days)
    def days(self) -> int:
        """How many days it has been waiting; 0 on the first."""
