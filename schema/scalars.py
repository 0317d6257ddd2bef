"""Scalars and enums of the contract."""

from typing import NewType

import strawberry

from auth.permissions import Permission as PermissionName
from db.models import enums
from db.rules.pace import PaceStatus as PaceStatusName

VND = NewType("VND", int)
VND_SCALAR = strawberry.scalar(
    name="VND",
    description=(
        "Vietnamese đồng, a whole number, sent as a JSON number (the national total, "
        "33,000 billion, is far below 2^53)."
    ),
    serialize=int,
    parse_value=lambda value: _whole(value),
)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"VND is a whole number, not {value!r}.")
    if not -(2**63) <= value < 2**63:
        raise ValueError("VND does not reach beyond 63 bits.")
    return value


UnitLevel = strawberry.enum(enums.UnitLevel)
Sector = strawberry.enum(enums.Sector)
PhaseStatus = strawberry.enum(enums.PhaseStatus)
CountsFrom = strawberry.enum(enums.CountsFrom)
InitiativeState = strawberry.enum(enums.InitiativeState)
SolutionType = strawberry.enum(enums.SolutionType)
Role = strawberry.enum(enums.Role)
AccountKind = strawberry.enum(enums.AccountKind)
ReviewDecision = strawberry.enum(enums.ReviewDecision)
TargetKind = strawberry.enum(enums.TargetKind)
AwardForm = strawberry.enum(enums.AwardForm)
Permission = strawberry.enum(PermissionName)
PaceStatus = strawberry.enum(PaceStatusName)
