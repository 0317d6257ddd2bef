"""Results of closed phases as they were frozen, and the adjustments made since."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import queries
from schema.compiler.fields import sql
from schema.initiatives import Initiative
from schema.people import Person
from schema.progress import TierCount
from schema.scalars import VND, AdjustmentKind

if TYPE_CHECKING:
    from schema.units import Unit


@strawberry.type(description="A unit's totals in a phase as they were when it was frozen.")
class PhaseResult:
    """A unit's totals in a closed phase, which never change; what each counts: Progress."""

    submitted: int
    recognised: int
    confirmed: int
    returned: int
    rejected: int
    achieved: int
    achieved_production: int
    achieved_public: int
    target: int | None
    percent: float | None = strawberry.field(
        description="100 × achieved / target, two decimals; null without a target."
    )
    benefit_claimed: VND
    benefit_verified: VND
    participants: int
    units_total: int
    units_reporting: int
    units_meeting_floor: int
    opens_on: date = strawberry.field(description="Of the unit's own window.")
    closes_on: date
    days: int = strawberry.field(description="The length of that window, both ends included.")
    frozen_at: datetime

    @sql(queries.results.tiers)
    def tiers(self) -> list[TierCount]:
        """Achieved initiatives by benefit tier, with the tiers as they were then."""

    @sql(queries.results.gained)
    def gained(self) -> int:
        """What adjustments have since added to `achieved`: with it, today's achieved."""

    @sql(queries.people.actor)
    def by(self) -> Person | None:
        """Who froze it, where the viewer may know."""


@strawberry.type(description="A named change to a phase that was closed already.")
class Adjustment:
    """A named change to a phase that was closed already, at the unit that it concerns."""

    kind: AdjustmentKind
    reason: str
    at: datetime
    gained: int = strawberry.field(
        description="How many initiatives more, or fewer, count as achieved by it."
    )

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit that it concerns."""

    @sql(queries.initiatives.of_row)
    def initiative(self) -> Initiative | None:
        """The initiative that was decided on, where the viewer may see it."""

    @sql(queries.people.actor)
    def by(self) -> Person | None:
        """Who made it, where the viewer may know."""
