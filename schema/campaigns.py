"""Campaigns, phases, drives, tiers and rankings."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import queries
from schema.compiler.fields import COLUMN, connection, sql
from schema.compiler.relay import Connection
from schema.node import Node
from schema.ranking import RankBy, Ranking
from schema.results import Adjustment
from schema.scalars import VND, CountsFrom, PhaseStatus, UnitLevel

if TYPE_CHECKING:
    from schema.units import Unit


@strawberry.type
class BenefitTier:
    """A range of benefit in VND, both ends included. Tiers of a campaign may overlap."""

    label: str = strawberry.field(description="The tier's name, unique in its campaign.")
    from_: VND = strawberry.field(
        name="from",
        metadata={COLUMN: "from_vnd"},
        description="The lowest benefit of the tier, in VND, included.",
    )
    to: VND | None = strawberry.field(
        metadata={COLUMN: "to_vnd"},
        description="The highest benefit of the tier, in VND, included. Null: no upper bound.",
    )


@strawberry.type
class Drive:
    """A peak within a phase, with its own dates, that a unit called."""

    title: str = strawberry.field(description="The drive's title.")
    opens_on: date = strawberry.field(description="The first day.")
    closes_on: date = strawberry.field(description="The last day, included.")

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit that called the drive. Null where the caller may not see it."""


@strawberry.type
class WindowOverride:
    """A unit's own dates of a phase, for its subtree.

    Where several units above have an override, the nearest one applies.
    """

    opens_on: date = strawberry.field(description="The first day of the phase in the subtree.")
    closes_on: date = strawberry.field(
        description="The last day of the phase in the subtree, included."
    )
    version: int = strawberry.field(
        description="The version, to send with `overridePhaseWindow`. It rises with every change."
    )

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit whose subtree has these dates. Null where the caller may not see it."""


@strawberry.type
class Criterion:
    """One criterion of a campaign's rubric."""

    criterion: str = strawberry.field(description="The criterion's name, unique in its campaign.")
    most: int = strawberry.field(
        description="The highest score that a review may give for it. The lowest is 0."
    )


@strawberry.type
class Phase(Node):
    """A period of a campaign, in which submitted initiatives count.

    Units may have other dates, see `overrides`.
    """

    by_id = staticmethod(queries.campaigns.phase_by_id)

    ordinal: int = strawberry.field(
        description="The phase's number in its campaign, from 1. Arguments named `phase` take it."
    )
    title: str = strawberry.field(description="The phase's title.")
    opens_on: date = strawberry.field(description="The first day, unless a unit has an override.")
    closes_on: date = strawberry.field(
        description="The last day, included, unless a unit has an override."
    )
    floor: int = strawberry.field(
        description="The number of achieved initiatives that every grassroots unit should reach"
        " at least."
    )
    audience: str | None = strawberry.field(
        description="Whom the phase is for, as text. Null where it is for everyone."
    )
    occasions: list[str] = strawberry.field(
        description="The anniversaries and events that the phase is dedicated to. May be empty."
    )
    frozen_at: datetime | None = strawberry.field(
        description="When the results of the phase were frozen. Null while they are not."
    )
    version: int = strawberry.field(
        description="The version, to send with `updatePhase` and `freezePhase`. It rises with"
        " every change."
    )

    @sql(queries.campaigns.status)
    def status(self) -> PhaseStatus:
        """Whether today is before, in or after the phase's own dates, in Asia/Ho_Chi_Minh."""

    @sql(queries.campaigns.days)
    def days(self) -> int:
        """The length in days, the first and the last included."""

    @sql(queries.campaigns.day)
    def day(self) -> int | None:
        """Today's number among the days, from 1. Null before and after the phase."""

    @sql(queries.campaigns.of_row)
    def campaign(self) -> Annotated["Campaign", strawberry.lazy("schema.campaigns")]:
        """The campaign that the phase belongs to."""

    @sql(queries.campaigns.drives)
    def drives(self) -> list[Drive]:
        """The drives within the phase, by date."""

    @sql(queries.campaigns.overrides)
    def overrides(self) -> list[WindowOverride]:
        """The overrides of units that the caller may see, the highest units first."""

    @connection(queries.results.adjustments_of_phase)
    def adjustments(self) -> Connection[Adjustment]:
        """Changes made after the phase had closed, at units that the caller may see."""

    @connection(queries.campaigns.ranking, price=300, counted=300)
    def ranking(
        self,
        level: Annotated[
            UnitLevel | None,
            strawberry.argument(description="Only units of this level. Null: all levels."),
        ] = None,
        bloc: Annotated[
            str | None,
            strawberry.argument(description="Only units of the bloc with this code. Null: all."),
        ] = None,
        under: Annotated[
            str | None,
            strawberry.argument(
                description="Only the unit with this code and its subtree. Null: all units."
            ),
        ] = None,
        by: Annotated[
            RankBy, strawberry.argument(description="The figure by which units are ranked.")
        ] = RankBy.PERCENT,
    ) -> Connection[Ranking]:
        """Units that the caller may see, ranked by one figure of this phase.

        Equal units share a rank.
        """


@strawberry.type
class Campaign(Node):
    """An emulation campaign of a unit and its subtree."""

    by_id = staticmethod(queries.campaigns.by_id)

    code: str = strawberry.field(
        description="The campaign's code, unique. Arguments named `campaign` take it."
    )
    title: str = strawberry.field(description="The campaign's title.")
    counts_from: CountsFrom = strawberry.field(
        description="The state from which an initiative counts as achieved."
    )
    confirming_level: UnitLevel = strawberry.field(
        description="The level of the last decision: its approval makes an initiative CONFIRMED."
    )
    applied_from: date = strawberry.field(
        description="The first day on which an initiative may have been applied."
    )
    applied_to: date = strawberry.field(
        description="The last day on which an initiative may have been applied, included."
    )
    rubric_required: bool = strawberry.field(
        description="Whether every criterion of the rubric must have a score before an"
        " approval, in the decision or on the sheets given for it."
    )
    version: int = strawberry.field(
        description="The version, to send with `updateCampaign`. It rises with every change."
    )

    @sql(queries.units.owner_of)
    def owner(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit that runs the campaign. Null where the caller may not see it."""

    @sql(queries.campaigns.phases)
    def phases(self) -> list[Phase]:
        """The phases, by ordinal."""

    @sql(queries.campaigns.tiers)
    def tiers(self) -> list[BenefitTier]:
        """The benefit tiers, in the campaign's order. May be empty."""

    @sql(queries.campaigns.rubric)
    def rubric(self) -> list[Criterion]:
        """The criteria by which reviews score, the highest score first. May be empty."""
