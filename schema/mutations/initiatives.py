"""Mutations of initiatives: draft, edit, submit, withdraw."""

from datetime import date
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from db import queries
from db.commands import initiatives
from db.rules.initiative import MOST_BENEFIT, InitiativeRejectedError
from schema.compiler.commands import mutation
from schema.compiler.fields import sql
from schema.errors import Failure, Refusal, shows
from schema.initiatives import Initiative
from schema.inputs import clearable, key, line, number_of, prose, read_version, several, whole
from schema.messages import says
from schema.scalars import VND, InitiativeState, Permission, Sector, SolutionType

says(
    {
        "WRONG_STATE": (
            "Không thể làm việc này khi sáng kiến ở trạng thái {state}.",
            "This cannot be done while the initiative is {state}.",
        ),
        "OUTSIDE_EVERY_WINDOW": (
            "Hôm nay không có đợt nào nhận sáng kiến; đợt gần nhất từ {opens_on} đến {closes_on}.",
            "No phase takes initiatives today; the nearest one is from {opens_on} to {closes_on}.",
        ),
        "NO_PHASE": ("Cuộc vận động chưa có đợt nào.", "The campaign has no phase yet."),
        "APPLIED_OUTSIDE": (
            "Sáng kiến phải được áp dụng từ {applied_from} đến {applied_to}.",
            "An initiative must have been applied from {applied_from} to {applied_to}.",
        ),
        "APPLIED_LATER": (
            "Ngày áp dụng còn ở phía trước.",
            "The day of application is still ahead.",
        ),
        "OUTSIDE_CAMPAIGN": (
            "Đơn vị không thuộc phạm vi của cuộc vận động.",
            "The unit is not in the subtree of the campaign's owner.",
        ),
        "UNIT_CLOSED": ("Đơn vị đã giải thể.", "The unit is closed."),
        "OTHERS_SHARE": (
            (
                "Chỉ chính tác giả đó, hoặc cán bộ hỗ trợ hay cán bộ công đoàn của đơn vị không"
                " phải là tác giả, được bỏ tên hoặc giảm tỷ lệ đóng góp của tác giả."
            ),
            (
                "Only that author, or SUPPORT or OFFICER of the unit who is no author, may take an"
                " author off or lower an author's share."
            ),
        ),
    }
)

_MAY = (Permission.INITIATIVE_OWN, Permission.INITIATIVE_WRITE)


def _claimed() -> Any:
    return several(
        number_of(most=MOST_BENEFIT),
        most=3,
        default=None,
        description="The claimed benefit in VND, one amount for each year, at most 10^12 a year.",
    )


@strawberry.input
class AuthorInput:
    """An author of an initiative and their share."""

    person: str = line(40, description="The member's code.")
    share: float = whole(
        1, 100, description="The share in percent, at most two decimals. All shares sum to 100."
    )


@strawberry.input
class DraftInitiativeInput:
    """The values of a new initiative. Without `unit` and `authors` it is the caller's own."""

    campaign: str = line(40, description="The campaign's code.")
    title: str = line(300, description="The title.")
    summary: str = prose(
        2_000,
        description="The effect in a few sentences. Every caller who sees the initiative sees it.",
    )
    content: str = prose(description="The full text.")
    solution_type: SolutionType = strawberry.field(description="The kind of solution.")
    applied_on: date = strawberry.field(
        description="The day on which it was applied, within the campaign's dates and not in"
        " the future; the server checks it on submission."
    )
    unit: str | None = line(
        40,
        default=None,
        description="The code of the unit that the initiative belongs to. Omitted: the caller's"
        " own unit.",
    )
    field: str | None = line(100, default=None, description="The field of work.")
    sector: Sector | None = strawberry.field(
        default=UNSET, description="The sector in which it counts. Omitted: the first author's."
    )
    confidential: bool = strawberry.field(
        default=False,
        description="Whether only the authors and callers with CONTENT_READ see `content`.",
    )
    claimed: list[VND] | None = _claimed()
    other_benefit: str | None = prose(
        2_000, default=None, description="Benefit that is not measured in VND."
    )
    authors: list[AuthorInput] | None = several(
        least=1,
        most=20,
        once=lambda author: author.person,
        default=None,
        description="The authors, each once; their shares sum to 100. Omitted: the caller alone.",
    )
    idempotency_key: str | None = key()


