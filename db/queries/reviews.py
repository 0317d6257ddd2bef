"""Decisions on initiatives: their scores, the caller's work queue, results of bulk decisions."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    case,
    cast,
    column,
    false,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from db.models import Initiative, ReviewSheet
from db.queries.people import in_scope
from db.queries.rows import Row, Rows, any_of, everything
from db.queries.units import by_id


def scores(of: Row) -> Select[Any]:
    """Return the scores by criterion; no rows for a decision without scores."""
    given = func.jsonb_each_text(of.scores).table_valued("key", "value")
    return select(
        given.c.key.label("criterion"), cast(given.c.value, Integer).label("score")
    ).order_by(given.c.key.collate("C"))


def total(of: Row) -> ColumnElement[Any]:
    """Return the sum of the scores of a sheet."""
    return _total(of.scores)


def sheets_of_review(of: Row) -> Select[Any]:
    """Return the sheets of the round that a decision ended, the oldest first."""
    sheet = ReviewSheet.__table__.alias()
    return everything(sheet).where(sheet.c.review_id == of.id).order_by(sheet.c.id)


def sheets_of_round(of: Row) -> Select[Any]:
    """Return the sheets of the current round, before its decision, the oldest first."""
    sheet = ReviewSheet.__table__.alias()
    open_ = (sheet.c.initiative_id == of.id, sheet.c.review_id.is_(None))
    return everything(sheet).where(*open_).order_by(sheet.c.id)


def mean_scores(of: Row) -> Select[Any]:
    """Return the mean score of each criterion over the sheets that count, with two decimals."""
    sheet = ReviewSheet.__table__.alias()
    given = func.jsonb_each_text(sheet.c.scores).table_valued("key", "value").render_derived()
    mean = func.round(func.avg(cast(given.c.value, Integer)), literal_column("2"))
    return (
        select(given.c.key.label("criterion"), mean.label("mean"))
        .select_from(sheet.join(given, true()))
        .where(*_counting(sheet, of))
        .group_by(given.c.key)
        .order_by(given.c.key.collate("C"))
    )


def mean_total(of: Row) -> ColumnElement[Any]:
    """Return the mean of the totals of the sheets that count, with two decimals."""
    sheet = ReviewSheet.__table__.alias()
    mean = func.round(func.avg(_total(sheet.c.scores)), literal_column("2"))
    return select(mean).where(*_counting(sheet, of)).scalar_subquery()


def _counting(sheet: FromClause, of: Row) -> tuple[ColumnElement[bool], ...]:
    """Return the condition for sheets that count: of the decision's round and for its unit."""
    return sheet.c.review_id == of.id, sheet.c.unit_id == of.unit_id


def _total(scores: ColumnElement[Any]) -> ColumnElement[Any]:
    given = func.jsonb_each_text(scores).table_valued("key", "value")
    return select(func.sum(cast(given.c.value, Integer))).scalar_subquery()


def queue(_: Row) -> Rows:
    """Return initiatives that await the caller's decision and do not bar it, the oldest first.

    One unit's entries come in order from an index, and so do those of many units that the caller's
    unit decides for. Those of few such units, or of several units of the caller, are sorted.
    """
    count = select(func.cardinality(func.reviewed_units())).scalar_subquery()
    one: ColumnElement[int] = literal_column("1")
    only = select(func.unnest(func.reviewed_units())).limit(one).scalar_subquery()
    initiative = Initiative.__table__.alias()
    awaits, own, below = initiative.c.awaits_id, false(), true()
    none: ColumnElement[int] = literal_column("0")
    unstaffed = [func.reviewed_unstaffed(many) for many in (false(), true())]
    are_many = select(func.cardinality(unstaffed[1])).scalar_subquery() > none
    in_few, in_many = (awaits.in_(select(func.unnest(units))) for units in unstaffed)
    barred_there = initiative.c.id.in_(select(func.reviewed_escalated()))
    places = (
        (own, count == one, awaits == only),
        (own, count > one, awaits == any_of(func.reviewed_units(), BigInteger())),
        (below, count > none, in_few),
        # Not a join, which would sort all of them first.
        (below, awaits.is_not(None), are_many, in_many.is_(true())),
        (below, count > none, barred_there),
    )
    barred = initiative.c.id == any_of(func.reviewed_barred(), BigInteger())
    branches = (_entries(initiative, kind).where(~barred, *place) for kind, *place in places)
    return Rows(tuple(branches), ("awaited_at", "id"))


def awaiting(of: Row) -> Rows:
    """Return what awaits a unit's decision within the caller's scope, the oldest first."""
    initiative = Initiative.__table__.alias()
    rows = _entries(initiative, false()).where(
        initiative.c.awaits_id == of.id, in_scope(initiative.c.path, "initiative_read")
    )
    return Rows((rows,), ("awaited_at", "id"))


def _entries(initiative: FromClause, escalated: ColumnElement[bool]) -> Select[Any]:
    return select(*initiative.c, escalated.label("escalated"))


def queued(of: Row) -> Select[Any]:
    """Return the initiative of a queue entry."""
    initiative = Initiative.__table__.alias()
    return everything(initiative).where(initiative.c.id == of.id)


def acting_unit(of: Row) -> Select[Any]:
    """Return the unit that decided in the place of another."""
    return by_id(of.acting_unit_id)


def escalated_from(of: Row) -> Select[Any]:
    """Return the awaited unit of an entry that another unit decides on; else no row."""
    return by_id(of.awaits_id).where(of.escalated)


def escalated_to(of: Row) -> Select[Any]:
    """Return the unit that decides in the place of the awaited one; no row where that decides."""
    return by_id(func.review_place(of.id, of.awaits_id)).where(decider_missing(of))


def decider_missing(of: Row) -> ColumnElement[bool]:
    """Return whether an initiative awaits a unit where nobody may decide on it.

    False for callers who see it only because it is published.
    """
    own = of.id == any_of(func.own_initiatives(), BigInteger())
    followed = in_scope(of.path, "initiative_read") | own
    missing = func.review_place(of.id, of.awaits_id).is_distinct_from(of.awaits_id)
    return case((of.awaits_id.is_not(None) & followed, missing), else_=false())


def days(of: Row) -> ColumnElement[int]:
    """Return for how many days an initiative has awaited its decision."""
    return func.today() - func.local_day(of.awaited_at)


def results(of: Row) -> Select[Any]:
    """Return the result of each of several decisions, in order."""
    found = (
        func.unnest(of.numbers, of.initiative_ids, of.refusals)
        .table_valued(
            column("number", Text),
            column("initiative_id", BigInteger),
            column("refusal", JSONB),
            with_ordinality="position",
        )
        .render_derived()
    )
    return select(*found.c).order_by(found.c.position)


def refusal(of: Row) -> Select[Any]:
    """Return the error of a decision; no row where it was carried out."""
    why = of.column("refusal", JSONB())
    return select(why["code"].astext.label("code"), why["message"].astext.label("message")).where(
        why.is_not(None)
    )
