"""Awards: given by a unit to a unit or a person of its subtree."""

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


@strawberry.input(description="To a unit or to a person; for a phase of a campaign, or for none.")
class GrantAwardInput:
    """A commendation."""

    form: AwardForm
    issuer: str = line(40, description="The code of the unit that gives it.")
    citation: str = prose(2_000)
    decision_number: str = line(100)
    awarded_on: date
    recipient_unit: str | None = line(40, default=None, description="The unit's code.")
    recipient_person: str | None = line(
        40,
        default=None,
        description="The code of a member of the issuer's subtree, or of one who authored an"
        " achieved initiative there and has moved away.",
    )
    campaign: str | None = line(40, default=None, description="The campaign's code.")
    phase: int | None = strawberry.field(default=UNSET, description="The phase's ordinal.")
    idempotency_key: str | None = key()


@strawberry.type(description="The award that was given.")
class GrantAwardPayload:
    """The award that was given."""

    @sql(queries.awards.of_row)
    def award(self) -> Award | None:
        """The award."""


@shows(AwardRejectedError)
@strawberry.type(description="What the programme's rules for awards do not allow.")
class AwardRejected(Failure):
    """What the programme's rules for awards do not allow."""

    unit_code: str | None = strawberry.field(description="The code of the unit in question.")
    today: date | None


GrantAwardResult = Annotated[
    GrantAwardPayload | AwardRejected | Refusal, strawberry.union("GrantAwardResult")
]


@strawberry.type
class AwardMutations:
    """Who is commended."""

    @mutation(awards.grant, Permission.AWARD_GRANT)
    def grant_award(self, input: GrantAwardInput) -> GrantAwardResult:
        """Commend a unit or a person, by a decision with a number."""
