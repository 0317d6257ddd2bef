"""What awaits the viewer's decision."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import queries
from schema.compiler.fields import COLUMN, sql
from schema.initiatives import Initiative

if TYPE_CHECKING:
    from schema.units import Unit


@strawberry.type(description="An initiative that awaits a decision of the viewer's.")
class QueueEntry:
    """An initiative that awaits the decision of a unit that the viewer decides for."""

    since: datetime = strawberry.field(
        description="Since when it awaits this unit.", metadata={COLUMN: "awaited_at"}
    )

    @sql(queries.reviews.queued)
    def initiative(self) -> Initiative:
        """The initiative."""

    @sql(queries.units.awaited)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")]:
        """The unit whose decision it awaits."""

    @sql(queries.reviews.days)
    def days(self) -> int:
        """How many days it has been waiting; 0 on the first."""
