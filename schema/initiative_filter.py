"""Conditions on initiatives, and their orders."""

from datetime import date

import strawberry

from db.rules.described import DescribedEnum
from schema.compiler.fields import searched
from schema.order import OrderDirection
from schema.scalars import VND, InitiativeState, Sector, SolutionType


@strawberry.input
class InitiativeFilter:
    """Conditions on initiatives; an initiative meets all that are sent."""

    state: list[InitiativeState] | None = strawberry.field(
        default=None, description="The states; an initiative is in one of them."
    )
    campaign: str | None = strawberry.field(default=None, description="The campaign's code.")
    phase: int | None = strawberry.field(
        default=None, description="The ordinal of the phase in its campaign."
    )
    sector: Sector | None = strawberry.field(
        default=None, description="The sector of the initiative."
    )
    solution_type: list[SolutionType] | None = strawberry.field(
        default=None, description="The kinds of solution; an initiative is of one of them."
    )
    under: str | None = strawberry.field(
        default=None, description="The code of a unit; the initiative is in its subtree."
    )
    author: strawberry.ID | None = strawberry.field(
        default=None, description="The global id of a person; the initiative has this author."
    )
    confidential: bool | None = strawberry.field(
        default=None,
        description="True: confidential initiatives only. False: the others only. Null: both.",
    )
    submitted_from: date | None = strawberry.field(
        default=None, description="The earliest day of submission, included."
    )
    submitted_to: date | None = strawberry.field(
        default=None, description="The latest day of submission, included."
    )
    applied_from: date | None = strawberry.field(
        default=None, description="The earliest day of application, included."
    )
    applied_to: date | None = strawberry.field(
        default=None, description="The latest day of application, included."
    )
    benefit_from: VND | None = strawberry.field(
        default=None, description="The lowest benefit in VND, included: verified, else claimed."
    )
    benefit_to: VND | None = strawberry.field(
        default=None, description="The highest benefit in VND, included: verified, else claimed."
    )
    text: str | None = searched(
        "Text to find in the title or summary, without regard to diacritics or case."
    )


@strawberry.enum
class InitiativeOrderField(DescribedEnum):
    """The field by which initiatives are ordered."""

    CREATED = "CREATED", "The moment of creation."
    NUMBER = "NUMBER", "The initiative's number."
    SUBMITTED_AT = "SUBMITTED_AT", "The moment of submission; a draft counts by its creation."
    APPLIED_ON = "APPLIED_ON", "The day on which the initiative was applied."
    BENEFIT = "BENEFIT", "The benefit in VND: verified, else claimed."


@strawberry.input
class InitiativeOrder:
    """The order of initiatives; without one, the newest come first."""

    field: InitiativeOrderField = strawberry.field(
        description="The field by which initiatives are ordered."
    )
    direction: OrderDirection = strawberry.field(
        default=OrderDirection.ASC, description="The direction of the order."
    )
