"""Totals of a unit's subtree: progress, pace, history, standing."""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import queries
from db.rules.described import DescribedEnum
from schema.compiler.fields import sql
from schema.scalars import VND, PaceStatus

if TYPE_CHECKING:
    from schema.campaigns import BenefitTier
    from schema.units import EmulationBloc


@strawberry.enum
class Interval(DescribedEnum):
    """The length of one step of a history."""

    DAY = "DAY", "One day."
    WEEK = "WEEK", "One week, from Monday."
    MONTH = "MONTH", "One calendar month."


@strawberry.type
class TierCount:
    """The number of achieved initiatives in one benefit tier."""

    count: int = strawberry.field(
        description="The number of achieved initiatives whose benefit lies in the tier."
    )

    @sql(queries.progress.tier_of)
    def tier(self) -> Annotated["BenefitTier", strawberry.lazy("schema.campaigns")]:
        """The benefit tier."""


@strawberry.type
class Pace:
    """Progress towards the target by today, and where the rate so far leads.

    Days include both ends of the window.
    """

    opens_on: date = strawberry.field(description="The first day of the unit's window.")
    closes_on: date = strawberry.field(description="The last day of the unit's window, included.")
    day: int = strawberry.field(
        description="Today's number among the days of the window, from 1; after the window, the"
        " last day's."
    )
    days: int = strawberry.field(description="The length of the window in days.")
    expected_by_today: float = strawberry.field(
        description="The initiatives achieved by today at an even pace: target × day / days,"
        " one decimal."
    )
    daily_rate: float = strawberry.field(
        description="Initiatives achieved a day so far, two decimals."
    )
    required_rate: float | None = strawberry.field(
        description="Initiatives a day from tomorrow on that reach the target, two decimals."
        " Null on the last day and after it."
    )
    projected_total: int = strawberry.field(
        description="Initiatives achieved by the last day if the daily rate so far goes on."
    )
    projected_on: date | None = strawberry.field(
        description="The day on which the daily rate so far reaches the target; it may lie"
        " after the window. Null where the target is reached already, or nothing was"
        " achieved."
    )
    status: PaceStatus = strawberry.field(description="Whether the pace leads to the target.")


@strawberry.type
class ProgressPoint:
    """What a subtree gained in one step of a history.

    An initiative that no longer counts is no longer in any step.
    """

    starts_on: date = strawberry.field(description="The first day of the step.")
    submitted: int = strawberry.field(description="Initiatives submitted in the step.")
    recognised: int = strawberry.field(description="Initiatives recognised in the step.")
    confirmed: int = strawberry.field(description="Initiatives confirmed in the step.")
    achieved: int = strawberry.field(description="Initiatives that became achieved in the step.")
    achieved_so_far: int = strawberry.field(
        description="Initiatives achieved up to the end of the step."
    )


@strawberry.type
class Progress:
    """Totals of a unit's whole subtree, exact at every moment."""

    submitted: int = strawberry.field(
        description="Initiatives that were submitted, whatever was decided since, except those"
        " that are withdrawn, revoked or a duplicate."
    )
    recognised: int = strawberry.field(
        description="Initiatives in the state RECOGNISED or CONFIRMED."
    )
    confirmed: int = strawberry.field(description="Initiatives in the state CONFIRMED.")
    returned: int = strawberry.field(description="Initiatives in the state RETURNED.")
    rejected: int = strawberry.field(description="Initiatives in the state REJECTED.")
    achieved: int = strawberry.field(
        description="Initiatives that the campaign counts: recognised or confirmed, as its"
        " `countsFrom` says."
    )
    achieved_production: int = strawberry.field(
        description="Achieved initiatives of the sector PRODUCTION."
    )
    achieved_public: int = strawberry.field(
        description="Achieved initiatives of the sector PUBLIC."
    )
    target: int | None = strawberry.field(
        description="The target in initiatives: registered, else assigned; of a whole campaign,"
        " the sum over its phases. Null where there is none."
    )
    benefit_claimed: VND = strawberry.field(
        description="The benefit claimed for the submitted initiatives, in VND."
    )
    benefit_verified: VND = strawberry.field(
        description="The benefit verified for the achieved initiatives, in VND."
    )
    participants: int = strawberry.field(
        description="People who authored an achieved initiative, each once, in the unit that they"
        " belonged to when the earliest of these was achieved, wherever they have moved since."
    )
    units_total: int = strawberry.field(description="Open grassroots units in the subtree.")
    units_reporting: int = strawberry.field(
        description="Grassroots units with at least one submitted initiative."
    )
    units_meeting_floor: int = strawberry.field(
        description="Grassroots units that achieved the phase's `floor`."
    )

    @sql(queries.progress.percent)
    def percent(self) -> float | None:
        """100 × achieved / target in percent, two decimals. Null without a target."""

    @sql(queries.progress.tiers)
    def tiers(self) -> list[TierCount]:
        """The achieved initiatives by benefit tier: verified benefit, else claimed.

        Tiers may overlap, so the counts need not sum to `achieved`.
        """

    @sql(queries.progress.pace)
    def pace(self) -> Pace | None:
        """The pace in the unit's own window. Null without a target, or before it opens."""

    @sql(queries.progress.history, price=200)
    def history(
        self,
        interval: Annotated[
            Interval, strawberry.argument(description="The length of one step.")
        ] = Interval.WEEK,
    ) -> list[ProgressPoint]:
        """The gains step by step, the oldest first. Steps without a change are left out."""


@strawberry.type
class Standing:
    """A unit's rank in its emulation bloc by percent of target.

    Equal units share a rank. The figures of the other units are not part of it.
    """

    rank: int = strawberry.field(description="The rank, from 1.")
    units: int = strawberry.field(description="The number of units in the bloc.")

    @sql(queries.units.bloc)
    def bloc(self) -> Annotated["EmulationBloc", strawberry.lazy("schema.units")]:
        """The emulation bloc."""
