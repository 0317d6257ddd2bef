"""Mutations of reviews: decisions and score sheets."""

from typing import Annotated, Any

import strawberry

from db import queries
from db.commands import review_sheets, reviews
from db.rules.described import DescribedEnum
from db.rules.initiative import MOST_BENEFIT
from db.rules.review import ReviewRejectedError, Verdict
from schema.compiler.commands import mutation
from schema.compiler.fields import sql
from schema.errors import Failure, Refusal, shows
from schema.initiatives import Initiative
from schema.inputs import key, line, number_of, prose, read_version, several, whole
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
class ReviewMode(DescribedEnum):
    """What happens to several decisions where one of them fails."""

    ALL = "ALL", "Either every decision is saved or none."
    EACH = "EACH", "Every decision is saved or refused by itself."


@strawberry.input
class ScoreInput:
    """The score for one criterion of the campaign's rubric."""

    criterion: str = line(100, description="The name of the criterion, as in `Campaign.rubric`.")
    score: int = whole(0, 1_000_000, description="The score, at most the criterion's `most`.")


def _verified() -> Any:
    return several(
        number_of(most=MOST_BENEFIT),
        most=3,
        default=None,
        description="The verified benefit in VND, one amount for each year, at most 10^12 a year;"
        " with APPROVE only.",
    )


@strawberry.input
class DecisionInput:
    """A decision on one initiative. Every decision but APPROVE needs a reason."""

    stands_for = Verdict

    number: str = line(60, description="The initiative's number.")
    decision: ReviewDecision = strawberry.field(description="What to decide.")
    unit: str | None = line(
        40,
        default=None,
        description=(
            "The code of the unit that decides. Omitted: the unit that the initiative"
            " awaits, and for REVOKE the lowest one that may revoke. Where no account at"
            " the awaited unit may decide, its code and that of the unit that decides in"
            " its place are both accepted."
        ),
    )
    reason: str | None = prose(
        2_000,
        default=None,
        description="The reason. Required for RETURN, REJECT and REVOKE, and where the phase's"
        " results are frozen.",
    )
    scores: list[ScoreInput] | None = several(
        most=50,
        once=lambda given: given.criterion,
        default=None,
        description=(
            "The scores, each criterion once; with APPROVE only. Where the campaign"
            " requires its rubric, every criterion needs a score here or on a sheet"
            " given for this decision."
        ),
    )
    decision_number: str | None = line(
        100, default=None, description="The number of the written decision."
    )
    verified: list[VND] | None = _verified()
    version: int | None = read_version("initiative")


@strawberry.input
class ReviewInitiativeInput(DecisionInput):
    """A decision on one initiative. Every decision but APPROVE needs a reason."""

    idempotency_key: str | None = key()


@strawberry.input
class ScoreInitiativeInput:
    """The caller's scores for an initiative, before a decision."""

    number: str = line(60, description="The initiative's number.")
    scores: list[ScoreInput] = several(
        least=1,
        most=50,
        once=lambda given: given.criterion,
        description="The scores, each criterion once. Every criterion is required where the"
        " campaign requires its rubric.",
    )
    comment: str | None = prose(2_000, default=None, description="The grounds for the scores.")
    version: int | None = read_version("initiative")
    idempotency_key: str | None = key()


@strawberry.input
class ReviewInitiativesInput:
    """Decisions on several initiatives."""

    decisions: list[DecisionInput] = several(
        least=1,
        most=AT_ONCE,
        once=lambda decision: decision.number,
        description="The decisions, one for each initiative.",
    )
    mode: ReviewMode = strawberry.field(
        default=ReviewMode.ALL, description="Whether one refused decision prevents all the others."
    )
    idempotency_key: str | None = key()


@strawberry.type
class DecisionError:
    """The reason why one decision of several was refused."""

    code: str = strawberry.field(
        description="The code of the reason, such as `NOT_AWAITED`, for programs. It never changes."
    )
    message: str = strawberry.field(
        description="The reason as a sentence for people, in Vietnamese or English as"
        " Accept-Language prefers."
    )


@strawberry.type
class DecisionResult:
    """The outcome of one decision of several."""

    number: str = strawberry.field(description="The initiative's number, as sent.")

    @sql(queries.initiatives.of_row)
    def initiative(self) -> Initiative | None:
        """The initiative after the decision. Null where the decision was refused."""

    @sql(queries.reviews.refusal)
    def error(self) -> DecisionError | None:
        """Why the decision was refused. Null where it was saved."""


@strawberry.type
class ReviewsPayload:
    """The outcome of several decisions."""

    @sql(queries.reviews.results, longest=AT_ONCE)
    def results(self) -> list[DecisionResult]:
        """One result for each decision, in the same order."""


@shows(ReviewRejectedError)
@strawberry.type
class ReviewRejected(Failure):
    """The decision or sheet is not allowed now; `code` and `message` say why."""

    state: InitiativeState | None = strawberry.field(
        description="The initiative's present state. Null where it is not the reason."
    )
    awaits: str | None = strawberry.field(
        description="The code of the unit whose decision it awaits. Null where it awaits none,"
        " or where the caller may not see the unit."
    )


@shows(reviews.DecisionRefusedError)
@strawberry.type
class DecisionRefused(Failure):
    """In mode ALL: the first decision that failed. No decision was saved."""

    index: int = strawberry.field(
        description="The position of this decision in `decisions`, from 0."
    )
    number: str = strawberry.field(description="The initiative's number.")
    state: InitiativeState | None = strawberry.field(
        description="The initiative's present state. Null where it is not the reason."
    )
    awaits: str | None = strawberry.field(
        description="The code of the unit whose decision it awaits. Null where it awaits none,"
        " or where the caller may not see the unit."
    )
    version: int | None = strawberry.field(
        description="The initiative's present version. Null where it is not the reason."
    )


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
    """Mutations of reviews."""

    @mutation(reviews.review, Permission.INITIATIVE_REVIEW)
    def review_initiative(self, input: ReviewInitiativeInput) -> ReviewInitiativeResult:
        """Approve, return or reject an initiative, or revoke an approval.

        Nobody decides on an initiative that they drafted, edited, submitted or authored, nor for
        two levels.
        """

    @mutation(reviews.review_several, Permission.INITIATIVE_REVIEW)
    def review_initiatives(self, input: ReviewInitiativesInput) -> ReviewInitiativesResult:
        """Decide on up to 100 initiatives: all or none, or each by itself."""

    @mutation(review_sheets.score, Permission.INITIATIVE_REVIEW)
    def score_initiative(self, input: ScoreInitiativeInput) -> ScoreInitiativeResult:
        """Save the caller's sheet: scores for an initiative before the decision that it awaits.

        An account has one sheet for a decision; until then a later sheet replaces it. The caller
        needs the permission at the unit that decides, and must not have drafted, edited, submitted
        or authored the initiative.
        """
