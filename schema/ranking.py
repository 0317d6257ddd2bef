"""Rankings of units within a phase."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import queries
from schema.compiler.fields import sql
from schema.scalars import VND

if TYPE_CHECKING:
    from schema.units import Unit


@strawberry.enum
class RankBy(StrEnum):
    """What ranks."""

    PERCENT = "PERCENT"
    ACHIEVED = "ACHIEVED"
    BENEFIT = "BENEFIT"
    PARTICIPANTS = "PARTICIPANTS"


@strawberry.type(description="A unit with its rank; equals share one.")
class Ranking:
    """A unit with its rank among those that the viewer sees."""

    rank: int
    achieved: int
    target: int | None
    percent: float | None
    benefit_verified: VND
    participants: int

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")]:
        """The unit."""
