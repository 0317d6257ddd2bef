"""Initiatives: drafted, edited, handed in, taken back."""

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
from schema.inputs import clearable, key, line, number_of, prose, several, whole
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
        description="VND for each of up to three years, at most 10^12 a year.",
    )


@strawberry.input(description="An author and their part.")
class AuthorInput:
    """An author and their part."""

    person: str = line(40, description="The member's code.")
    share: float = whole(
        1, 100, description="In percent, at least 1, two decimals; they sum to 100."
    )


@strawberry.input(description="Without `unit` and `authors` it is the viewer's own.")
class DraftInitiativeInput:
    """A new initiative."""

    campaign: str = line(40, description="The campaign's code.")
    title: str = line(300)
    summary: str = prose(2_000, description="The effect; open to whoever sees the initiative.")
    content: str = prose()
    solution_type: SolutionType
    applied_on: date
    unit: str | None = line(40, default=None, description="The unit's code.")
    field: str | None = line(100, default=None, description="The field of work.")
    sector: Sector | None = strawberry.field(
        default=UNSET, description="The first author's where unsaid."
    )
    confidential: bool = False
    claimed: list[VND] | None = _claimed()
    other_benefit: str | None = prose(2_000, default=None)
    authors: list[AuthorInput] | None = several(
        least=1, most=20, once=lambda author: author.person, default=None
    )
    idempotency_key: str | None = key()


@strawberry.input(description="What is left out stays; null clears `field` and `otherBenefit`.")
class EditInitiativeInput:
    """Changes of a draft or a returned initiative."""

    number: str = line(60)
    version: int | None = strawberry.field(default=UNSET, description="As it was last seen.")
    title: str | None = line(300, default=None)
    summary: str | None = prose(2_000, default=None)
    content: str | None = prose(default=None)
    solution_type: SolutionType | None = UNSET
    applied_on: date | None = UNSET
    field: str | None = clearable(line(100, default=None))
    sector: Sector | None = UNSET
    confidential: bool | None = UNSET
    claimed: list[VND] | None = _claimed()
    other_benefit: str | None = clearable(prose(2_000, default=None))
    authors: list[AuthorInput] | None = several(
        least=1,
        most=20,
        once=lambda author: author.person,
        default=None,
        description="All authors from now on. Taking another author off, or lowering their share,"
        " needs INITIATIVE_WRITE at the unit, of somebody who is not an author.",
    )
    leave: bool = strawberry.field(
        default=False,
        description="Take the viewer off as an author, instead of `authors`;"
        " its share goes to the others in proportion.",
    )
    reason: str | None = prose(
        2_000,
        default=None,
        description="Needed where it was handed in to a phase whose results are frozen.",
    )
    idempotency_key: str | None = key()


@strawberry.input(description="An initiative to be handed in.")
class SubmitInitiativeInput:
    """An initiative to be handed in."""

    number: str = line(60)
    version: int | None = strawberry.field(default=UNSET, description="As it was last seen.")
    reason: str | None = prose(
        2_000, default=None, description="Needed where the phase's results are frozen."
    )
    idempotency_key: str | None = key()


@strawberry.input(description="An initiative to be taken back.")
class WithdrawInitiativeInput(SubmitInitiativeInput):
    """An initiative to be taken back."""


@strawberry.type(description="The initiative as it is now.")
class InitiativePayload:
    """The initiative as it is now."""

    @sql(queries.initiatives.of_row)
    def initiative(self) -> Initiative | None:
        """The initiative; null once it is not for the viewer any more."""


@shows(InitiativeRejectedError)
@strawberry.type(description="What the programme's rules for initiatives do not allow.")
class InitiativeRejected(Failure):
    """What the programme's rules for initiatives do not allow, with the dates that matter."""

    state: InitiativeState | None
    opens_on: date | None = strawberry.field(description="Of the nearest phase's window.")
    closes_on: date | None
    applied_from: date | None = strawberry.field(description="Of the campaign.")
    applied_to: date | None


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
    """What authors do, and others on their behalf."""

    @mutation(initiatives.draft, *_MAY)
    def draft_initiative(self, input: DraftInitiativeInput) -> DraftInitiativeResult:
        """Write an initiative down, for oneself or on behalf of members."""

    @mutation(initiatives.edit, *_MAY)
    def edit_initiative(self, input: EditInitiativeInput) -> EditInitiativeResult:
        """Change a draft, or an initiative that was returned."""

    @mutation(initiatives.submit, *_MAY)
    def submit_initiative(self, input: SubmitInitiativeInput) -> SubmitInitiativeResult:
        """Hand an initiative in; it counts in the phase whose window holds this day."""

    @mutation(initiatives.withdraw, *_MAY)
    def withdraw_initiative(self, input: WithdrawInitiativeInput) -> WithdrawInitiativeResult:
        """Take an initiative back before it is recognised."""
