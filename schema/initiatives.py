"""Initiatives, their authors and the decisions on them."""

from datetime import date, datetime
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import queries
from schema.compiler.fields import searched, sql
from schema.node import Node
from schema.order import OrderDirection
from schema.people import Person
from schema.scalars import (
    VND,
    InitiativeState,
    Permission,
    ReviewDecision,
    Sector,
    SolutionType,
)

if TYPE_CHECKING:
    from schema.campaigns import Campaign, Phase
    from schema.units import Unit


@strawberry.input(description="All that is given must hold.")
class InitiativeFilter:
    """Which initiatives; dates and amounts include both ends."""

    state: list[InitiativeState] | None = None
    campaign: str | None = strawberry.field(default=None, description="By its code.")
    phase: int | None = strawberry.field(default=None, description="By its ordinal.")
    sector: Sector | None = None
    solution_type: list[SolutionType] | None = None
    under: str | None = strawberry.field(
        default=None, description="In the subtree of the unit with this code."
    )
    author: strawberry.ID | None = strawberry.field(default=None, description="A person's id.")
    confidential: bool | None = None
    submitted_from: date | None = None
    submitted_to: date | None = None
    applied_from: date | None = None
    applied_to: date | None = None
    benefit_from: VND | None = strawberry.field(
        default=None, description="Of the benefit verified, else claimed."
    )
    benefit_to: VND | None = None
    text: str | None = searched("In the title or summary, without regard to diacritics or case.")


@strawberry.enum
class InitiativeOrderField(StrEnum):
    """What orders initiatives; drafts stand at their creation by SUBMITTED_AT."""

    CREATED = "CREATED"
    NUMBER = "NUMBER"
    SUBMITTED_AT = "SUBMITTED_AT"
    APPLIED_ON = "APPLIED_ON"
    BENEFIT = "BENEFIT"


@strawberry.input(description="Newest first where unsaid.")
class InitiativeOrder:
    """The order of initiatives."""

    field: InitiativeOrderField
    direction: OrderDirection = OrderDirection.ASC


@strawberry.type(description="A person's part in an initiative.")
class Authorship:
    """A person's part in an initiative."""

    share: float = strawberry.field(description="In percent; all shares sum to 100.")

    @sql(queries.people.of_row)
    def person(self) -> Person | None:
        """The author, where the viewer may know."""


@strawberry.type(description="Points for one criterion of the campaign's rubric.")
class Score:
    """Points for one criterion of the campaign's rubric."""

    criterion: str
    score: int


@strawberry.type(description="The mean of the scores that sheets give for one criterion.")
class MeanScore:
    """The mean of the scores that sheets give for one criterion."""

    criterion: str = strawberry.field(description="As the campaign's rubric names it.")
    mean: float = strawberry.field(
        description="Of the sheets that score this criterion, with two decimals."
    )


