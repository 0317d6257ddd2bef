"""Initiatives, their authors and the decisions on them."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import queries
from schema.compiler.fields import sql
from schema.node import Node
from schema.people import Person
from schema.scalars import (
    VND,
    InitiativeState,
    Permission,
    ReviewDecision,
    Sector,
    SolutionType,
)
from schema.similarity import DuplicateCandidate

if TYPE_CHECKING:
    from schema.campaigns import Campaign, Phase
    from schema.units import Unit


@strawberry.type
class Authorship:
    """One author's share of an initiative."""

    share: float = strawberry.field(
        description="The share in percent, two decimals. All shares of an initiative sum to 100."
    )

    @sql(queries.people.of_row)
    def person(self) -> Person | None:
        """The author. Null where the caller may not see the person."""


@strawberry.type
class Score:
    """The score for one criterion of the campaign's rubric."""

    criterion: str = strawberry.field(
        description="The name of the criterion, as in `Campaign.rubric`."
    )
    score: int = strawberry.field(description="The score, from 0 to the criterion's `most`.")


@strawberry.type
class MeanScore:
    """The mean of the scores that several sheets give for one criterion."""

    criterion: str = strawberry.field(
        description="The name of the criterion, as in `Campaign.rubric`."
    )
    mean: float = strawberry.field(
        description="The mean over the sheets that score this criterion, two decimals."
    )


@strawberry.type
class ReviewSheet:
    """The scores of one council member for an initiative, given before a decision."""

    comment: str | None = strawberry.field(
        description="The grounds for the scores. Null where there is no comment."
    )
    at: datetime = strawberry.field(description="When the sheet was given, or last replaced.")

    @sql(queries.reviews.scores)
    def scores(self) -> list[Score]:
        """The scores, by criterion."""

    @sql(queries.reviews.total)
    def total(self) -> int:
        """The sum of the scores."""

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit whose decision the sheet is for. Null where the caller may not see it."""

    @sql(queries.people.actor)
    def by(self) -> Person | None:
        """The person who gave the sheet. Null where the caller may not see the person."""


@strawberry.type
class Review:
    """One level's decision on an initiative."""

    decision: ReviewDecision = strawberry.field(description="What the level decided.")
    reason: str | None = strawberry.field(
        description="The reason. Null where there is none; only an approval may go without."
    )
    decision_number: str | None = strawberry.field(
        description="The number of the written decision. Null where there is none."
    )
    verified: list[VND] | None = strawberry.field(
        description="The verified benefit in VND, one amount for each of up to three years."
        " Null where the decision verified none."
    )
    at: datetime = strawberry.field(description="When the decision was made.")

    @sql(queries.reviews.scores)
    def scores(self) -> list[Score]:
        """The scores given with the decision, by criterion.

        Empty where it rests on sheets alone.
        """

    @sql(queries.reviews.sheets_of_review)
    def sheets(self) -> list[ReviewSheet]:
        """The sheets of the round that this decision ended, the oldest first.

        Those for another unit, which no longer decided, do not count: neither in the means nor for
        a required rubric.
        """

    @sql(queries.reviews.mean_scores)
    def mean_scores(self) -> list[MeanScore]:
        """The mean of the sheets that count, by criterion. Empty without such sheets."""

    @sql(queries.reviews.mean_total)
    def mean_total(self) -> float | None:
        """The mean of the totals of the sheets that count, two decimals. Null without any."""

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit whose decision it is. Null where the caller may not see it."""

    @sql(queries.reviews.acting_unit)
    def acting_unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit above that decided in place of `unit`, where no account could.

        Null where `unit` decided itself, or where the caller may not see the unit above.
        """

    @sql(queries.people.actor)
    def by(self) -> Person | None:
        """The person who decided. Null where the caller may not see the person."""


