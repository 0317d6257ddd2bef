"""Turns a selection into one SQL statement that yields the response as JSON.

Every object of the response is a row (a `Row` by its alias), put together as JSON text from the
asked columns. An object within an object is a scalar subquery, a list one that aggregates.
Aliases are unique in a statement.
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
from sqlalchemy import ColumnElement, FromClause, Select, Text, func, literal, select

from db.queries.rows import Row, Rows
from schema.compiler.arguments import Arguments, Recipe
from schema.compiler.fields import COLUMN, SQL
from schema.compiler.json_text import json_list, json_name, json_object, json_value, or_null
from schema.compiler.nodes import NodeLookup, nodes_of
from schema.compiler.pages import Page, PageBuilder, page_size
from schema.compiler.relay import is_connection
from schema.compiler.selection import Fields, Selection


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
        """Return the statement of an operation on a root type; it yields UTF-8 bytes."""
        return select(func.convert_to(self.object(type_, fields, Row("root")), "UTF8"))

    def object(self, type_: GraphQLObjectType, fields: Fields, row: Row) -> ColumnElement[str]:
        """Return an object of the fields drawn from its row, as JSON text."""
        return json_object((name, self._field(type_, nodes, row)) for name, nodes in fields.items())

    def alias(self, letter: str) -> str:
        """Return an alias that nothing else in the statement has.

        No response name holds a dollar sign, so none is taken for a row by the same name.
        """
        return f"{letter}${next(self._numbers)}"

    def _field(
        self, type_: GraphQLObjectType, nodes: list[FieldNode], row: Row
    ) -> ColumnElement[str]:
        name = nodes[0].name.value
        if name == "__typename":
            return json_name(type_.name)
        if name in {"__schema", "__type"}:
            return self.arguments.bind(self._introspect(nodes), Text())
        field = type_.fields[name]
        declared = field.extensions["strawberry-definition"]
        query = declared.metadata.get(SQL)
        named = get_named_type(field.type)
        if is_abstract_type(named):
            return self._nodes(field, nodes)
        if not is_leaf_type(named):
            return or_null(self._composite(field, nodes, row, query))
        if query is not None:
            value = query(row, **self.arguments.of(field, nodes[0]))
        elif named.name == "ID":
            value = func.global_id(literal(type_.name), row.id)
        else:
            value = row.column(declared.metadata.get(COLUMN, declared.python_name))
        return json_value(named, value, is_list=_is_list(field))

    def _composite(
        self, field: GraphQLField, nodes: list[FieldNode], row: Row, query: Any
    ) -> ColumnElement[str]:
        """Return an object, a list of objects or a connection."""
        named: Any = get_named_type(field.type)
        fields = self.selection.below(named, nodes)
        arguments = self.arguments.of(field, nodes[0])
        if is_connection(named):
            page = Page.of(arguments, nodes[0])
            rows: Rows = query(row, **arguments)
            return PageBuilder(self, rows, page).connection(named, fields)
        if "first" in arguments:
            arguments["first"] = page_size(arguments["first"], None, nodes[0])
        source: Select[Any] = query(row, **arguments)
        if not _is_list(field):
            return self.one(named, fields, source)
        table, element = self.rows(source)
        drawn = json_list(self.object(named, fields, element))
        return select(drawn).select_from(table).scalar_subquery()

    def one(
        self, type_: GraphQLObjectType, fields: Fields, source: Select[Any]
    ) -> ColumnElement[str]:
        """Return the object that stands for the one row of `source`; null where there is none."""
        table, row = self.rows(source)
        return select(self.object(type_, fields, row)).select_from(table).scalar_subquery()

    def rows(self, source: Any) -> tuple[FromClause, Row]:
        """Return a select as a table of this statement, and its row."""
        table = source.subquery(self.alias("t"))
        return table, Row(table.name)

    def _nodes(self, field: GraphQLField, nodes: list[FieldNode]) -> ColumnElement[str]:
        lookups = [
            NodeLookup(type_, self.selection.below(type_, nodes))
            for type_ in self.selection.schema.get_possible_types(get_named_type(field.type))  # type: ignore[arg-type]
        ]
        return nodes_of(self, field, nodes[0], lookups)


def _is_list(field: GraphQLField) -> bool:
    return is_list_type(field.type.of_type if is_non_null_type(field.type) else field.type)
