"""Conditions on units for gaps: no officer, no target, no submissions, below the floor."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select

from db.models import Campaign, Phase, RoleGrant, Rollup, Target
from db.models.enums import Role, UnitLevel
from db.queries.rows import Conditions, Row


def conditions(unit: Row) -> Conditions:
    """Return the conditions of a UnitFilter's `without_…` and `below_floor` on a unit."""
    return {
        "without_officer": lambda without: ~_has_officer(unit) if without else _has_officer(unit),
        "without_target": lambda key: _is_phase(key) & ~_has_target(unit, key),
        "without_submission": lambda key: _is_phase(key) & (_total(unit, key, "submitted") == 0),
        "below_floor": lambda key: _below_floor(unit, key),
    }


def _below_floor(unit: Row, key: Mapping[str, Any]) -> ColumnElement[bool]:
    floor = _phase(key, Phase.__table__.c.floor).scalar_subquery()
    return (
        (unit.level == UnitLevel.GRASSROOTS.value)
        & unit.valid_to.is_(None)
        & (_total(unit, key, "achieved") < floor)
    )


def _has_officer(unit: Row) -> ColumnElement[bool]:
    grant = RoleGrant.__table__.alias()
    return exists(
        select(grant.c.id).where(
            grant.c.unit_id == unit.id,
            grant.c.role == Role.OFFICER.value,
            grant.c.revoked_at.is_(None),
            grant.c.valid_from <= func.today(),
            or_(grant.c.valid_to.is_(None), grant.c.valid_to >= func.today()),
        )
    )


def _has_target(unit: Row, key: Mapping[str, Any]) -> ColumnElement[bool]:
    target = Target.__table__.alias()
    phase_id = _phase(key, Phase.__table__.c.id).scalar_subquery()
    return exists(
        select(target.c.unit_id).where(
            target.c.unit_id == unit.id,
            target.c.phase_id == phase_id,
            func.coalesce(target.c.assigned, target.c.registered).is_not(None),
        )
    )


def _total(unit: Row, key: Mapping[str, Any], counter: str) -> ColumnElement[Any]:
    """Return a unit's total in a phase; 0 where the caller sees none."""
    rollup = Rollup.__table__.alias()
    campaign_id = (
        select(Campaign.__table__.c.id)
        .where(Campaign.__table__.c.code == key["campaign"])
        .scalar_subquery()
    )
    return (
        select(func.coalesce(func.sum(rollup.c[counter]), 0))
        .where(
            rollup.c.unit_id == unit.id,
            rollup.c.campaign_id == campaign_id,
            rollup.c.ordinal == key["phase"],
        )
        .scalar_subquery()
    )


def _is_phase(key: Mapping[str, Any]) -> ColumnElement[bool]:
    return exists(_phase(key, Phase.__table__.c.id))


def _phase(key: Mapping[str, Any], column: ColumnElement[Any]) -> Select[Any]:
    campaign = Campaign.__table__
    return (
        select(column)
        .join(campaign, campaign.c.id == Phase.__table__.c.campaign_id)
        .where(campaign.c.code == key["campaign"], Phase.__table__.c.ordinal == key["phase"])
    )
