"""The pages of a connection: keyset pagination in both directions, at any depth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import get_named_type
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Select,
    Text,
    cast,
    func,
    literal,
    literal_column,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from db.queries.rows import Row, Rows
from schema.compiler.errors import BadInputError, LimitError
from schema.compiler.relay import cursor_of, keys_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql import FieldNode, GraphQLObjectType
    from sqlalchemy.sql.selectable import LateralFromClause
    from sqlalchemy.types import TypeEngine

    from schema.compiler.arguments import Recipe
    from schema.compiler.emit import Emitter
    from schema.compiler.selection import Fields

DEFAULT_SIZE = 20
LARGEST_SIZE = 100


def page_size(first: int | None, last: int | None, node: FieldNode) -> int:
    """Return how many elements a page may hold. Raises BadInputError and LimitError."""
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
    """Which page of a connection is asked for."""

    size: int
    backward: bool
    after: BindParameter[str] | None
    before: BindParameter[str] | None

    @classmethod
    def of(cls, arguments: dict[str, Any], node: FieldNode) -> Page:
        """Take the page's arguments out of a field's."""
        first, last = arguments.pop("first"), arguments.pop("last")
        size = page_size(first, last, node)
        return cls(size, last is not None, arguments.pop("after"), arguments.pop("before"))


class PageBuilder:
    """Builds one connection of a statement: the page's rows, gathered once for all asked."""

    def __init__(self, emitter: Emitter, rows: Rows, page: Page) -> None:
        """Take the statement under way, the rows to page through and the page."""
        self._emitter = emitter
        self._rows = rows
        self._page = page
        self._bounded = tuple(branch.where(*self._bounds(branch)) for branch in rows.branches)
        self._source, self._row = emitter.rows(self._elements())
        self._gathered: list[ColumnElement[Any]] = []
        self._totals = Row(emitter.alias("c"))

    def connection(self, type_: GraphQLObjectType, fields: Fields) -> ColumnElement[Any]:
        """Return the connection as a JSON object."""
        columns = [self._field(type_, nodes).label(name) for name, nodes in fields.items()]
        drawn = select(*columns).lateral(self._emitter.alias("o"))
        result = func.to_json(literal_column(drawn.name), type_=JSON())
        if not self._gathered:
            return select(result).select_from(drawn).scalar_subquery()
        gathered = select(*self._gathered).select_from(self._source).subquery(self._totals.alias)
        return select(result).select_from(gathered.join(drawn, true())).scalar_subquery()

    def _field(self, type_: GraphQLObjectType, nodes: list[FieldNode]) -> ColumnElement[Any]:
        name = nodes[0].name.value
        if name == "totalCount":
            return _count(self._rows.branches)
        if name == "__typename":
            return cast(literal(type_.name), Text)
        below: Any = get_named_type(type_.fields[name].type)
        fields = self._emitter.selection.below(below, nodes)
        if name == "pageInfo":
            return self._page_info(below, fields)
        drawn = self._node(below, fields) if name == "nodes" else self._edge(below, fields)
        elements = self._gather(func.json_agg(drawn), JSON())
        return func.coalesce(elements, literal_column("'[]'::json", JSON()))

    def _gather(self, aggregate: ColumnElement[Any], type_: TypeEngine[Any]) -> ColumnElement[Any]:
        name = f"j{len(self._gathered)}"
        self._gathered.append(aggregate.label(name))
        return self._totals.column(name, type_)

    def _draw(self, columns: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
        return self._join(select(*columns).lateral(self._emitter.alias("o")))

    def _join(self, drawn: LateralFromClause) -> ColumnElement[Any]:
        self._source = self._source.join(drawn, true())
        return literal_column(drawn.name)

    def _node(self, type_: GraphQLObjectType, fields: Fields) -> ColumnElement[Any]:
        return self._join(self._emitter.object(type_, fields, self._row))

    def _edge(self, type_: GraphQLObjectType, fields: Fields) -> ColumnElement[Any]:
        columns = []
        for name, nodes in fields.items():
            field = nodes[0].name.value
            if field == "cursor":
                value = cursor_of(self._row, self._rows)
            elif field == "node":
                node: Any = get_named_type(type_.fields[field].type)
                below = self._emitter.selection.below(node, nodes)
                value = func.to_json(self._node(node, below))
            else:
                value = cast(literal(type_.name), Text)
            columns.append(value.label(name))
        return self._draw(columns)

    def _page_info(self, type_: GraphQLObjectType, fields: Fields) -> ColumnElement[Any]:
        columns = [
            self._page_info_field(type_, nodes[0].name.value).label(name)
            for name, nodes in fields.items()
        ]
        info = select(*columns).lateral(self._emitter.alias("o"))
        result = func.to_json(literal_column(info.name), type_=JSON())
        return select(result).select_from(info).scalar_subquery()

    def _page_info_field(self, type_: GraphQLObjectType, field: str) -> ColumnElement[Any]:
        page = self._page
        if field == "__typename":
            return cast(literal(type_.name), Text)
        if field == "hasNextPage":
            return _constant(page.before is not None) if page.backward else self._more()
        if field == "hasPreviousPage":
            return self._more() if page.backward else _constant(page.after is not None)
        cursors = self._gather(func.array_agg(cursor_of(self._row, self._rows)), ARRAY(Text()))
        at = literal_column("1") if field == "startCursor" else func.cardinality(cursors)
        element: ColumnElement[Any] = cursors[at]
        return element

    def _elements(self) -> Select[Any]:
        """Return the rows of the page, in the connection's order."""
        reverse = self._rows.descending != self._page.backward
        size: ColumnElement[int] = literal_column(str(self._page.size))
        parts = [self._ordered(branch, reverse=reverse).limit(size) for branch in self._bounded]
        if len(parts) == 1 and not self._page.backward:
            return parts[0]
        together = _union(parts).subquery(self._emitter.alias("u"))
        chosen = self._ordered(select(*together.c), reverse=reverse).limit(size)
        if not self._page.backward:
            return chosen
        turned = chosen.subquery(self._emitter.alias("u"))
        return self._ordered(select(*turned.c), reverse=self._rows.descending)

    def _ordered(self, rows: Select[Any], *, reverse: bool) -> Select[Any]:
        columns = [rows.selected_columns[key] for key in self._rows.keys]
        return rows.order_by(*(c.desc() if reverse else c.asc() for c in columns))

    def _more(self) -> ColumnElement[bool]:
        """Return whether more rows follow in the direction of paging."""
        size = self._page.size
        ahead = _union(
            [_bare(branch).limit(literal_column(str(size + 1))) for branch in self._bounded]
        ).subquery(self._emitter.alias("u"))
        counted: ColumnElement[bool] = (
            select(func.count() > literal_column(str(size))).select_from(ahead).scalar_subquery()
        )
        return counted

    def _bounds(self, branch: Select[Any]) -> list[ColumnElement[bool]]:
        return [
            self._beyond(branch, cursor, name, greater=(name == "after") != self._rows.descending)
            for name, cursor in (("after", self._page.after), ("before", self._page.before))
            if cursor is not None
        ]

    def _beyond(
        self, branch: Select[Any], cursor: BindParameter[str], name: str, *, greater: bool
    ) -> ColumnElement[bool]:
        arguments, rows = self._emitter.arguments, self._rows
        given = arguments.recipes[cursor.key]

        def key(number: int) -> Recipe:
            return lambda variables: keys_of(given(variables), rows, name)[number]

        columns = [branch.selected_columns[name_] for name_ in rows.keys]
        keys = [arguments.bind(key(i), column.type) for i, column in enumerate(columns)]
        left, right = (columns[0], keys[0]) if len(keys) == 1 else (tuple_(*columns), tuple_(*keys))
        condition: ColumnElement[bool] = left > right if greater else left < right
        return condition


def _constant(value: bool) -> ColumnElement[bool]:  # noqa: FBT001 - it is the value itself
    return literal_column("true" if value else "false")


def _count(branches: tuple[Select[Any], ...]) -> ColumnElement[int]:
    counts = [
        select(func.count()).select_from(_bare(branch).subquery()).scalar_subquery()
        for branch in branches
    ]
    total: ColumnElement[int] = counts[0]
    for more in counts[1:]:
        total = total + more
    return total


def _bare(branch: Select[Any]) -> Select[Any]:
    """Return the same rows without their columns."""
    return branch.with_only_columns(literal_column("1").label("one"), maintain_column_froms=True)


def _union(parts: list[Select[Any]]) -> Select[Any] | CompoundSelect[Any]:
    return parts[0] if len(parts) == 1 else union_all(*parts)
