"""Frozen results of closed phases, and the adjustments made since."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Numeric,
    Select,
    Text,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.types import TypeEngine

from db.models import Adjustment, Campaign, Phase, PhaseResult, Unit
from db.queries.rows import Row, Rows, everything
from db.queries.units import below

_FIGURES: Mapping[str, TypeEngine[Any]] = {
    **dict.fromkeys(
        (
            *("submitted", "recognised", "confirmed", "returned", "rejected"),
            *("achieved", "achieved_production", "achieved_public", "target"),
            *("benefit_claimed", "benefit_verified", "participants"),
            *("units_total", "units_reporting", "units_meeting_floor", "days"),
        ),
        BigInteger(),
    ),
    "percent": Numeric(),
    "opens_on": Date(),
    "closes_on": Date(),
}


def of_unit(of: Row, campaign: ColumnElement[str], phase: ColumnElement[int]) -> Select[Any]:
    """Return a unit's frozen figures of a phase; no row where it is not frozen."""
    result = PhaseResult.__table__.alias()
    figures = [
        cast(result.c.figures.op("->>")(name), type_).label(name)
        for name, type_ in _FIGURES.items()
    ]
    return select(
        *figures,
        result.c.figures.op("->")("tiers").label("frozen_tiers"),
        result.c.frozen_at,
        result.c.account_id,
        result.c.unit_id,
        result.c.phase_id,
    ).where(result.c.unit_id == of.id, result.c.phase_id == _phase_id(campaign, phase))


def tiers(of: Row) -> Select[Any]:
    """Return each benefit tier at the time of the freeze, with its count."""
    columns = ("ordinal", "label", "from_vnd", "to_vnd", "count")
    listed = (
        func.jsonb_to_recordset(of.frozen_tiers)
        .table_valued(
            *(column(name, Text() if name == "label" else BigInteger()) for name in columns)
        )
        .render_derived(with_types=True)
    )
    return select(*listed.c).order_by(listed.c.ordinal)


def gained(of: Row) -> ColumnElement[int]:
    """Return the sum of what adjustments since the freeze added to the achieved total."""
    return func.adjustments_gained(of.unit_id, of.phase_id)


def adjustments_of_phase(of: Row) -> Rows:
    """Return the adjustments of a phase that the caller sees, newest first."""
    adjustment = Adjustment.__table__.alias()
    rows = everything(adjustment).where(adjustment.c.phase_id == of.id)
    return Rows((rows,), ("id",), descending=True)


def adjustments_of_unit(of: Row, campaign: ColumnElement[str], phase: ColumnElement[int]) -> Rows:
    """Return the adjustments of a phase in a unit's subtree, newest first."""
    adjustment, unit = Adjustment.__table__.alias(), Unit.__table__.alias()
    rows = (
        everything(adjustment)
        .join(unit, unit.c.id == adjustment.c.unit_id)
        .where(
            adjustment.c.phase_id == _phase_id(campaign, phase),
            below(unit.c.path, of.path),
        )
    )
    return Rows((rows,), ("id",), descending=True)


def _phase_id(campaign: ColumnElement[str], ordinal: ColumnElement[int]) -> ColumnElement[int]:
    campaigns, phase = Campaign.__table__.alias(), Phase.__table__.alias()
    return (
        select(phase.c.id)
        .join(campaigns, campaigns.c.id == phase.c.campaign_id)
        .where(campaigns.c.code == campaign, phase.c.ordinal == ordinal)
        .scalar_subquery()
    )
