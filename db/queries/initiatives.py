"""Initiatives: one, a subtree's, all; their contents, authors, reviews and look-alikes."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    FromClause,
    Select,
    case,
    func,
    literal_column,
    or_,
    select,
)

from db.models import Authorship, Campaign, Initiative, Person, Phase, Review, Unit
from db.queries.people import in_scope
from db.queries.rows import FILTER, Conditions, Row, Rows, any_of, everything
from db.queries.units import below, path_of

_ORDERS = {
    "CREATED": "id",
    "NUMBER": "number",
    "SUBMITTED_AT": "sort_submitted",
    "APPLIED_ON": "applied_on",
    "BENEFIT": "sort_benefit",
}
_UNIQUE = {"id", "number"}
_PAGED = Initiative.__table__.alias("paged")  # the rows of a page, which the conditions filter


def by_number(_: Row, number: ColumnElement[str]) -> Select[Any]:
    """Return the initiative with this number."""
    initiative = Initiative.__table__.alias()
    return everything(initiative).where(initiative.c.number == number)


def by_id(key: ColumnElement[Any]) -> Select[Any]:
    """Return the initiative with this id."""
    initiative = Initiative.__table__.alias()
    return everything(initiative).where(initiative.c.id == key)


def of_row(of: Row) -> Select[Any]:
    """Return the initiative of a row's `initiative_id`."""
    return by_id(of.initiative_id)


def original_of_row(of: Row) -> Select[Any]:
    """Return the initiative of a row's `original_id`."""
    return by_id(of.original_id)


def of_subtree(of: Row, *, order_by: dict[str, Any] | None) -> Rows:
    """Return the initiatives of a unit's subtree."""
    return _page(order_by, _below(of.level, of.id))


def every(_: Row, *, filter: dict[str, Any] | None = None, order_by: dict[str, Any] | None) -> Rows:
    """Return all visible initiatives, or with the filter `under` those of a subtree."""
    code = (filter or {}).get("under")
    if code is None:
        return _page(order_by, _visible())
    unit = Unit.__table__.alias()
    level = select(unit.c.level).where(unit.c.code == code).scalar_subquery()
    unit_id = select(unit.c.id).where(unit.c.code == code).scalar_subquery()
    return _page(order_by, _below(level, unit_id))


def content(of: Row) -> ColumnElement[str]:
    """Return the content; null where it is confidential and hidden from the caller."""
    return case(
        (
            or_(
                ~of.confidential,
                in_scope(of.path, "content_read"),
                of.id == any_of(func.own_initiatives(), BigInteger()),
            ),
            of.content,
        )
    )


def viewer_can(of: Row) -> ColumnElement[Any]:
    """Return the names of the caller's permissions on an initiative."""
    own = of.id == any_of(func.own_initiatives(), BigInteger())
    drafted = (of.drafted_by_id == func.caller()) & func.own_person().is_not(None)
    barred = of.id == any_of(func.reviewed_barred(), BigInteger())
    return func.initiative_viewer_can(of.id, of.path, of.awaits_id, own | drafted, barred)


def authors(of: Row) -> Select[Any]:
    """Return the authors, the largest share first."""
    authorship = Authorship.__table__.alias()
    return (
        everything(authorship)
        .where(authorship.c.initiative_id == of.id)
        .order_by(authorship.c.share.desc(), authorship.c.person_id)
    )


def reviews(of: Row) -> Select[Any]:
    """Return the decisions, the oldest first."""
    review = Review.__table__.alias()
    return everything(review).where(review.c.initiative_id == of.id).order_by(review.c.id)


def possible_duplicates(of: Row, first: int) -> Select[Any]:
    """Return initiatives of the whole programme that resemble this one, most similar first."""
    found = func.possible_duplicates(of.id, literal_column(str(first))).table_valued(
        "initiative_id", "similarity", "closeness", "federation"
    )
    return select(*found.c)