@strawberry.type(description="The scores of one member of a council before a decision.")
class ReviewSheet:
    """The scores of one member of a council before a decision."""

    comment: str | None = strawberry.field(
        description="What the scores rest on; null where unsaid."
    )
    at: datetime = strawberry.field(description="When it was given, or last replaced.")

    @sql(queries.reviews.scores)
    def scores(self) -> list[Score]:
        """The points given, by criterion."""

    @sql(queries.reviews.total)
    def total(self) -> int:
        """The sum of the points given."""

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit whose decision it was given for; null where the viewer may not see it."""

    @sql(queries.people.actor)
    def by(self) -> Person | None:
        """Who gave it; null where the viewer may not know."""


@strawberry.type(description="What a unit decided on an initiative.")
class Review:
    """What a unit decided on an initiative."""

    decision: ReviewDecision
    reason: str | None
    decision_number: str | None
    verified: list[VND] | None = strawberry.field(
        description="The benefit found to be true, for each of up to three years."
    )
    at: datetime

    @sql(queries.reviews.scores)
    def scores(self) -> list[Score]:
        """The points given with the decision, by criterion; none where it rests on sheets alone."""

    @sql(queries.reviews.sheets_of_review)
    def sheets(self) -> list[ReviewSheet]:
        """The sheets of the round that this decision ended, the oldest first.

        Those for another unit, which no longer decided, do not count: neither in the means nor for
        a required rubric.
        """

    @sql(queries.reviews.mean_scores)
    def mean_scores(self) -> list[MeanScore]:
        """The mean of the sheets that count, by criterion; none without such sheets."""

    @sql(queries.reviews.mean_total)
    def mean_total(self) -> float | None:
        """The mean of the totals of the sheets that count, with two decimals; null without any."""

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit whose decision it is."""

    @sql(queries.reviews.acting_unit)
    def acting_unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit above that decided in its place, because no account at `unit` could.

        Null where `unit` decided itself, or the viewer may not see the unit above.
        """

    @sql(queries.people.actor)
    def by(self) -> Person | None:
        """Who decided, where the viewer may know."""


@strawberry.enum(description="How close the titles and summaries of two initiatives are.")
class Closeness(Enum):
    """How close the titles and summaries of two initiatives are."""

    SIMILAR = strawberry.enum_value(
        "SIMILAR", description="The similarity is at least 0.5 and below 0.8: worth a look."
    )
    VERY_SIMILAR = strawberry.enum_value(
        "VERY_SIMILAR", description="The similarity is at least 0.8: most likely the same."
    )


@strawberry.type(
    description="An initiative of the programme that resembles another. Of one that the viewer may"
    " not see, only `closeness` and `federation` are set."
)
class DuplicateCandidate:
    """An initiative that resembles another; of a hidden one only this much is returned."""

    closeness: Closeness
    similarity: float | None = strawberry.field(
        description="From 0 to 1, of the titles and summaries;"
        " null where the viewer may not see the initiative."
    )
    federation: str | None = strawberry.field(description="The name of the federation it is at.")

    @sql(queries.initiatives.of_row)
    def initiative(
        self,
    ) -> Annotated["Initiative", strawberry.lazy("schema.initiatives")] | None:
        """The initiative, where the viewer may see it."""


@strawberry.type(description="A member's initiative.")
class Initiative(Node):
    """A member's initiative."""

    by_id = staticmethod(queries.initiatives.by_id)

    number: str
    title: str
    summary: str
    solution_type: SolutionType
    field: str | None = strawberry.field(description="The field of work.")
    sector: Sector
    state: InitiativeState
    applied_on: date
    submitted_at: datetime | None
    recognised_at: datetime | None
    confirmed_at: datetime | None
    published_at: datetime | None
    confidential: bool
    benefit_claimed: VND
    benefit_verified: VND | None
    claimed: list[VND] = strawberry.field(description="VND for each of up to three years.")
    verified: list[VND] | None = strawberry.field(description="As `claimed`; null until verified.")
    other_benefit: str | None
    version: int

    @sql(queries.initiatives.content)
    def content(self) -> str | None:
        """The body; null where it is secret from the viewer."""

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit it was submitted in."""

    @sql(queries.campaigns.of_row)
    def campaign(self) -> Annotated["Campaign", strawberry.lazy("schema.campaigns")]:
        """The campaign."""

    @sql(queries.campaigns.phase_of_row)
    def phase(self) -> Annotated["Phase", strawberry.lazy("schema.campaigns")] | None:
        """The phase it counts in; null for a draft."""

    @sql(queries.units.awaited)
    def awaits(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit whose decision it awaits."""

    @sql(queries.reviews.decider_missing)
    def decider_missing(self) -> bool:
        """Whether no account at the awaited unit may decide on it.

        That is where no active account there has the role, or each has drafted, edited, submitted
        or authored it, or decided on it or scored it for another level. False where it awaits no
        decision, and where the viewer sees it only because it is published.
        """

    @sql(queries.reviews.escalated_to)
    def escalated_to(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit above that decides in place of `awaits`, where `deciderMissing` is true.

        Null where it is false, where no account up to the root may decide, and where the viewer may
        not see that unit.
        """

    @sql(queries.initiatives.authors)
    def authors(self) -> list[Authorship]:
        """The authors, the largest share first."""

    @sql(queries.initiatives.reviews)
    def reviews(self) -> list[Review]:
        """The decisions, the oldest first."""

    @sql(queries.reviews.sheets_of_round)
    def sheets(self) -> list[ReviewSheet]:
        """The sheets given since the last decision, the oldest first.

        Those for the awaited unit count for the decision that is still to come.
        """

    @sql(queries.initiatives.possible_duplicates, price=25)
    def possible_duplicates(self, first: int = 5) -> list[DuplicateCandidate]:
        """Initiatives of the whole programme that resemble this one, most similar first.

        Those that the viewer may not see are among them once this one is handed in; confidential
        ones and, for its own authors, those of more than 20 texts handed in within an hour are not.
        """

    @sql(queries.initiatives.viewer_can)
    def viewer_can(self) -> list[Permission]:
        """What the viewer may do with it, as far as its state allows.

        INITIATIVE_OWN and INITIATIVE_WRITE: edit, hand in, withdraw, as its author or on behalf.
        INITIATIVE_REVIEW: decide, where it awaits the viewer's unit or one that the viewer's unit
        decides for, and the viewer did not draft, edit, submit or author it, nor decide on it or
        score it for another level.
        INITIATIVE_CURATE: link duplicates, publish.
        """
