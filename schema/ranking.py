"""Rankings of units within a phase."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from db import queries
from db.rules.described import DescribedEnum
from schema.compiler.fields import sql
from schema.scalars import VND

if TYPE_CHECKING:
    from schema.units import Unit


@strawberry.enum
class RankBy(DescribedEnum):
    """The figure by which units are ranked, the largest first."""

    PERCENT = "PERCENT", "100 × achieved / target."
    ACHIEVED = "ACHIEVED", "The number of achieved initiatives."
    BENEFIT = "BENEFIT", "The verified benefit in VND."
    PARTICIPANTS = "PARTICIPANTS", "The number of participants."


@strawberry.type
class Ranking:
    """A unit with its rank and figures in a phase."""

    rank: int = strawberry.field(
        description="The rank by the chosen figure, from 1. Equal units share a rank."
    )
    achieved: int = strawberry.field(description="The achieved initiatives of the unit's subtree.")
    target: int | None = strawberry.field(
        description="The unit's effective target in initiatives. Null where there is none."
    )
    percent: float | None = strawberry.field(
        description="100 × achieved / target in percent, two decimals. Null without a target."
    )
    benefit_verified: VND = strawberry.field(
        description="The verified benefit of the achieved initiatives, in VND."
    )
    participants: int = strawberry.field(
        description="The people who authored an achieved initiative."
    )

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")]:
        """The ranked unit."""
