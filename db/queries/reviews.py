"""Decisions on initiatives: their scores, what awaits the caller's, and what came of several."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Text,
    cast,
    column,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from db.models import Initiative
from db.queries.rows import Row, Rows, any_of, everything


def scores(of: Row) -> Select[Any]:
    """Return the points given, by criterion; none where the decision came without."""
    given = func.jsonb_each_text(of.scores).table_valued("key", "value")
    return select(
        given.c.key.label("criterion"), cast(given.c.value, Integer).label("score")
    ).order_by(given.c.key.collate("C"))


def queue(_: Row) -> Rows:
    """Return what awaits the caller's decision and is not its own work, the oldest first.

    One unit's stand in order along an index; those of several are put in order first.
    """
    count = select(func.cardinality(func.reviewed_units())).scalar_subquery()
    one: ColumnElement[int] = literal_column("1")
    initiative = Initiative.__table__.alias()
    awaits = initiative.c.awaits_id
    rows = everything(initiative).where(
        ~(initiative.c.id == any_of(func.authored_initiatives(), BigInteger()))
    )
    only = select(func.unnest(func.reviewed_units())).limit(one).scalar_subquery()
    places = (
        (count == one, awaits == only),
        (count > one, awaits == any_of(func.reviewed_units(), BigInteger())),
    )
    return Rows(tuple(rows.where(*place) for place in places), ("awaited_at", "id"))


def queued(of: Row) -> Select[Any]:
    """Return the initiative of an entry of the queue."""
    initiative = Initiative.__table__.alias()
    return everything(initiative).where(initiative.c.id == of.id)


def days(of: Row) -> ColumnElement[int]:
    """Return how many days an initiative has been awaiting its decision."""
    return func.today() - func.local_day(of.awaited_at)


def results(of: Row) -> Select[Any]:
    """Return what became of each of several decisions, in order."""
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
    """Return why a decision was refused; no row where it was carried out."""
    why = of.column("refusal", JSONB())
    return select(why["code"].astext.label("code"), why["message"].astext.label("message")).where(
        why.is_not(None)
    )
