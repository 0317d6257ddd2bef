"""Mutations of awards."""

from datetime import date
from typing import Annotated

import strawberry
from strawberry import UNSET

from db import queries
from db.commands import awards
from db.rules.award import AwardRejectedError
from schema.awards import Award
from schema.compiler.commands import mutation
from schema.compiler.fields import sql
from schema.errors import Failure, Refusal, shows
from schema.inputs import key, line, prose
from schema.messages import says
from schema.scalars import AwardForm, Permission

says(
    {
        "ONE_RECIPIENT": (
            "Chỉ khen thưởng một đơn vị hoặc một cá nhân, không phải cả hai.",
            "It goes to a unit or to a person, not to both.",
        ),
        "OUTSIDE_SUBTREE": (
            "Đơn vị hoặc cá nhân không thuộc {unit_code}.",
            "The recipient is not in the subtree of {unit_code}.",
        ),
        "AWARDED_LATER": (
            "Ngày khen thưởng còn ở phía trước; hôm nay là {today}.",
            "The day of the award is still ahead; today is {today}.",
        ),
    }
)


@strawberry.input
class GrantAwardInput:
    """The values of an award: to a unit or to a person, for a phase of a campaign or for none."""

    form: AwardForm = strawberry.field(description="The form of the commendation.")
    issuer: str = line(40, description="The code of the unit that gives the award.")
    citation: str = prose(2_000, description="What the award is given for.")
    decision_number: str = line(100, description="The number of the decision.")
    awarded_on: date = strawberry.field(description="The day of the award, not in the future.")
    recipient_unit: str | None = line(
        40,
        default=None,
        description="The code of the unit that receives it. Send this or `recipientPerson`, not"
        " both.",
    )
    recipient_person: str | None = line(
        40,
        default=None,
        description="The code of the member who receives it: one of the issuer's subtree, or one"
        " who authored an achieved initiative there and has moved away. Send this or"
        " `recipientUnit`, not both.",
    )
    campaign: str | None = line(
        40,
        default=None,
        description="The campaign's code. Send it together with `phase`, or neither.",
    )
    phase: int | None = strawberry.field(
        default=UNSET,
        description="The phase's ordinal. Send it together with `campaign`, or neither.",
    )
    idempotency_key: str | None = key()


@strawberry.type
class GrantAwardPayload:
    """The new award."""

    @sql(queries.awards.of_row)
    def award(self) -> Award | None:
        """The award. Null where the caller may not see it."""


@shows(AwardRejectedError)
@strawberry.type
class AwardRejected(Failure):
    """A rule for awards does not allow the mutation; `code` and `message` name it."""

    unit_code: str | None = strawberry.field(
        description="The code of the unit that the rule is about. Null where it is about none."
    )
    today: date | None = strawberry.field(
        description="Today, where the day of the award is in the future. Null otherwise."
    )


GrantAwardResult = Annotated[
    GrantAwardPayload | AwardRejected | Refusal, strawberry.union("GrantAwardResult")
]


@strawberry.type
class AwardMutations:
    """Mutations of awards."""

    @mutation(awards.grant, Permission.AWARD_GRANT)
    def grant_award(self, input: GrantAwardInput) -> GrantAwardResult:
        """Give an award to a unit or a person of the issuer's subtree."""
