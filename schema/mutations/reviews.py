"""Decisions on initiatives: one, or up to a hundred at once."""

from enum import StrEnum
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from db import queries
from db.commands import review_sheets, reviews
from db.rules.initiative import MOST_BENEFIT
from db.rules.review import ReviewRejectedError, Verdict
from schema.compiler.commands import mutation
from schema.compiler.fields import sql
from schema.errors import Failure, Refusal, shows
from schema.initiatives import Initiative
from schema.inputs import key, line, number_of, prose, several, whole
from schema.messages import says
from schema.mutations.initiatives import InitiativePayload
from schema.scalars import VND, InitiativeState, Permission, ReviewDecision

AT_ONCE = 100

says(
    {
        "NOT_AWAITED": (
            "Sáng kiến không chờ quyết định của đơn vị này; trạng thái hiện tại là {state}.",
            "The initiative does not await this unit's decision; it is {state}.",
        ),
        "DECIDED_ABOVE": (
            "Đơn vị cấp trên đã chấp thuận; chỉ đơn vị đó hoặc cấp cao hơn được thay đổi.",
            "A unit above has approved it; only that unit or one above it may undo that.",
        ),
        "AUTHORED": (
            "Không ai được quyết định về sáng kiến của chính mình.",
            "Nobody decides on an initiative of their own.",
        ),
        "NOT_TIED": (
            "Tài khoản chưa gắn với một người nên không được quyết định về sáng kiến.",
            "This account belongs to no person, so it does not decide on initiatives.",
        ),
        "MAKER": (
            "Người đã soạn, sửa hoặc nộp sáng kiến này không được quyết định về nó.",
            "An account that drafted, edited or submitted this initiative does not decide on it.",
        ),
        "DECIDED_OTHER_LEVEL": (
            "Bạn đã quyết định hoặc chấm điểm sáng kiến này ở cấp khác; mỗi người làm ở một cấp.",
            "You have decided on or scored this for another level; one person decides for one.",
        ),
        "NOT_SCORED": (
            "Chưa chấm điểm tiêu chí: {limit}.",
            "This criterion has no score: {limit}.",
        ),
        "SCORES_NEEDED": (
            "Phải chấm điểm mọi tiêu chí của cuộc vận động.",
            "An approval scores every criterion of the campaign's rubric.",
        ),
        "NO_SUCH_CRITERION": (
            "Bảng điểm của cuộc vận động không có tiêu chí này.",
            "The campaign's rubric has no such criterion.",
        ),
        "ONLY_WITH_APPROVAL": (
            "Chỉ được nêu khi chấp thuận.",
            "It is given with an approval only.",
        ),
    }
)


@strawberry.enum
class ReviewMode(StrEnum):
    """ALL: every decision is carried out, or none. EACH: each by itself."""

    ALL = "ALL"
    EACH = "EACH"


@strawberry.input(description="Points for one criterion of the campaign's rubric.")
class ScoreInput:
    """Points for one criterion of the campaign's rubric."""

    criterion: str = line(100)
    score: int = whole(0, 1_000_000, description="At most what the rubric gives for it.")


def _verified() -> Any:
    return several(
        number_of(most=MOST_BENEFIT),
        most=3,
        default=None,
        description=(
            "With an approval: VND found to be true for each of up to three years, "
            "at most 10^12 a year."
        ),
    )


@strawberry.input(description="A decision on an initiative; all but an approval have a reason.")
class DecisionInput:
    """A decision on an initiative."""

    stands_for = Verdict

    number: str = line(60)
    decision: ReviewDecision
    unit: str | None = line(
        40,
        default=None,
        description=(
            "The code of the unit that decides; where unsaid the one that it awaits, and for"
            " REVOKE the lowest one that may. Where no account at the awaited unit may decide, its"
            " code and that of the unit that decides in its place are both accepted."
        ),
    )
    reason: str | None = prose(
        2_000,
        default=None,
        description="Needed for all but APPROVE, and where the phase's results are frozen.",
    )
    scores: list[ScoreInput] | None = several(
        most=50,
        once=lambda given: given.criterion,
        default=None,
        description=(
            "Where the campaign's rubric is required, an approval scores every criterion that no"
            " sheet given for this decision scores."
        ),
    )
    decision_number: str | None = line(100, default=None)
    verified: list[VND] | None = _verified()
    version: int | None = strawberry.field(default=UNSET, description="As it was last seen.")