@strawberry.input
class EditInitiativeInput:
    """The changes of a draft or a returned initiative.

    Omitted fields stay; null clears `field` and `otherBenefit`.
    """

    number: str = line(60, description="The initiative's number.")
    version: int | None = read_version("initiative")
    title: str | None = line(300, default=None, description="The title.")
    summary: str | None = prose(
        2_000,
        default=None,
        description="The effect in a few sentences. Every caller who sees the initiative sees it.",
    )
    content: str | None = prose(default=None, description="The full text.")
    solution_type: SolutionType | None = strawberry.field(
        default=UNSET, description="The kind of solution."
    )
    applied_on: date | None = strawberry.field(
        default=UNSET,
        description="The day on which it was applied, within the campaign's dates and not in"
        " the future; the server checks it on submission.",
    )
    field: str | None = clearable(
        line(100, default=None, description="The field of work. Null clears it.")
    )
    sector: Sector | None = strawberry.field(
        default=UNSET, description="The sector in which it counts."
    )
    confidential: bool | None = strawberry.field(
        default=UNSET,
        description="Whether only the authors and callers with CONTENT_READ see `content`.",
    )
    claimed: list[VND] | None = _claimed()
    other_benefit: str | None = clearable(
        prose(
            2_000, default=None, description="Benefit that is not measured in VND. Null clears it."
        )
    )
    authors: list[AuthorInput] | None = several(
        least=1,
        most=20,
        once=lambda author: author.person,
        default=None,
        description="All authors from now on, each once; their shares sum to 100. To remove"
        " another author or lower their share, the caller needs INITIATIVE_WRITE at"
        " the unit and must not be an author.",
    )
    leave: bool = strawberry.field(
        default=False,
        description="Whether to remove the caller as an author, instead of sending `authors`."
        " The caller's share goes to the others in proportion.",
    )
    reason: str | None = prose(
        2_000,
        default=None,
        description="The reason. Required where the initiative was submitted to a phase whose"
        " results are frozen.",
    )
    idempotency_key: str | None = key()


@strawberry.input
class SubmitInitiativeInput:
    """The initiative to submit."""

    number: str = line(60, description="The initiative's number.")
    version: int | None = read_version("initiative")
    reason: str | None = prose(
        2_000,
        default=None,
        description="The reason. Required where the phase's results are frozen.",
    )
    idempotency_key: str | None = key()


@strawberry.input
class WithdrawInitiativeInput(SubmitInitiativeInput):
    """The initiative to withdraw."""


@strawberry.type
class InitiativePayload:
    """The initiative after the mutation."""

    @sql(queries.initiatives.of_row)
    def initiative(self) -> Initiative | None:
        """The initiative. Null where the caller no longer sees it."""


@shows(InitiativeRejectedError)
@strawberry.type
class InitiativeRejected(Failure):
    """A rule for initiatives does not allow the mutation; `code` and `message` name it."""

    state: InitiativeState | None = strawberry.field(
        description="The present state, where it is the reason. Null otherwise."
    )
    opens_on: date | None = strawberry.field(
        description="The first day of the nearest window, where today is in none. Null otherwise."
    )
    closes_on: date | None = strawberry.field(
        description="The last day of that window, included. Null where `opensOn` is."
    )
    applied_from: date | None = strawberry.field(
        description="The campaign's first day of application, where `appliedOn` is outside."
        " Null otherwise."
    )
    applied_to: date | None = strawberry.field(
        description="The campaign's last day of application, included. Null where `appliedFrom` is."
    )


DraftInitiativeResult = Annotated[
    InitiativePayload | InitiativeRejected | Refusal, strawberry.union("DraftInitiativeResult")
]
EditInitiativeResult = Annotated[
    InitiativePayload | InitiativeRejected | Refusal, strawberry.union("EditInitiativeResult")
]
SubmitInitiativeResult = Annotated[
    InitiativePayload | InitiativeRejected | Refusal, strawberry.union("SubmitInitiativeResult")
]
WithdrawInitiativeResult = Annotated[
    InitiativePayload | InitiativeRejected | Refusal, strawberry.union("WithdrawInitiativeResult")
]


@strawberry.type
class InitiativeMutations:
    """Mutations of initiatives by their authors, and on behalf of them."""

    @mutation(initiatives.draft, *_MAY)
    def draft_initiative(self, input: DraftInitiativeInput) -> DraftInitiativeResult:
        """Create a draft, the caller's own or on behalf of members."""

    @mutation(initiatives.edit, *_MAY)
    def edit_initiative(self, input: EditInitiativeInput) -> EditInitiativeResult:
        """Change a draft or a returned initiative."""

    @mutation(initiatives.submit, *_MAY)
    def submit_initiative(self, input: SubmitInitiativeInput) -> SubmitInitiativeResult:
        """Submit a draft or a returned initiative; its unit then has to decide.

        The initiative counts in the phase whose window contains the day of the first submission.
        """

    @mutation(initiatives.withdraw, *_MAY)
    def withdraw_initiative(self, input: WithdrawInitiativeInput) -> WithdrawInitiativeResult:
        """Withdraw an initiative before it is recognised. It then counts in no total."""