def _page(order_by: dict[str, Any] | None, places: list[list[ColumnElement[bool]]]) -> Rows:
    order = order_by or {"field": "CREATED", "direction": "DESC"}
    key = _ORDERS[order["field"]]
    rows = select(
        *_PAGED.c,
        func.coalesce(_PAGED.c.submitted_at, _PAGED.c.created_at).label("sort_submitted"),
        _benefit(_PAGED).label("sort_benefit"),
    ).where(FILTER)
    branches = tuple(rows.where(*place) for place in places)
    keys = (key,) if key in _UNIQUE else (key, "id")
    return Rows(branches, keys, order["direction"] == "DESC")


def _below(
    level: ColumnElement[str], unit_id: ColumnElement[int]
) -> list[list[ColumnElement[bool]]]:
    """Return a unit's subtree as branches; its level selects one, which follows an index."""
    return [
        [level == "CONFEDERATION"],
        [level == "FEDERATION", _PAGED.c.federation_id == unit_id],
        [level == "UPPER", _PAGED.c.upper_id == unit_id],
        [level == "GRASSROOTS", _PAGED.c.unit_id == unit_id],
    ]


def _visible() -> list[list[ColumnElement[bool]]]:
    """Return all that the caller may see, as branches along indexes (db/sql/scope.sql)."""
    sees_all = select(func.sees_all("initiative_read")).scalar_subquery()
    granted = in_scope(_PAGED.c.path, "initiative_read")
    own = _PAGED.c.id == any_of(func.own_initiatives(), BigInteger())
    return [
        [sees_all],
        [~sees_all, _PAGED.c.id.in_(select(func.initiatives_in_scope()))],
        [~sees_all, _PAGED.c.published_at.is_not(None), ~(granted | own)],
    ]


def _benefit(initiative: FromClause) -> ColumnElement[int]:
    return func.coalesce(
        initiative.c.benefit_verified, initiative.c.benefit_claimed, type_=BigInteger()
    )


def _authored_by(person_id: ColumnElement[str]) -> ColumnElement[bool]:
    # Joins the person's row, so that its policy hides the initiatives of hidden people.
    authorship, person = Authorship.__table__.alias(), Person.__table__.alias()
    return _PAGED.c.id.in_(
        select(authorship.c.initiative_id)
        .join(person, person.c.id == authorship.c.person_id)
        .where(person.c.id == func.key_of(person_id, "Person"))
    )


def _campaign(code: ColumnElement[str]) -> ColumnElement[int]:
    campaign = Campaign.__table__.alias()
    return select(campaign.c.id).where(campaign.c.code == code).scalar_subquery()


def _phases(ordinal: ColumnElement[int]) -> Select[Any]:
    phase = Phase.__table__.alias()
    return select(phase.c.id).where(phase.c.ordinal == ordinal)


_DAY = func.local_day(_PAGED.c.submitted_at, type_=Date())
# By the fields of the filter; a field with a list of alternatives is an array.
CONDITIONS: Conditions = {
    "state": lambda value: _PAGED.c.state == value.any_(),
    "sector": lambda value: _PAGED.c.sector == value,
    "solution_type": lambda value: _PAGED.c.solution_type == value.any_(),
    "confidential": lambda value: _PAGED.c.confidential == value,
    "applied_from": lambda value: _PAGED.c.applied_on >= value,
    "applied_to": lambda value: _PAGED.c.applied_on <= value,
    "submitted_from": lambda value: value <= _DAY,
    "submitted_to": lambda value: value >= _DAY,
    "benefit_from": lambda value: _benefit(_PAGED) >= value,
    "benefit_to": lambda value: _benefit(_PAGED) <= value,
    "under": lambda value: below(_PAGED.c.path, path_of(value)),
    "text": lambda value: _PAGED.c.id.in_(select(func.initiatives_matching(value))),
    "author": _authored_by,
    "campaign": lambda value: _PAGED.c.campaign_id == _campaign(value),
    "phase": lambda value: _PAGED.c.phase_id.in_(_phases(value)),
}
EVERY_CONDITIONS: Conditions = {n: make for n, make in CONDITIONS.items() if n != "under"}