@strawberry.input(description="A decision on an initiative; all but an approval have a reason.")
class ReviewInitiativeInput(DecisionInput):
    """A decision on an initiative."""

    idempotency_key: str | None = key()


@strawberry.input(description="The caller's scores for an initiative, before a decision.")
class ScoreInitiativeInput:
    """The caller's scores for an initiative, before a decision."""

    number: str = line(60, description="The initiative's number.")
    scores: list[ScoreInput] = several(
        least=1,
        most=50,
        once=lambda given: given.criterion,
        description="Every criterion where the campaign's rubric is required.",
    )
    comment: str | None = prose(2_000, default=None, description="What the scores rest on.")
    version: int | None = strawberry.field(default=UNSET, description="As it was last seen.")
    idempotency_key: str | None = key()


@strawberry.input(description="Decisions on up to 100 initiatives, one on each.")
class ReviewInitiativesInput:
    """Decisions on several initiatives."""

    decisions: list[DecisionInput] = several(
        least=1, most=AT_ONCE, once=lambda decision: decision.number
    )
    mode: ReviewMode = ReviewMode.ALL
    idempotency_key: str | None = key()


@strawberry.type(description="Why one decision of several was refused.")
class DecisionError:
    """Why one decision of several was refused."""

    code: str = strawberry.field(description="Stable; for programs.")
    message: str = strawberry.field(description="By Accept-Language in Vietnamese or English.")


@strawberry.type(description="What became of one decision of several.")
class DecisionResult:
    """What became of one decision of several."""

    number: str

    @sql(queries.initiatives.of_row)
    def initiative(self) -> Initiative | None:
        """The initiative as it is now; null where the decision was refused."""

    @sql(queries.reviews.refusal)
    def error(self) -> DecisionError | None:
        """Why it was refused; null where it was carried out."""


@strawberry.type(description="What became of the decisions.")
class ReviewsPayload:
    """What became of the decisions."""

    @sql(queries.reviews.results, longest=AT_ONCE)
    def results(self) -> list[DecisionResult]:
        """One for each decision, in their order."""


@shows(ReviewRejectedError)
@strawberry.type(description="A decision that is not this unit's to take now.")
class ReviewRejected(Failure):
    """A decision that is not this unit's to take now."""

    state: InitiativeState | None = strawberry.field(description="The state that it is in.")
    awaits: str | None = strawberry.field(
        description="The code of the unit that it awaits, where the viewer may know."
    )


@shows(reviews.DecisionRefusedError)
@strawberry.type(description="The decision for which none of them all was carried out.")
class DecisionRefused(Failure):
    """The decision for which none of them all was carried out, and what stood against it."""

    index: int = strawberry.field(description="Among the decisions, from 0.")
    number: str
    state: InitiativeState | None = strawberry.field(description="The state that it is in.")
    awaits: str | None = strawberry.field(
        description="The code of the unit that it awaits, where the viewer may know."
    )
    version: int | None = strawberry.field(description="The version that it is at.")


ReviewInitiativeResult = Annotated[
    InitiativePayload | ReviewRejected | Refusal, strawberry.union("ReviewInitiativeResult")
]
ScoreInitiativeResult = Annotated[
    InitiativePayload | ReviewRejected | Refusal, strawberry.union("ScoreInitiativeResult")
]
ReviewInitiativesResult = Annotated[
    ReviewsPayload | DecisionRefused | Refusal, strawberry.union("ReviewInitiativesResult")
]


@strawberry.type
class ReviewMutations:
    """What those do who decide."""

    @mutation(reviews.review, Permission.INITIATIVE_REVIEW)
    def review_initiative(self, input: ReviewInitiativeInput) -> ReviewInitiativeResult:
        """Approve an initiative, return it, reject it, or revoke an approval."""

    @mutation(reviews.review_several, Permission.INITIATIVE_REVIEW)
    def review_initiatives(self, input: ReviewInitiativesInput) -> ReviewInitiativesResult:
        """Decide on several initiatives at once: on all or none, or on each by itself."""

    @mutation(review_sheets.score, Permission.INITIATIVE_REVIEW)
    def score_initiative(self, input: ScoreInitiativeInput) -> ScoreInitiativeResult:
        """Give an initiative one's scores before the decision that it awaits.

        One sheet an account and decision; until the decision a later one replaces it. For members
        of the unit that decides who did not draft, edit, submit or author the initiative.
        """
