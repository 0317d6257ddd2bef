"""Pace of a target within a window: progress, rates and projection.

Source: PROGRAMME.md, "Pace". The same as `pace` in db/sql/pace.sql; a test compares both.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import ceil

from db.rules.described import DescribedEnum

AT_RISK_FROM = Decimal("0.8")
_FAR = 36_500  # days; projections end after a century


class PaceStatus(DescribedEnum):
    """Whether the pace so far leads to the target."""

    ON_TRACK = "ON_TRACK", "The window is open and the projected total reaches the target."
    AT_RISK = (
        "AT_RISK",
        "The window is open and the projected total is 80 to below 100 % of the target.",
    )
    BEHIND = "BEHIND", "The window is open and the projected total is below 80 % of the target."
    ACHIEVED = "ACHIEVED", "The target is reached."
    MISSED = "MISSED", "The window has closed and the target was not reached."


@dataclass(frozen=True)
class Pace:
    """The pace on a day. Days count both ends; rates are initiatives a day, rounded half up."""

    day: int
    days: int
    expected_by_today: Decimal
    daily_rate: Decimal
    required_rate: Decimal | None
    projected_total: int
    projected_on: date | None
    status: PaceStatus


def pace(
    achieved: int,
    target: int | None,
    opens_on: date,
    closes_on: date,
    today: date,
) -> Pace | None:
    """Return the pace on `today`; None without a target or before the window opens.

    `required_rate` is None from the last day on; `projected_on` is None if the target is reached
    already or nothing has been achieved.
    """
    if target is None or today < opens_on:
        return None
    days = (closes_on - opens_on).days + 1
    day = (min(today, closes_on) - opens_on).days + 1
    total = int(_round(Decimal(achieved * days) / day, 0))
    return Pace(
        day=day,
        days=days,
        expected_by_today=_round(Decimal(target * day) / days, 1),
        daily_rate=_round(Decimal(achieved) / day, 2),
        required_rate=_round(Decimal(max(target - achieved, 0)) / (days - day), 2)
        if day < days
        else None,
        projected_total=total,
        projected_on=_projected_on(achieved, target, day, today),
        status=_status(achieved, target, total, today, closes_on),
    )


def _projected_on(achieved: int, target: int, day: int, today: date) -> date | None:
    if achieved <= 0 or achieved >= target:
        return None
    return today + timedelta(days=min(ceil(Decimal((target - achieved) * day) / achieved), _FAR))


def _status(achieved: int, target: int, total: int, today: date, closes_on: date) -> PaceStatus:
    if achieved >= target:
        return PaceStatus.ACHIEVED
    if today > closes_on:
        return PaceStatus.MISSED
    if total >= target:
        return PaceStatus.ON_TRACK
    return PaceStatus.AT_RISK if total >= AT_RISK_FROM * target else PaceStatus.BEHIND


def _round(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
