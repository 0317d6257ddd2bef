"""Totals of a unit's subtree, and the figures derived from them."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    FromClause,
    Numeric,
    Select,
    case,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    true,
)

from db.models import BenefitTier, Campaign, Phase, Rollup, RollupDay, RollupTier, Target, Unit
from db.queries.rows import Row

_COUNTS = (
    "submitted",
    "recognised",
    "confirmed",
    "returned",
    "rejected",
    "achieved",
    "achieved_production",
    "achieved_public",
    "benefit_claimed",
    "benefit_verified",
    "participants",
    "units_reporting",
    "units_meeting_floor",
)


def of_unit(of: Row, campaign: ColumnElement[str], phase: ColumnElement[int] | None) -> Select[Any]:
    """Return the totals of a unit in a phase, or in the campaign; no row if that is unknown."""
    found = _campaign_id(campaign)
    ordinal = literal_column("0", BigInteger()) if phase is None else phase
    rollup = Rollup.__table__.alias()
    totals = (
        select(*(func.total(rollup.c[name], type_=BigInteger()).label(name) for name in _COUNTS))
        .where(
            rollup.c.unit_id == of.id,
            rollup.c.campaign_id == found,
            rollup.c.ordinal == ordinal,
        )
        .subquery()
    )
    known = found if phase is None else _phase_id(campaign, phase)
    # Lateral, because a scalar subquery would run once for `target` and again for `percent`.
    target = _target(of, campaign, phase).lateral()
    return (
        select(
            *totals.c,
            target.c.target,
            of.id.label("unit_id"),
            of.path.label("unit_path"),
            of.grassroots_count.label("units_total"),
            found.label("campaign_id"),
            ordinal.label("ordinal"),
        )
        .select_from(totals.outerjoin(target, true()))
        .where(known.is_not(None))
    )


def of_code(
    _: Row,
    unit: ColumnElement[str],
    campaign: ColumnElement[str],
    phase: ColumnElement[int] | None,
) -> Select[Any]:
    """Return the totals of the unit with this code; no row if anything is unknown or hidden."""
    watched = Unit.__table__.alias("watched")
    totals = of_unit(Row(watched.name), campaign, phase).lateral()
    return select(*totals.c).select_from(watched.join(totals, true())).where(watched.c.code == unit)


def percent(of: Row) -> ColumnElement[Any]:
    """Return 100 × achieved / target, two decimals; null without a target."""
    return func.round(cast(of.achieved, Numeric) * 100 / func.nullif(of.target, 0), 2)


def tiers(of: Row) -> Select[Any]:
    """Return each benefit tier of the campaign with its count."""
    tier, count = BenefitTier.__table__.alias(), RollupTier.__table__.alias()
    counted = (
        select(func.coalesce(func.sum(count.c.achieved), 0))
        .where(
            count.c.unit_id == of.unit_id,
            count.c.campaign_id == of.campaign_id,
            count.c.ordinal == of.ordinal,
            count.c.tier_id == tier.c.id,
        )
        .correlate(tier)
        .scalar_subquery()
    )
    return (
        select(tier.c.id, tier.c.label, tier.c.from_vnd, tier.c.to_vnd, counted.label("count"))
        .where(tier.c.campaign_id == of.campaign_id)
        .order_by(tier.c.ordinal)
    )


def tier_of(of: Row) -> Select[Any]:
    """Return the benefit tier of a count."""
    return select(of.label.label("label"), of.from_vnd.label("from_vnd"), of.to_vnd.label("to_vnd"))


def pace(of: Row) -> Select[Any]:
    """Return the pace as of today in the unit's own window; no row without a target."""
    columns = {
        "day": BigInteger(),
        "days": BigInteger(),
        "expected_by_today": Numeric(),
        "daily_rate": Numeric(),
        "required_rate": Numeric(),
        "projected_total": BigInteger(),
        "projected_on": Date(),
        "status": None,
    }
    window = _window(of)
    worked_out = func.pace(
        of.achieved, of.target, window.c.opens_on, window.c.closes_on, func.today()
    ).table_valued(*(column(name, type_) for name, type_ in columns.items()))
    paced = worked_out.lateral()
    return select(
        *paced.c, window.c.opens_on.label("opens_on"), window.c.closes_on.label("closes_on")
    ).select_from(window.join(paced, true()))


def history(of: Row, interval: str) -> Select[Any]:
    """Return the gains per day, week (from Monday) or month, and the running total achieved."""
    day = RollupDay.__table__.alias()
    start = cast(func.date_trunc(interval.lower(), day.c.day), Date)
    counts = ("submitted", "recognised", "confirmed", "achieved")
    gains = (
        select(
            start.label("starts_on"),
            *(cast(func.sum(day.c[name]), BigInteger).label(name) for name in counts),
        )
        .where(
            day.c.unit_id == of.unit_id,
            day.c.campaign_id == of.campaign_id,
            (literal(0) == of.ordinal) | (day.c.ordinal == of.ordinal),
        )
        .group_by(start)
        .subquery()
    )
    running = func.sum(gains.c.achieved).over(order_by=gains.c.starts_on)
    return (
        select(*gains.c, cast(running, BigInteger).label("achieved_so_far"))
        .where(
            (gains.c.submitted != 0)
            | (gains.c.recognised != 0)
            | (gains.c.confirmed != 0)
            | (gains.c.achieved != 0)
        )
        .order_by(gains.c.starts_on)
    )


def standing(of: Row, campaign: ColumnElement[str], phase: ColumnElement[int]) -> Select[Any]:
    """Return the unit's rank in its emulation bloc; no row where the caller may see none."""
    ranked = func.unit_standing(of.id, campaign, phase).table_valued("bloc_id", "rank", "units")
    return select(*ranked.c)


def _campaign_id(code: ColumnElement[str]) -> ColumnElement[int]:
    campaign = Campaign.__table__.alias()
    return select(campaign.c.id).where(campaign.c.code == code).scalar_subquery()


def _phase_id(campaign: ColumnElement[str], ordinal: ColumnElement[int]) -> ColumnElement[int]:
    phase = Phase.__table__.alias()
    return (
        select(phase.c.id)
        .where(phase.c.campaign_id == _campaign_id(campaign), phase.c.ordinal == ordinal)
        .scalar_subquery()
    )


def _target(of: Row, campaign: ColumnElement[str], phase: ColumnElement[int] | None) -> Select[Any]:
    """Return the effective target; for the whole campaign, the sum of its phases' targets."""
    target = Target.__table__.alias()
    effective = func.coalesce(target.c.registered, target.c.assigned)
    if phase is not None:
        return select(effective.label("target")).where(
            target.c.unit_id == of.id, target.c.phase_id == _phase_id(campaign, phase)
        )
    phases = Phase.__table__.alias()
    return (
        select(cast(func.sum(effective), BigInteger).label("target"))
        .join(phases, phases.c.id == target.c.phase_id)
        .where(target.c.unit_id == of.id, phases.c.campaign_id == _campaign_id(campaign))
    )


def _window(of: Row) -> FromClause:
    phase = Phase.__table__.alias()
    effective = (
        func.phase_window(phase.c.id, of.unit_path)
        .table_valued(column("opens_on", Date()), column("closes_on", Date()))
        .lateral()
    )
    return (
        select(
            func.min(effective.c.opens_on).label("opens_on"),
            func.max(effective.c.closes_on).label("closes_on"),
        )
        .select_from(phase.join(effective, true()))
        .where(
            phase.c.campaign_id == of.campaign_id,
            case((literal(0) == of.ordinal, true()), else_=phase.c.ordinal == of.ordinal),
        )
        .subquery()
    )
