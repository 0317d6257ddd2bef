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


@strawberry.type(description="A band of benefit, both ends included; an open end is null.")
class BenefitTier:
    """A band of benefit in VND, both ends included; bands may overlap."""

    label: str
    from_: VND = strawberry.field(name="from", metadata={COLUMN: "from_vnd"})
    to: VND | None = strawberry.field(metadata={COLUMN: "to_vnd"})


@strawberry.type(description="A dated peak within a phase.")
class Drive:
    """A dated peak within a phase, called by a unit."""

    title: str
    opens_on: date
    closes_on: date

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit that called it."""


@strawberry.type(description="Other dates of a phase for a unit and everything below it.")
class WindowOverride:
    """Other dates of a phase for a unit and everything below it; the nearest one above holds."""

    opens_on: date
    closes_on: date
    version: int

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit."""


@strawberry.type(description="What initiatives are scored by.")
class Criterion:
    """One line of the rubric."""

    criterion: str
    most: int = strawberry.field(description="The highest score.")


@strawberry.type(description="A dated stretch of a campaign, both days included.")
class Phase(Node):
    """A dated stretch of a campaign."""

    by_id = staticmethod(queries.campaigns.phase_by_id)

    ordinal: int
    title: str
    opens_on: date
    closes_on: date
    floor: int = strawberry.field(description="The minimum for each grassroots unit.")
    audience: str | None
    occasions: list[str]
    frozen_at: datetime | None = strawberry.field(
        description="When its results were stored for ever, if they were."
    )
    version: int

    @sql(queries.campaigns.status)
    def status(self) -> PhaseStatus:
        """Where today stands to the phase, in Asia/Ho_Chi_Minh."""

    @sql(queries.campaigns.days)
    def days(self) -> int:
        """The length in days."""

    @sql(queries.campaigns.day)
    def day(self) -> int | None:
        """Today's number among the days; null outside the phase."""

    @sql(queries.campaigns.of_row)
    def campaign(self) -> Annotated["Campaign", strawberry.lazy("schema.campaigns")]:
        """The campaign."""

    @sql(queries.campaigns.drives)
    def drives(self) -> list[Drive]:
        """The peaks within the phase, by date."""

    @sql(queries.campaigns.overrides)
    def overrides(self) -> list[WindowOverride]:
        """Other dates of subtrees that the viewer sees, the highest units first."""

    @connection(queries.results.adjustments_of_phase)
    def adjustments(self) -> Connection[Adjustment]:
        """What was changed after it had closed, as far as the viewer sees the units."""

    @connection(queries.campaigns.ranking, price=300, counted=300)
    def ranking(
        self,
        level: UnitLevel | None = None,
        bloc: str | None = None,
        under: str | None = None,
        by: RankBy = RankBy.PERCENT,
    ) -> Connection[Ranking]:
        """Units that the viewer sees, ranked; `under` limits to a subtree, by its code."""


@strawberry.type(description="An emulation campaign.")
class Campaign(Node):
    """An emulation campaign."""

    by_id = staticmethod(queries.campaigns.by_id)

    code: str
    title: str
    counts_from: CountsFrom
    confirming_level: UnitLevel
    applied_from: date
    applied_to: date
    rubric_required: bool = strawberry.field(
        description="Whether an approval scores every criterion of the rubric, in the decision or"
        " on the sheets given before it."
    )
    version: int

    @sql(queries.units.owner_of)
    def owner(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit that runs it."""

    @sql(queries.campaigns.phases)
    def phases(self) -> list[Phase]:
        """The phases, in order."""

    @sql(queries.campaigns.tiers)
    def tiers(self) -> list[BenefitTier]:
        """The benefit tiers, in order."""

    @sql(queries.campaigns.rubric)
    def rubric(self) -> list[Criterion]:
        """What initiatives are scored by, the highest scores first."""
