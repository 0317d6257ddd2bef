"""Targets of a unit, reconciled with its children's."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, column, func, select, true

from db.models import Campaign, Phase, Target, TargetRevision
from db.queries.rows import Row, Rows, everything


def of_unit(of: Row, campaign: ColumnElement[str], phase: ColumnElement[int]) -> Select[Any]:
    """Return a unit's target in a phase; a row for every existing phase, even without a target."""
    campaigns, phases = Campaign.__table__.alias(), Phase.__table__.alias()
    target = Target.__table__.alias()
    below = (
        func.children_targets(of.id, phases.c.id)
        .table_valued(column("assigned", BigInteger()), column("registered", BigInteger()))
        .lateral()
    )
    effective = func.coalesce(target.c.registered, target.c.assigned)
    return (
        select(
            of.id.label("unit_id"),
            phases.c.id.label("phase_id"),
            target.c.assigned,
            target.c.registered,
            effective.label("effective"),
            below.c.assigned.label("children_assigned"),
            below.c.registered.label("children_registered"),
            (effective - below.c.assigned).label("unallocated"),
            func.coalesce(target.c.version, 0).label("version"),
        )
        .select_from(phases)
        .join(campaigns, campaigns.c.id == phases.c.campaign_id)
        .join(below, true())
        .outerjoin(target, (target.c.unit_id == of.id) & (target.c.phase_id == phases.c.id))
        .where(campaigns.c.code == campaign, phases.c.ordinal == phase)
    )


def allocations(of: Row) -> Select[Any]:
    """Return the share of each child in a distribution, from a row's arrays, in their order."""
    parts = (
        func.unnest(of.unit_ids, of.shares, of.previous)
        .table_valued("unit_id", "value", "previous", with_ordinality="place")
        .render_derived()
    )
    return select(*parts.c).order_by(parts.c.place)


def revisions(of: Row) -> Rows:
    """Return every change of a target, newest first."""
    revision = TargetRevision.__table__.alias()
    rows = everything(revision).where(
        revision.c.unit_id == of.unit_id, revision.c.phase_id == of.phase_id
    )
    return Rows((rows,), ("id",), descending=True)
