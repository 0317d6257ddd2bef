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
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from db.queries.rows import Row, Rows
from schema.compiler.errors import BadInputError, LimitError
from schema.compiler.json_text import json_list, json_name, json_object, or_null
from schema.compiler.relay import cursor_of, keys_of

if TYPE_CHECKING:
    from graphql import FieldNode, GraphQLObjectType
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

    def connection(self, type_: GraphQLObjectType, fields: Fields) -> ColumnElement[str]:
        """Return the connection as an object in JSON text."""
        drawn = json_object((name, self._field(type_, nodes)) for name, nodes in fields.items())
        if not self._gathered:
            return drawn
        gathered = select(*self._gathered).select_from(self._source).subquery(self._totals.alias)
        return select(drawn).select_from(gathered).scalar_subquery()

    def _field(self, type_: GraphQLObjectType, nodes: list[FieldNode]) -> ColumnElement[str]:
        name = nodes[0].name.value
        if name == "totalCount":
            return cast(_count(self._rows.branches), Text)
        if name == "__typename":
            return json_name(type_.name)
        below: Any = get_named_type(type_.fields[name].type)
        fields = self._emitter.selection.below(below, nodes)
        if name == "pageInfo":
            return self._page_info(below, fields)
        if name == "nodes":
            drawn = self._emitter.object(below, fields, self._row)
        else:
            drawn = self._edge(below, fields)
        return self._gather(json_list(drawn), Text())

    def _gather(self, aggregate: ColumnElement[Any], type_: TypeEngine[Any]) -> ColumnElement[Any]:
        name = f"j{len(self._gathered)}"
        self._gathered.append(aggregate.label(name))
        return self._totals.column(name, type_)

    def _edge(self, type_: GraphQLObjectType, fields: Fields) -> ColumnElement[str]:
        drawn: list[tuple[str, ColumnElement[str]]] = []
        for name, nodes in fields.items():
            field = nodes[0].name.value
            if field == "cursor":
                value = _quoted(cursor_of(self._row, self._rows))
            elif field == "node":
                node: Any = get_named_type(type_.fields[field].type)
                below = self._emitter.selection.below(node, nodes)
                value = self._emitter.object(node, below, self._row)
            else:
                value = json_name(type_.name)
            drawn.append((name, value))
        return json_object(drawn)

    def _page_info(self, type_: GraphQLObjectType, fields: Fields) -> ColumnElement[str]:
        return json_object(
            (name, self._page_info_field(type_, nodes[0].name.value))
            for name, nodes in fields.items()
        )

    def _page_info_field(self, type_: GraphQLObjectType, field: str) -> ColumnElement[str]:
        page = self._page
        if field == "__typename":
            return json_name(type_.name)
        if field == "hasNextPage":
            return _constant(page.before is not None) if page.backward else self._more()
        if field == "hasPreviousPage":
            return self._more() if page.backward else _constant(page.after is not None)
        cursors = self._gather(func.array_agg(cursor_of(self._row, self._rows)), ARRAY(Text()))
        at = literal_column("1") if field == "startCursor" else func.cardinality(cursors)
        return or_null(_quoted(cursors[at]))

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

    def _more(self) -> ColumnElement[str]:
        """Return whether more rows follow in the direction of paging."""
        size = self._page.size
        ahead = _union(
            [_bare(branch).limit(literal_column(str(size + 1))) for branch in self._bounded]
        ).subquery(self._emitter.alias("u"))
        more = func.count() > literal_column(str(size))
        return select(cast(more, Text)).select_from(ahead).scalar_subquery()

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


def _constant(value: bool) -> ColumnElement[str]:  # noqa: FBT001 - it is the value itself
    return literal("true" if value else "false", Text())


def _quoted(cursor: ColumnElement[str]) -> ColumnElement[str]:
    """Return a cursor, which needs no escaping, as JSON text."""
    quote = literal('"', Text())
    return quote.concat(cursor).concat(quote)


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
