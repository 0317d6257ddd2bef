"""Scalars and enums of the contract."""

from typing import NewType

import strawberry

from auth.permissions import Permission
from db.models.enums import (
    AccountKind,
    AdjustmentKind,
    AuditKind,
    AwardForm,
    CountsFrom,
    InitiativeState,
    PhaseStatus,
    ReviewDecision,
    Role,
    Sector,
    SolutionType,
    TargetKind,
    UnitChange,
    UnitLevel,
)
from db.rules.distribution import DistributeBy
from db.rules.pace import PaceStatus

__all__ = [
    "VND",
    "VND_SCALAR",
    "AccountKind",
    "AdjustmentKind",
    "AuditKind",
    "AwardForm",
    "CountsFrom",
    "DistributeBy",
    "InitiativeState",
    "PaceStatus",
    "Permission",
    "PhaseStatus",
    "ReviewDecision",
    "Role",
    "Sector",
    "SolutionType",
    "TargetKind",
    "UnitChange",
    "UnitLevel",
]

VND = NewType("VND", int)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"VND is a whole number, not {value!r}.")
    if not -(2**63) <= value < 2**63:
        raise ValueError("VND does not reach beyond 63 bits.")
    return value


VND_SCALAR = strawberry.scalar(
    name="VND",
    description=(
        "Vietnamese đồng, a whole number, sent as a JSON number (the national total, "
        "33,000 billion, is far below 2^53)."
    ),
    serialize=int,
    parse_value=_whole,
)

for _name in (
    AccountKind,
    AdjustmentKind,
    AuditKind,
    AwardForm,
    CountsFrom,
    DistributeBy,
    InitiativeState,
    PaceStatus,
    Permission,
    PhaseStatus,
    ReviewDecision,
    Role,
    Sector,
    SolutionType,
    TargetKind,
    UnitChange,
    UnitLevel,
):
    strawberry.enum(_name)
