"""Units: one, its ancestors, its children, all."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, Select, cast, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from db.models import EmulationBloc, Unit, UnitHistory
from db.models.base import LTree
from db.queries import unit_gaps
from db.queries.rows import FILTER, Conditions, Row, Rows, any_of, everything

# The columns that a unit's history records.
_STATE = (
    *("name", "level", "parent_id", "member_count", "bloc_id"),
    *("valid_from", "valid_to", "merged_into_id"),
)
_ORDERS = {"CODE": "code", "NAME": "search", "MEMBER_COUNT": "member_count"}
_PAGED = Unit.__table__.alias("paged")  # the rows of a page, which the conditions filter


def table() -> FromClause:
    """Return the table under a new alias."""
    return Unit.__table__.alias()


def by_id(key: ColumnElement[Any]) -> Select[Any]:
    """Return the unit with this id."""
    unit = table()
    return everything(unit).where(unit.c.id == key)


def by_code(_: Row, code: ColumnElement[str]) -> Select[Any]:
    """Return the unit with this code."""
    unit = table()
    return everything(unit).where(unit.c.code == code)


def owner_of(of: Row) -> Select[Any]:
    """Return the unit of a row's `owner_id`."""
    return by_id(of.owner_id)


def of_row(of: Row) -> Select[Any]:
    """Return the unit of a row's `unit_id`."""
    return by_id(of.unit_id)


def parent(of: Row) -> Select[Any]:
    """Return the unit above."""
    return by_id(of.parent_id)


def merged_into(of: Row) -> Select[Any]:
    """Return the surviving unit of a merged one."""
    return by_id(of.merged_into_id)


def merged(of: Row) -> Select[Any]:
    """Return the units of a row's `merged_ids`, by code."""
    unit = table()
    return everything(unit).where(unit.c.id == of.merged_ids.any_()).order_by(unit.c.code)


def history(of: Row) -> Rows:
    """Return the changes of a unit, newest first."""
    change = UnitHistory.__table__.alias()
    return Rows((everything(change).where(change.c.unit_id == of.id),), ("id",), descending=True)


def before(of: Row) -> Select[Any]:
    """Return the values that a change replaced; no row where there are none."""
    return _state(of.before)


def after(of: Row) -> Select[Any]:
    """Return the values that a change set."""
    return _state(of.after)


def awaited(of: Row) -> Select[Any]:
    """Return the unit whose decision an initiative awaits."""
    return by_id(of.awaits_id)


def issuer(of: Row) -> Select[Any]:
    """Return the unit that gave an award."""
    return by_id(of.issuer_id)


def recipient(of: Row) -> Select[Any]:
    """Return the unit that received an award."""
    return by_id(of.recipient_unit_id)


def ancestors(of: Row) -> Select[Any]:
    """Return the ancestors of a unit, root first."""
    unit = table()
    above = func.line(of.path, type_=ARRAY(BigInteger))
    return (
        everything(unit).where(unit.c.id == above.any_(), unit.c.id != of.id).order_by(unit.c.depth)
    )


def bloc(of: Row) -> Select[Any]:
    """Return the emulation bloc of a row's `bloc_id`."""
    bloc_ = EmulationBloc.__table__.alias()
    return everything(bloc_).where(bloc_.c.id == of.bloc_id)


def blocs(_: Row) -> Rows:
    """Return all emulation blocs, by code."""
    return Rows((everything(EmulationBloc.__table__.alias()),), ("code",))


def in_bloc(of: Row, *, order_by: dict[str, Any] | None) -> Rows:
    """Return the units of an emulation bloc."""
    return _page([everything(_PAGED).where(_PAGED.c.bloc_id == of.id)], order_by)


def children(of: Row, *, order_by: dict[str, Any] | None) -> Rows:
    """Return the direct children."""
    return _page([everything(_PAGED).where(_PAGED.c.parent_id == of.id)], order_by)


def every(_: Row, *, order_by: dict[str, Any] | None) -> Rows:
    """Return all units."""
    sees_all = select(func.sees_all("unit_read")).scalar_subquery()
    seen = _PAGED.c.id.in_(select(func.units_in_scope()))
    places = (sees_all,), (~sees_all, seen)
    return _page([everything(_PAGED).where(*place) for place in places], order_by)


def tops(_: Row) -> Select[Any]:
    """Return the top units of the caller's scopes, by code.

    The root, which every caller sees, is left out where there are others and no grant covers it.
    """
    unit = table()
    own = func.array_cat(func.scope("unit_read"), func.scope("unit_read_alone"))
    others = func.cardinality(cast(select(own).scalar_subquery(), ARRAY(LTree()))) > 1
    granted = unit.c.path == any_of(func.scope("unit_read"), LTree())
    return (
        everything(unit)
        .where(unit.c.path == any_of(own, LTree()), granted | (unit.c.depth > 0) | ~others)
        .order_by(unit.c.code)
    )


def viewer_can(of: Row) -> ColumnElement[Any]:
    """Return the names of the permissions that the caller has at a unit."""
    return func.viewer_can(of.path)


def path_of(code: ColumnElement[str]) -> ColumnElement[Any]:
    """Return the path of the unit with this code; null where the caller sees none."""
    unit = table()
    return select(unit.c.path).where(unit.c.code == code).scalar_subquery()


def _state(facts: ColumnElement[Any]) -> Select[Any]:
    columns = (Unit.__table__.c[name] for name in _STATE)
    state = func.jsonb_to_record(facts).table_valued(*(column(c.name, c.type) for c in columns))
    return everything(state.render_derived(with_types=True)).where(facts.is_not(None))


def _page(branches: list[Select[Any]], order_by: dict[str, Any] | None) -> Rows:
    order = order_by or {"field": "CODE", "direction": "ASC"}
    key = _ORDERS[order["field"]]
    keys = (key,) if key == "code" else (key, "id")
    rows = tuple(branch.where(FILTER) for branch in branches)
    return Rows(rows, keys, order["direction"] == "DESC")


def _in_bloc(code: ColumnElement[str]) -> ColumnElement[bool]:
    bloc_ = EmulationBloc.__table__.alias()
    found = select(bloc_.c.id).where(bloc_.c.code == code).scalar_subquery()
    return _PAGED.c.bloc_id == found


def below(path: ColumnElement[Any], top: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return whether `path` is `top` or below it."""
    return path.bool_op("<@")(top)


# By the fields of the filter.
CONDITIONS: Conditions = {
    "level": lambda level: _PAGED.c.level == level,
    "bloc": _in_bloc,
    "under": lambda code: below(_PAGED.c.path, path_of(code)),
    "text": lambda needle: _PAGED.c.id.in_(select(func.units_matching(needle))),
    "closed": lambda closed: (
        _PAGED.c.valid_to.is_not(None) if closed else _PAGED.c.valid_to.is_(None)
    ),
    **unit_gaps.conditions(Row(_PAGED.name)),
}
