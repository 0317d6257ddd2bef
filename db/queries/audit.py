"""The audit log, newest first."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    cast,
    func,
    literal_column,
    or_,
    select,
)

from db.models import AuditEvent, Unit
from db.queries.rows import FILTER, Conditions, Row, Rows, everything

_PAGED = AuditEvent.__table__.alias("paged")  # the events of a page, which the conditions filter


def by_id(key: ColumnElement[Any]) -> Select[Any]:
    """Return the event with this id."""
    event = AuditEvent.__table__.alias()
    return everything(event).where(event.c.id == key)


def every(_: Row, *, filter: dict[str, Any] | None = None) -> Rows:
    """Return all events that the caller sees, or with the filter `under` those of a subtree."""
    code = (filter or {}).get("under")
    places = _visible(_PAGED) if code is None else _under(_PAGED, code)
    rows = everything(_PAGED).where(FILTER)
    return Rows(tuple(rows.where(*place) for place in places), ("id",), descending=True)


def actor(of: Row) -> ColumnElement[str]:
    """Return the username of the event's actor."""
    return func.audit_actor(of.account_id)


def object_id(of: Row) -> ColumnElement[str]:
    """Return the global id of the event's object."""
    return func.global_id(of.object_type, of.object_id)


Places = list[list[ColumnElement[bool]]]


def _visible(event: FromClause) -> Places:
    """Return the events that the caller may see, as branches that an index returns in order.

    The branches: all events; the subtree of the unit where the caller's scope begins; the subtrees
    of further units of the scope.
    """
    sees_all = select(func.sees_all("audit_read")).scalar_subquery()
    first = select(literal_column("(audit_tops())[1]")).scalar_subquery()
    others = select(func.cardinality(func.audit_tops()) > 1).scalar_subquery()
    told = _told(event, first)
    elsewhere = event.c.id.in_(select(func.audit_events_elsewhere()))
    anywhere = func.coalesce(or_(*(place[0] for place in told)), False)
    return [
        [sees_all],
        *([~sees_all, *place] for place in told),
        [~sees_all, others, elsewhere, ~anywhere],
    ]


def _under(event: FromClause, code: ColumnElement[str]) -> Places:
    """Return the events in the subtree of the unit with this code, as the tree was at the time."""
    unit = Unit.__table__.alias()
    top = select(unit.c.id).where(unit.c.code == code).scalar_subquery()
    is_root = select(unit.c.parent_id.is_(None)).where(unit.c.code == code).scalar_subquery()
    return [[is_root], *([~is_root, *place] for place in _told(event, top))]


def _told(event: FromClause, unit_id: ColumnElement[int]) -> Places:
    """Return the events in a unit's subtree at the time, as disjoint branches by level."""
    federation, upper = event.c.federation_id, event.c.upper_id
    return [
        [federation == unit_id],
        [upper == unit_id],
        [
            event.c.unit_id == unit_id,
            federation.is_distinct_from(unit_id),
            upper.is_distinct_from(unit_id),
        ],
    ]


def _unit(code: ColumnElement[str]) -> ColumnElement[bool]:
    unit = Unit.__table__.alias()
    return _PAGED.c.unit_id == select(unit.c.id).where(unit.c.code == code).scalar_subquery()


def _object(object_id: ColumnElement[str]) -> ColumnElement[bool]:
    key = func.nullif(func.split_part(object_id, ":", 2), "")
    named = _PAGED.c.object_type == func.split_part(object_id, ":", 1)
    return named & (_PAGED.c.object_id == cast(key, BigInteger()))


# By the fields of the filter.
CONDITIONS: Conditions = {
    "actor": lambda name: _PAGED.c.account_id == select(func.audit_account(name)).scalar_subquery(),
    "unit": _unit,
    "object_type": lambda name: _PAGED.c.object_type == name,
    "object": _object,
    "kind": lambda kinds: _PAGED.c.kind == kinds.any_(),
    "action": lambda name: _PAGED.c.action == name,
    "from": lambda moment: _PAGED.c.at >= moment,
    "to": lambda moment: _PAGED.c.at <= moment,
}
