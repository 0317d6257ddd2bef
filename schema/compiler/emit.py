"""Turns a selection into one SQL statement that yields the response as JSON.

Every object of the response is a row (a `Row` by its alias) from which a lateral select draws
the asked columns under their response names; `to_json` of that is the object. An object within
an object is a scalar subquery, a list one with `json_agg`. Aliases are unique in a statement.
"""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    cast,
    func,
    literal,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.sql.selectable import LateralFromClause

from db.queries.rows import Row, Rows
from schema.compiler.arguments import Arguments, Recipe
from schema.compiler.fields import COLUMN, SQL
from schema.compiler.nodes import NodeLookup, nodes_of
from schema.compiler.pages import Page, PageBuilder, page_size
from schema.compiler.relay import is_connection
from schema.compiler.selection import Fields, Selection

_EMPTY = literal_column("'[]'::json", JSON())


class Emitter:
    """Builds the statement of one operation."""

    def __init__(
        self,
        selection: Selection,
        arguments: Arguments,
        introspect: Callable[[list[FieldNode]], Recipe],
    ) -> None:
        """Take what is selected, how arguments are bound, and who answers introspection."""
        self.selection = selection
        self.arguments = arguments
        self._introspect = introspect
        self._numbers: Iterator[int] = count()

    def statement(self, type_: GraphQLObjectType, fields: Fields) -> Select[Any]:
        """Return the statement of an operation on a root type."""
        root = self.object(type_, fields, Row("root"))
        return select(to_json(root)).select_from(root)

    def object(self, type_: GraphQLObjectType, fields: Fields, row: Row) -> LateralFromClause:
        """Return the lateral select that draws an object's fields from its row."""
        columns = [self._field(type_, nodes, row).label(name) for name, nodes in fields.items()]
        return select(*columns).lateral(self.alias("o"))

    def alias(self, letter: str) -> str:
        """Return an alias that nothing else in the statement has.

        No response name holds a dollar sign, so none is taken for a row by the same name.
        """
        return f"{letter}${next(self._numbers)}"

    def _field(
        self, type_: GraphQLObjectType, nodes: list[FieldNode], row: Row
    ) -> ColumnElement[Any]:
        name = nodes[0].name.value
        if name == "__typename":
            return cast(literal(type_.name), Text)
        if name in {"__schema", "__type"}:
            return self.arguments.bind(self._introspect(nodes), JSON())
        field = type_.fields[name]
        declared = field.extensions["strawberry-definition"]
        query = declared.metadata.get(SQL)
        named = get_named_type(field.type)
        if is_abstract_type(named):
            return self._nodes(field, nodes)
        if not is_leaf_type(named):
            return self._composite(field, nodes, row, query)
        if query is not None:
            expression: ColumnElement[Any] = query(row, **self.arguments.of(field, nodes[0]))
            return expression
        if named.name == "ID":
            return func.global_id(literal(type_.name), row.id)
        return row.column(declared.metadata.get(COLUMN, declared.python_name))

    def _composite(
        self, field: GraphQLField, nodes: list[FieldNode], row: Row, query: Any
    ) -> ColumnElement[Any]:
        """Return an object, a list of objects or a connection."""
        named: Any = get_named_type(field.type)
        arguments = self.arguments.of(field, nodes[0])
        if is_connection(named):
            page = Page.of(arguments, nodes[0])
            rows: Rows = query(row, **arguments)
            fields = self.selection.below(named, nodes)
            return PageBuilder(self, rows, page).connection(named, fields)
        if "first" in arguments:
            arguments["first"] = page_size(arguments["first"], None, nodes[0])
        source: Select[Any] = query(row, **arguments) if query else select()
        fields = self.selection.below(named, nodes)
        of_type = field.type.of_type if is_non_null_type(field.type) else field.type
        if is_list_type(of_type):
            return self._list(named, fields, source)
        return self.one(named, fields, source)

    def one(
        self, type_: GraphQLObjectType, fields: Fields, source: Select[Any]
    ) -> ColumnElement[Any]:
        """Return the object that stands for the one row of `source`; null where there is none."""
        rows, row = self.rows(source)
        drawn = self.object(type_, fields, row)
        return select(to_json(drawn)).select_from(rows.join(drawn, true())).scalar_subquery()

    def rows(self, source: Any) -> tuple[FromClause, Row]:
        """Return a select as a table of this statement, and its row."""
        table = source.subquery(self.alias("t"))
        return table, Row(table.name)

    def _list(
        self, type_: GraphQLObjectType, fields: Fields, source: Select[Any]
    ) -> ColumnElement[Any]:
        rows, row = self.rows(source)
        drawn = self.object(type_, fields, row)
        aggregate = func.coalesce(func.json_agg(whole(drawn)), _EMPTY)
        return select(aggregate).select_from(rows.join(drawn, true())).scalar_subquery()

    def _nodes(self, field: GraphQLField, nodes: list[FieldNode]) -> ColumnElement[Any]:
        lookups = [
            NodeLookup(type_, self.selection.below(type_, nodes))
            for type_ in self.selection.schema.get_possible_types(get_named_type(field.type))  # type: ignore[arg-type]
        ]
        return nodes_of(self, field, nodes[0], lookups)


def whole(drawn: FromClause) -> ColumnElement[Any]:
    """Return a whole row of a table of the statement."""
    return literal_column(drawn.name)  # type: ignore[attr-defined]


def to_json(drawn: FromClause) -> ColumnElement[Any]:
    """Return a whole row as a JSON object."""
    return func.to_json(whole(drawn), type_=JSON())
