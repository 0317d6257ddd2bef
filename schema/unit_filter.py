"""Conditions on units, and their orders."""

import strawberry

from db.rules.described import DescribedEnum
from schema.compiler.fields import searched
from schema.order import OrderDirection
from schema.scalars import UnitLevel


@strawberry.input
class PhaseKey:
    """The key of a phase: its campaign's code and its ordinal."""

    campaign: str = strawberry.field(description="The campaign's code.")
    phase: int = strawberry.field(description="The phase's ordinal in the campaign, from 1.")


@strawberry.input
class UnitFilter:
    """Conditions on units; a unit meets all that are sent."""

    level: UnitLevel | None = strawberry.field(
        default=None, description="Only units of this level."
    )
    bloc: str | None = strawberry.field(
        default=None, description="The code of the emulation bloc that the unit belongs to."
    )
    under: str | None = strawberry.field(
        default=None,
        description="The code of a unit; the returned units are this unit and its subtree.",
    )
    closed: bool | None = strawberry.field(
        default=None, description="True: closed units only. False: open units only. Null: both."
    )
    text: str | None = searched(
        "Text to find in the name or code, without regard to diacritics or case."
    )
    without_officer: bool | None = strawberry.field(
        default=None,
        description="True: units at which no account has the role OFFICER today, as far as the"
        " caller may see role grants there. False: the other units.",
    )
    without_target: PhaseKey | None = strawberry.field(
        default=None,
        description="Units with neither an assigned nor a registered target in this phase.",
    )
    without_submission: PhaseKey | None = strawberry.field(
        default=None, description="Units in whose subtree nothing was submitted in this phase."
    )
    below_floor: PhaseKey | None = strawberry.field(
        default=None,
        description="Open grassroots units that achieved less than the `floor` of this phase.",
    )


@strawberry.enum
class UnitOrderField(DescribedEnum):
    """The field by which units are ordered."""

    CODE = "CODE", "The unit's code."
    NAME = "NAME", "The unit's name, without regard to diacritics or case."
    MEMBER_COUNT = "MEMBER_COUNT", "The number of members."


@strawberry.input
class UnitOrder:
    """The order of units; without one, units are ordered by code."""

    field: UnitOrderField = strawberry.field(description="The field by which units are ordered.")
    direction: OrderDirection = strawberry.field(
        default=OrderDirection.ASC, description="The direction of the order."
    )
