"""Keyset pagination of connections, in both directions and at any depth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import get_named_type
from sqlalchemy import (
    ColumnElement,
    Select,
    literal_column,
    tuple_,
)

from db.cache import Cache
from schema.compiler.errors import BadInputError, LimitError
from schema.compiler.relay import Order, cursor_of, keys_of
from schema.compiler.templates import (
    ONE_MORE,
    ROW,
    SIZE,
    Parameter,
    lateral,
    marked,
    template,
    typename,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from graphql import FieldNode, GraphQLObjectType

    from db.queries.rows import Rows
    from schema.compiler.emit import Emitter
    from schema.compiler.selection import Fields
    from schema.compiler.templates import Filled, Recipe

DEFAULT_SIZE = 20
LARGEST_SIZE = 100
_ORDERS: Cache[Order] = Cache(10_000, name="orders")


def page_size(first: int | None, last: int | None, node: FieldNode) -> int:
    """Return the number of elements of a page. Raises BadInputError and LimitError."""
    if first is not None and last is not None:
        raise BadInputError("Give 'first' or 'last', not both.", node)
    size = first if first is not None else last if last is not None else DEFAULT_SIZE
    if size < 0:
        raise BadInputError(f"A page cannot hold {size} elements.", node)
    if size > LARGEST_SIZE:
        raise LimitError("page size", LARGEST_SIZE, size, node)
    return size


@dataclass(frozen=True)
class Page:
    """The requested page of a connection; `bounds` are cursors by argument name."""

    size: int
    backward: bool
    bounds: dict[str, Parameter]

    @classmethod
    def of(cls, arguments: dict[str, Any], node: FieldNode) -> Page:
        """Remove the page's arguments from those of a field."""
        first, last = arguments.pop("first"), arguments.pop("last")
        size = page_size(first, last, node)
        bounds = {name: arguments.pop(name) for name in ("after", "before")}
        given = {name: cursor for name, cursor in bounds.items() if cursor is not None}
        return cls(size, last is not None, given)


class PageSource(NamedTuple):
    """The source of a connection: its query, the parent's row, and its filter as a condition."""

    rows: Filled
    parent: str
    filter: Callable[[], str]


class PageBuilder:
    """Builds one connection of a statement; its selected fields share one scan of the page."""

    def __init__(self, emitter: Emitter, source: PageSource, page: Page) -> None:
        """Create the builder of one page of a source."""
        self._emitter = emitter
        self._source = source.rows
        self._given = source
        self._page = page
        self._row = emitter.alias("t")
        self._joined: list[str] = []
        self._gathered: list[str] = []
        self._totals = emitter.alias("c")
        self._order = _ORDERS.remember(source.rows.shape, lambda: Order.of(source.rows.clause))

    def connection(self, type_: GraphQLObjectType, fields: Fields) -> str:
        """Return the connection as a JSON object."""
        columns = {}
        for name, nodes in fields.items():
            with self._emitter.at(name):
                columns[name] = self._field(type_, nodes)
        drawn = self._emitter.alias("o")
        object_ = lateral(columns, drawn)
        if not self._gathered:
            return f"(SELECT to_json({drawn}) FROM {object_})"
        gathered = ", ".join(f"{text} AS j{n}" for n, text in enumerate(self._gathered))
        rows = " ".join([f"({self._of_page(_elements)}) AS {self._row}", *self._joined])
        return (
            f"(SELECT to_json({drawn}) FROM (SELECT {gathered} FROM {rows}) AS {self._totals}"
            f" JOIN {object_} ON true)"
        )

    def _field(self, type_: GraphQLObjectType, nodes: list[FieldNode]) -> str:
        name = nodes[0].name.value
        if name == "totalCount":
            return self._filled("count", lambda: _count(self._source.clause.branches), [])
        if name == "__typename":
            return typename(type_)
        below: Any = get_named_type(type_.fields[name].type)
        fields = self._emitter.selection.below(below, nodes)
        if name == "pageInfo":
            return self._page_info(below, fields)
        drawn = self._node(below, fields) if name == "nodes" else self._edge(below, fields)
        return f"coalesce({self._gather(f'json_agg({drawn})')}, '[]'::json)"

    def _gather(self, aggregate: str) -> str:
        self._gathered.append(aggregate)
        return f"{self._totals}.j{len(self._gathered) - 1}"

    def _join(self, drawn: str, object_: str) -> str:
        self._joined.append(f"JOIN {object_} ON true")
        return drawn

    def _node(self, type_: GraphQLObjectType, fields: Fields) -> str:
        drawn = self._emitter.alias("o")
        return self._join(drawn, self._emitter.object(type_, fields, self._row, drawn))

    def _edge(self, type_: GraphQLObjectType, fields: Fields) -> str:
        columns = {}
        for name, nodes in fields.items():
            field = nodes[0].name.value
            if field == "cursor":
                columns[name] = self._cursor()
            elif field == "node":
                node: Any = get_named_type(type_.fields[field].type)
                below = self._emitter.selection.below(node, nodes)
                columns[name] = f"to_json({self._node(node, below)})"
            else:
                columns[name] = typename(type_)
        drawn = self._emitter.alias("o")
        return self._join(drawn, lateral(columns, drawn))

    def _page_info(self, type_: GraphQLObjectType, fields: Fields) -> str:
        columns = {
            name: self._page_info_field(type_, nodes[0].name.value)
            for name, nodes in fields.items()
        }
        info = self._emitter.alias("o")
        return f"(SELECT to_json({info}) FROM {lateral(columns, info)})"

    def _page_info_field(self, type_: GraphQLObjectType, field: str) -> str:
        page = self._page
        if field == "__typename":
            return typename(type_)
        if field == "hasNextPage":
            return _constant("before" in page.bounds) if page.backward else self._more()
        if field == "hasPreviousPage":
            return self._more() if page.backward else _constant("after" in page.bounds)
        cursors = self._gather(f"array_agg({self._cursor()})")
        return f"{cursors}[{'1' if field == 'startCursor' else f'cardinality({cursors})'}]"

    def _more(self) -> str:
        """Return whether more rows follow in the direction of paging."""
        return self._of_page(_more)

    def _cursor(self) -> str:
        kept = template(("cursor", self._source.shape), lambda: [cursor_of(ROW, self._order)])
        return kept.fill(self._emitter.parameters, (), self._row)

    def _of_page(self, build: Callable[[_Bounded], list[Any]]) -> str:
        """Return a select over the rows within the page's bounds."""
        backward, names = self._page.backward, tuple(self._page.bounds)

        def pieces() -> list[Any]:
            first = len(self._source.parameters)
            return build(_Bounded.of(self._source.clause, names, first, backward=backward))

        return self._filled((build, backward, names), pieces, self._keys())

    def _filled(
        self, what: Hashable, pieces: Callable[[], list[Any]], more: Sequence[Parameter]
    ) -> str:
        parameters = [*self._source.parameters, *more]
        return template((what, self._source.shape), pieces).fill(
            self._emitter.parameters,
            parameters,
            self._given.parent,
            size=self._page.size,
            filter_=self._given.filter,
        )

    def _keys(self) -> list[Parameter]:
        """Return the keys in the page's cursors, as parameters."""
        order = self._order

        def key(cursor: Recipe, argument: str, number: int) -> Recipe:
            return lambda variables: keys_of(cursor(variables), order, argument)[number]

        return [
            Parameter(key(cursor.recipe, name, number), type_)
            for name, cursor in self._page.bounds.items()
            for number, type_ in enumerate(order.types)
        ]


