"""Campaigns, their phases and benefit tiers, drives, and rankings within a phase."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Numeric,
    Select,
    Text,
    case,
    cast,
    column,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY

from db.models import (
    BenefitTier,
    Campaign,
    Drive,
    EmulationBloc,
    Phase,
    Rollup,
    Target,
    Unit,
    WindowOverride,
)
from db.queries.rows import Row, Rows, everything
from db.queries.units import below, path_of


def by_code(_: Row, code: ColumnElement[str]) -> Select[Any]:
    """Return the campaign with this code."""
    campaign = Campaign.__table__.alias()
    return everything(campaign).where(campaign.c.code == code)


def by_id(key: ColumnElement[Any]) -> Select[Any]:
    """Return the campaign with this id."""
    campaign = Campaign.__table__.alias()
    return everything(campaign).where(campaign.c.id == key)


def phase_by_id(key: ColumnElement[Any]) -> Select[Any]:
    """Return the phase with this id."""
    phase = Phase.__table__.alias()
    return everything(phase).where(phase.c.id == key)


def every(_: Row) -> Rows:
    """Return all campaigns, by code."""
    return Rows((everything(Campaign.__table__.alias()),), ("code",))


def of_row(of: Row) -> Select[Any]:
    """Return the campaign of a row's `campaign_id`."""
    return by_id(of.campaign_id)


def phases(of: Row) -> Select[Any]:
    """Return the phases of a campaign, in order."""
    phase = Phase.__table__.alias()
    return everything(phase).where(phase.c.campaign_id == of.id).order_by(phase.c.ordinal)


def phase_of_row(of: Row) -> Select[Any]:
    """Return the phase of a row's `phase_id`."""
    return phase_by_id(of.phase_id)


def tiers(of: Row) -> Select[Any]:
    """Return the benefit tiers of a campaign, in order."""
    tier = BenefitTier.__table__.alias()
    return everything(tier).where(tier.c.campaign_id == of.id).order_by(tier.c.ordinal)


def drives(of: Row) -> Select[Any]:
    """Return the drives of a phase, by date."""
    drive = Drive.__table__.alias()
    return everything(drive).where(drive.c.phase_id == of.id).order_by(drive.c.opens_on, drive.c.id)


def drive_of_row(of: Row) -> Select[Any]:
    """Return the drive of a row's `drive_id`."""
    drive = Drive.__table__.alias()
    return everything(drive).where(drive.c.id == of.drive_id)


def drives_outside(of: Row) -> Select[Any]:
    """Return the drives of a row's `drives_outside`, by date."""
    drive = Drive.__table__.alias()
    outside = of.column("drives_outside", ARRAY(BigInteger))
    return (
        everything(drive).where(drive.c.id == outside.any_()).order_by(drive.c.opens_on, drive.c.id)
    )


def overrides(of: Row) -> Select[Any]:
    """Return the overrides of a phase's window that the caller sees, the highest units first."""
    override, unit = WindowOverride.__table__.alias(), Unit.__table__.alias()
    return (
        everything(override)
        .join(unit, unit.c.id == override.c.unit_id)
        .where(override.c.phase_id == of.id)
        .order_by(unit.c.depth, unit.c.code)
    )


def override_of_row(of: Row) -> Select[Any]:
    """Return the override of a row's phase at its unit; no row where there is none."""
    override = WindowOverride.__table__.alias()
    return everything(override).where(
        override.c.phase_id == of.phase_id, override.c.unit_id == of.unit_id
    )


def rubric(of: Row) -> Select[Any]:
    """Return the criteria of a campaign's rubric, those with the highest score first."""
    scores = func.jsonb_each_text(of.rubric).table_valued(column("key", Text()), "value")
    most = cast(scores.c.value, BigInteger)
    return select(scores.c.key.label("criterion"), most.label("most")).order_by(
        most.desc(), scores.c.key.collate("C")
    )


def status(of: Row) -> ColumnElement[str]:
    """Return the status of a phase: today's relation to its window."""
    return case(
        (func.today() < of.opens_on, "UPCOMING"),
        (func.today() > of.closes_on, "CLOSED"),
        else_="ACTIVE",
    )


def days(of: Row) -> ColumnElement[int]:
    """Return the length of a phase in days, both ends included."""
    return of.closes_on - of.opens_on + 1


def day(of: Row) -> ColumnElement[int]:
    """Return today's number among the days of a phase; null before it opens or after it closes."""
    return case(
        (func.today().between(of.opens_on, of.closes_on), func.today() - of.opens_on + 1),
        else_=literal_column("null"),
    )


def ranking(
    of: Row,
    *,
    level: str | None,
    bloc: ColumnElement[str] | None,
    under: ColumnElement[str] | None,
    by: str,
) -> Rows:
    """Return the units that the caller sees, ranked within the phase; equal values share a rank.

    In a ranking by percent, units without a target come last. Closed units are left out.
    """
    unit = Unit.__table__.alias()
    totals = _totals(of, unit)
    target = _effective_target(of, unit)
    percent = func.round(
        cast(totals.c.achieved, Numeric) * 100 / func.nullif(target.c.effective, 0), 2
    )
    value = {
        "PERCENT": func.coalesce(percent, -1),
        "ACHIEVED": totals.c.achieved,
        "BENEFIT": totals.c.benefit_verified,
        "PARTICIPANTS": totals.c.participants,
    }[by]
    ranked = (
        select(
            unit.c.id.label("unit_id"),
            type_coerce(func.rank().over(order_by=value.desc()), BigInteger).label("rank"),
            totals.c.achieved,
            totals.c.benefit_verified,
            totals.c.participants,
            target.c.effective.label("target"),
            percent.label("percent"),
        )
        .select_from(unit)
        .join(totals, literal_column("true"))
        .outerjoin(target, literal_column("true"))
        .where(unit.c.valid_to.is_(None))
    )
    if level is not None:
        ranked = ranked.where(unit.c.level == level)
    if bloc is not None:
        group = EmulationBloc.__table__.alias()
        ranked = ranked.where(
            unit.c.bloc_id == select(group.c.id).where(group.c.code == bloc).scalar_subquery()
        )
    if under is not None:
        ranked = ranked.where(below(unit.c.path, path_of(under)))
    rows = ranked.subquery()
    return Rows((everything(rows),), ("rank", "unit_id"))


def _totals(of: Row, unit: FromClause) -> FromClause:
    rollup = Rollup.__table__.alias()
    return (
        select(
            *(
                func.coalesce(cast(func.sum(rollup.c[name]), BigInteger), 0).label(name)
                for name in ("achieved", "benefit_verified", "participants")
            )
        )
        .where(
            rollup.c.unit_id == unit.c.id,
            rollup.c.campaign_id == of.campaign_id,
            rollup.c.ordinal == of.ordinal,
        )
        .lateral()
    )


def _effective_target(of: Row, unit: FromClause) -> FromClause:
    target = Target.__table__.alias()
    return (
        select(func.coalesce(target.c.registered, target.c.assigned).label("effective"))
        .where(target.c.unit_id == unit.c.id, target.c.phase_id == of.id)
        .lateral()
    )
