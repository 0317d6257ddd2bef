"""Frozen results of phases, and later adjustments."""

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


@strawberry.type
class PhaseResult:
    """A unit's totals in a phase, as they were when the phase was frozen. They never change."""

    submitted: int = strawberry.field(
        description="Initiatives submitted, except withdrawn and revoked ones and duplicates."
    )
    recognised: int = strawberry.field(
        description="Initiatives in the state RECOGNISED or CONFIRMED."
    )
    confirmed: int = strawberry.field(description="Initiatives in the state CONFIRMED.")
    returned: int = strawberry.field(description="Initiatives in the state RETURNED.")
    rejected: int = strawberry.field(description="Initiatives in the state REJECTED.")
    achieved: int = strawberry.field(
        description="Initiatives that the campaign counts, as its `countsFrom` says."
    )
    achieved_production: int = strawberry.field(
        description="Achieved initiatives of the sector PRODUCTION."
    )
    achieved_public: int = strawberry.field(
        description="Achieved initiatives of the sector PUBLIC."
    )
    target: int | None = strawberry.field(
        description="The unit's effective target in initiatives. Null where there was none."
    )
    percent: float | None = strawberry.field(
        description="100 × achieved / target in percent, two decimals. Null without a target."
    )
    benefit_claimed: VND = strawberry.field(
        description="The benefit claimed for the submitted initiatives, in VND."
    )
    benefit_verified: VND = strawberry.field(
        description="The benefit verified for the achieved initiatives, in VND."
    )
    participants: int = strawberry.field(description="People who authored an achieved initiative.")
    units_total: int = strawberry.field(description="Open grassroots units in the subtree.")
    units_reporting: int = strawberry.field(
        description="Grassroots units with at least one submitted initiative."
    )
    units_meeting_floor: int = strawberry.field(
        description="Grassroots units that achieved the phase's `floor`."
    )
    opens_on: date = strawberry.field(description="The first day of the unit's own window.")
    closes_on: date = strawberry.field(
        description="The last day of the unit's own window, included."
    )
    days: int = strawberry.field(
        description="The length of that window in days, both ends included."
    )
    frozen_at: datetime = strawberry.field(description="When the phase was frozen.")

    @sql(queries.results.tiers)
    def tiers(self) -> list[TierCount]:
        """The achieved initiatives by benefit tier, with the tiers as they were then."""

    @sql(queries.results.gained)
    def gained(self) -> int:
        """The sum of later adjustments: `achieved` plus this is today's figure."""

    @sql(queries.people.actor)
    def by(self) -> Person | None:
        """The person who froze the phase. Null where the caller may not see the person."""


@strawberry.type
class Adjustment:
    """A change to a phase that had closed already, at one unit, with its reason."""

    kind: AdjustmentKind = strawberry.field(description="The kind of the change.")
    reason: str = strawberry.field(description="The reason that the caller of the change gave.")
    at: datetime = strawberry.field(description="When the change was made.")
    gained: int = strawberry.field(
        description="By how many achieved initiatives the change raised the unit's total;"
        " negative where it lowered it."
    )

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit that the change concerns. Null where the caller may not see it."""

    @sql(queries.initiatives.of_row)
    def initiative(self) -> Initiative | None:
        """The initiative that was changed or decided on.

        Null where the change was about none, or where the caller may not see it.
        """

    @sql(queries.people.actor)
    def by(self) -> Person | None:
        """The person who made the change. Null where the caller may not see the person."""
