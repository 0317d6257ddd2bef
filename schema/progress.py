"""Totals of a unit's subtree: progress, pace, history, standing."""

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import queries
from schema.compiler.fields import sql
from schema.scalars import VND, PaceStatus

if TYPE_CHECKING:
    from schema.campaigns import BenefitTier
    from schema.units import EmulationBloc


@strawberry.enum
class Interval(StrEnum):
    """The length of a step of a history."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


@strawberry.type(description="How many achieved initiatives fall into a benefit tier.")
class TierCount:
    """How many achieved initiatives fall into a benefit tier."""

    count: int

    @sql(queries.progress.tier_of)
    def tier(self) -> Annotated["BenefitTier", strawberry.lazy("schema.campaigns")]:
        """The tier."""


@strawberry.type(description="How far, how fast, and where it leads. Days count both ends.")
class Pace:
    """How far, how fast, and where it leads."""

    opens_on: date
    closes_on: date
    day: int = strawberry.field(description="Today's number among the days of the window.")
    days: int
    expected_by_today: float = strawberry.field(description="Even pace: target × day / days.")
    daily_rate: float = strawberry.field(description="Initiatives a day so far.")
    required_rate: float | None = strawberry.field(
        description="Initiatives a day from tomorrow on to reach the target; null on the last day."
    )
    projected_total: int
    projected_on: date | None = strawberry.field(
        description="When the target is reached at the rate so far; null if reached, or never."
    )
    status: PaceStatus


@strawberry.type(description="What was gained in one step of a history.")
class ProgressPoint:
    """What was gained in one step of a history; what has since been lost again is not in it."""

    starts_on: date
    submitted: int
    recognised: int
    confirmed: int
    achieved: int
    achieved_so_far: int


@strawberry.type(description="Totals of a unit's whole subtree, exact at every moment.")
class Progress:
    """Totals of a unit's whole subtree; what each counts: db/sql/rollup.sql."""

    submitted: int = strawberry.field(
        description="Handed in and neither withdrawn, revoked nor a duplicate."
    )
    recognised: int = strawberry.field(description="RECOGNISED or CONFIRMED.")
    confirmed: int
    returned: int
    rejected: int
    achieved: int = strawberry.field(
        description="What the campaign counts: recognised or confirmed."
    )
    achieved_production: int
    achieved_public: int
    target: int | None = strawberry.field(
        description="Registered, else assigned; of the campaign, the sum of its phases'."
    )
    benefit_claimed: VND = strawberry.field(description="Of the submitted ones.")
    benefit_verified: VND = strawberry.field(description="Of the achieved ones.")
    participants: int = strawberry.field(
        description="People who authored an achieved initiative, each once, at the unit that they"
        " belonged to when the earliest of these was achieved, wherever they have moved since."
    )
    units_total: int = strawberry.field(description="Open grassroots units.")
    units_reporting: int = strawberry.field(
        description="Grassroots units with a submitted initiative."
    )
    units_meeting_floor: int = strawberry.field(
        description="Grassroots units that have achieved the phase's minimum."
    )

    @sql(queries.progress.percent)
    def percent(self) -> float | None:
        """100 × achieved / target, two decimals; null without a target."""

    @sql(queries.progress.tiers)
    def tiers(self) -> list[TierCount]:
        """Achieved initiatives by benefit, verified or else claimed; tiers may overlap."""

    @sql(queries.progress.pace)
    def pace(self) -> Pace | None:
        """The pace in the unit's own window; null without a target or before it opens."""

    @sql(queries.progress.history, price=200)
    def history(self, interval: Interval = Interval.WEEK) -> list[ProgressPoint]:
        """What was gained step by step; steps without a change are left out."""


@strawberry.type(description="A unit's rank in its emulation bloc, without the peers' rows.")
class Standing:
    """A unit's rank in its emulation bloc by percent of target; equals share a rank."""

    rank: int
    units: int = strawberry.field(description="How many units the bloc has.")

    @sql(queries.units.bloc)
    def bloc(self) -> Annotated["EmulationBloc", strawberry.lazy("schema.units")]:
        """The bloc."""
