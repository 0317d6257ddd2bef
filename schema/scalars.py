"""Scalars and enums of the schema."""

import re
from contextlib import suppress
from datetime import date, datetime
from typing import NewType

import strawberry

from auth.permissions import Permission
from db.catalogue import CatalogueFault
from db.models.enums import (
    AccountKind,
    AdjustmentKind,
    AuditKind,
    AwardForm,
    CountsFrom,
    GrantType,
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
from db.rules.calendar import within_calendar
from db.rules.distribution import DistributeBy
from db.rules.pace import PaceStatus
from schema.compiler.errors import ScalarError

__all__ = [
    "DATETIME_SCALAR",
    "DATE_SCALAR",
    "VND",
    "VND_SCALAR",
    "AccountKind",
    "AdjustmentKind",
    "AuditKind",
    "AwardForm",
    "CatalogueFault",
    "CountsFrom",
    "DistributeBy",
    "GrantType",
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
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ScalarError("VND is a whole number.")
    if not -(2**63) <= value < 2**63:
        raise ScalarError("VND does not reach beyond 63 bits.")
    return value


VND_SCALAR = strawberry.scalar(
    name="VND",
    description=(
        "An amount of Vietnamese đồng: a whole number, sent as a JSON number. The national"
        " total is far below 2^53, so JavaScript reads every amount exactly."
    ),
    serialize=int,
    parse_value=_whole,
)


def _day(value: object) -> date:
    if isinstance(value, str) and _DAY.fullmatch(value):
        with suppress(ValueError):
            return within_calendar(date.fromisoformat(value))
    raise ScalarError("A Date is a day of the years 1900 to 2999, written like 2022-10-21.")


def _moment(value: object) -> datetime:
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        with suppress(ValueError):
            moment = datetime.fromisoformat(value.upper())
            within_calendar(moment.date())
            return moment
    raise ScalarError(
        "A DateTime is a moment of the years 1900 to 2999, written like 2022-10-21T08:00:00+07:00."
    )


DATE_SCALAR = strawberry.scalar(
    name="Date",
    description="A day of the years 1900 to 2999, such as 2022-10-21.",
    serialize=date.isoformat,
    parse_value=_day,
)
DATETIME_SCALAR = strawberry.scalar(
    name="DateTime",
    description="A moment of the years 1900 to 2999 by RFC 3339, with its offset from UTC, such as"
    " 2022-10-21T08:00:00+07:00.",
    serialize=datetime.isoformat,
    parse_value=_moment,
)

for _name in (
    AccountKind,
    AdjustmentKind,
    AuditKind,
    AwardForm,
    CountsFrom,
    DistributeBy,
    GrantType,
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