@strawberry.type
class Initiative(Node):
    """A solution that members apply in their work and submit to a campaign."""

    by_id = staticmethod(queries.initiatives.by_id)

    number: str = strawberry.field(
        description="The initiative's number, unique. Arguments and inputs named `number` take it."
    )
    title: str = strawberry.field(description="The title, as its authors wrote it.")
    summary: str = strawberry.field(
        description="The effect in a few sentences. Every caller who sees the initiative sees it."
    )
    solution_type: SolutionType = strawberry.field(description="The kind of solution.")
    field: str | None = strawberry.field(
        description="The field of work, as text. Null where there is none."
    )
    sector: Sector = strawberry.field(description="The sector in which it counts.")
    state: InitiativeState = strawberry.field(description="The state in the approval.")
    applied_on: date = strawberry.field(description="The day on which it was applied.")
    submitted_at: datetime | None = strawberry.field(
        description="When it was first submitted. Null for a draft."
    )
    recognised_at: datetime | None = strawberry.field(
        description="When it was recognised. A later rejection or revocation keeps it. Null"
        " before, and after a return."
    )
    confirmed_at: datetime | None = strawberry.field(
        description="When it was confirmed. A later revocation keeps it. Null before, and after"
        " a return."
    )
    published_at: datetime | None = strawberry.field(
        description="When it was published. Null where the public does not see it."
    )
    confidential: bool = strawberry.field(
        description="Whether `content` is visible only with CONTENT_READ, and to its authors."
    )
    benefit_claimed: VND = strawberry.field(
        description="The claimed benefit in VND, the sum of `claimed`."
    )
    benefit_verified: VND | None = strawberry.field(
        description="The verified benefit in VND, the sum of `verified`. Null until it is verified."
    )
    claimed: list[VND] = strawberry.field(
        description="The claimed benefit in VND, one amount for each of up to three years. May"
        " be empty."
    )
    verified: list[VND] | None = strawberry.field(
        description="The verified benefit in VND, one amount for each of up to three years."
        " Null until it is verified."
    )
    other_benefit: str | None = strawberry.field(
        description="Benefit that is not measured in VND, as text. Null where there is none."
    )
    version: int = strawberry.field(
        description="The version, to send with mutations of the initiative. It rises with every"
        " change."
    )

    @sql(queries.initiatives.content)
    def content(self) -> str | None:
        """The full text. Null where it is confidential and the caller may not see it."""

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit that the initiative belongs to. Null where the caller may not see it."""

    @sql(queries.campaigns.of_row)
    def campaign(self) -> Annotated["Campaign", strawberry.lazy("schema.campaigns")]:
        """The campaign that the initiative belongs to."""

    @sql(queries.campaigns.phase_of_row)
    def phase(self) -> Annotated["Phase", strawberry.lazy("schema.campaigns")] | None:
        """The phase that it counts in. Null for a draft."""

    @sql(queries.units.awaited)
    def awaits(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit whose decision it awaits.

        Null where it awaits none, or where the caller may not see the unit.
        """

    @sql(queries.reviews.decider_missing)
    def decider_missing(self) -> bool:
        """Whether no account at the awaited unit may decide on it.

        That is so where no active account there has the role, or each of them drafted, edited,
        submitted or authored it, or decided on it or scored it for another level. False where it
        awaits no decision, and where the caller sees it only because it is published.
        """

    @sql(queries.reviews.escalated_to)
    def escalated_to(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit above that decides in place of `awaits` where `deciderMissing` is true.

        Null where `deciderMissing` is false, where no account up to the root may decide, and where
        the caller may not see that unit.
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
    def possible_duplicates(
        self,
        first: Annotated[
            int,
            strawberry.argument(description="How many to return at most, from 0 to 100."),
        ] = 5,
    ) -> list[DuplicateCandidate]:
        """Initiatives of the whole programme that resemble this one, most similar first.

        Once this one is submitted, those that the caller may not see are among them, except
        confidential ones. An account that submits more than 20 texts within an hour does not get
        these for the further texts.
        """

    @sql(queries.initiatives.viewer_can)
    def viewer_can(self) -> list[Permission]:
        """The permissions that the caller has for it, as far as its state allows.

        INITIATIVE_OWN (as an author) and INITIATIVE_WRITE (on behalf): edit, submit, withdraw.
        INITIATIVE_REVIEW: decide, where it awaits the caller's unit or one that this unit decides
        for, and the caller did not draft, edit, submit or author it, nor decide on it or
        score it for another level. INITIATIVE_CURATE: link duplicates, publish.
        """
