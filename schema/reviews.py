"""Work queues: initiatives that await a decision."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import queries
from schema.compiler.fields import COLUMN, sql
from schema.initiatives import Initiative

if TYPE_CHECKING:
    from schema.units import Unit


@strawberry.type
class QueueEntry:
    """An initiative that awaits a decision: an entry of the caller's work queue or of a unit's."""

    since: datetime = strawberry.field(
        description="Since when it awaits the decision of this unit.",
        metadata={COLUMN: "awaited_at"},
    )

    @sql(queries.reviews.queued)
    def initiative(self) -> Initiative:
        """The initiative that awaits the decision."""

    @sql(queries.units.awaited)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")]:
        """The unit whose decision it awaits."""

    @sql(queries.reviews.escalated_from)
    def escalated_from(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit below in whose place the caller's unit decides.

        No account there may decide. Null where it awaits the caller's own unit, and outside the
        caller's queue.
        """

    @sql(queries.reviews.decider_missing)
    def decider_missing(self) -> bool:
        """Whether no account at the awaited unit may decide on it."""

    @sql(queries.reviews.days)
    def days(self) -> int:
        """How many days it has been waiting; 0 on the first day."""