class _Bounded(NamedTuple):
    """The rows of a connection within the bounds of a page, in the direction of paging."""

    rows: Rows
    backward: bool
    branches: tuple[Select[Any], ...]

    @classmethod
    def of(cls, rows: Rows, bounds: Sequence[str], first: int, *, backward: bool) -> _Bounded:
        """Restrict rows by cursors; the keys are the parameters from number `first` on."""

        def beyond(branch: Select[Any], place: int, name: str) -> ColumnElement[bool]:
            columns = [branch.selected_columns[key] for key in rows.keys]
            start = first + place * len(columns)
            keys = [marked(start + i, column.type) for i, column in enumerate(columns)]
            left, right = (
                (columns[0], keys[0]) if len(keys) == 1 else (tuple_(*columns), tuple_(*keys))
            )
            greater = (name == "after") != rows.descending
            condition: ColumnElement[bool] = left > right if greater else left < right
            return condition

        branches = tuple(
            branch.where(*(beyond(branch, place, name) for place, name in enumerate(bounds)))
            for branch in rows.branches
        )
        return cls(rows, backward, branches)

    def ordered(self, branch: Select[Any], *, reverse: bool) -> Select[Any]:
        """Return a branch's first rows, from one end or from the other."""
        columns = [branch.selected_columns[key] for key in self.rows.keys]
        return branch.order_by(*(c.desc() if reverse else c.asc() for c in columns)).limit(SIZE)

    def by_keys(self, *, reverse: bool) -> str:
        """Return the order of the rows of all branches together."""
        direction = "DESC" if reverse else "ASC"
        return ", ".join(f'u$."{key}" {direction}' for key in self.rows.keys)


def _elements(bounded: _Bounded) -> list[Any]:
    """Return the rows of the page, in the connection's order."""
    descending, backward = bounded.rows.descending, bounded.backward
    reverse = descending != backward
    parts = [bounded.ordered(branch, reverse=reverse) for branch in bounded.branches]
    if len(parts) == 1 and not backward:
        return parts
    order = bounded.by_keys(reverse=reverse)
    chosen = ["SELECT * FROM (", *_union(parts), f") AS u$ ORDER BY {order} LIMIT ", SIZE]
    if not backward:
        return chosen
    return ["SELECT * FROM (", *chosen, f") AS u$ ORDER BY {bounded.by_keys(reverse=descending)}"]


def _more(bounded: _Bounded) -> list[Any]:
    ahead = _union([_bare(branch).limit(ONE_MORE) for branch in bounded.branches])
    return ["(SELECT count(*) > ", SIZE, " FROM (", *ahead, ") AS u$)"]


def _constant(value: bool) -> str:  # noqa: FBT001 - the flag is the value
    return "true" if value else "false"


def _count(branches: tuple[Select[Any], ...]) -> list[Any]:
    pieces: list[Any] = []
    for branch in branches:
        pieces += [" + " if pieces else "", "(SELECT count(*) FROM (", _bare(branch), ") AS u$)"]
    return pieces


def _bare(branch: Select[Any]) -> Select[Any]:
    """Return the same rows without their columns."""
    return branch.with_only_columns(literal_column("1").label("one"), maintain_column_froms=True)


def _union(parts: list[Select[Any]]) -> list[Any]:
    pieces: list[Any] = []
    for part in parts:
        pieces += [" UNION ALL (" if pieces else "(", part, ")"]
    return pieces
