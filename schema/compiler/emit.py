"""Emits one SQL statement that returns the response of a selection as JSON.

Each object of the response is a row (a `Row` by its alias) with a lateral select, which selects
columns named by response name; `to_json` of it is the object. An object within an object is a
scalar subquery, a list is one with `json_agg`. Aliases are unique in a statement. The statement is
assembled as text from the templates of the named queries (templates.py).
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.types import TypeEngine

from schema.compiler.arguments import Arguments
from schema.compiler.fields import COLUMN, CONDITIONS, SQL
from schema.compiler.nodes import NodeLookup, nodes_of
from schema.compiler.pages import Page, PageBuilder, PageSource, page_size
from schema.compiler.relay import is_connection
from schema.compiler.selection import Fields, Selection
from schema.compiler.templates import (
    Filled,
    Parameter,
    Parameters,
    Recipe,
    lateral,
    template,
    typed,
    typename,
)

ROOT = "root"  # the parent of a root field, to which no query refers
_JSON = JSON()


class Emitter:
    """Builds the statement of one operation."""

    def __init__(
        self,
        selection: Selection,
        arguments: Arguments,
        introspect: Callable[[list[FieldNode]], Recipe],
    ) -> None:
        """Create the emitter of one operation."""
        self.selection = selection
        self.arguments = arguments
        self.parameters = Parameters()
        self._introspect = introspect
        self._numbers: Iterator[int] = count()
        self._path: list[str] = []  # the response path of the field in progress

    def statement(self, type_: GraphQLObjectType, fields: Fields) -> str:
        """Return the statement of an operation on a root type."""
        drawn = self.alias("o")
        return f"SELECT to_json({drawn}) FROM {self.object(type_, fields, ROOT, drawn)}"

    def object(self, type_: GraphQLObjectType, fields: Fields, row: str, drawn: str) -> str:
        """Return the lateral select of an object's fields from its row, under an alias."""
        columns = {}
        for name, nodes in fields.items():
            with self.at(name):
                columns[name] = self._field(type_, nodes, row)
        return lateral(columns, drawn)

    @contextmanager
    def at(self, name: str) -> Iterator[None]:
        """Set the response path for errors within the block."""
        self._path.append(name)
        yield
        self._path.pop()

    def alias(self, letter: str) -> str:
        """Return an alias that is unique in the statement.

        Response names contain no dollar sign, so an alias never equals one.
        """
        return f"{letter}${next(self._numbers)}"

    def bound(self, recipe: Recipe, type_: TypeEngine[Any]) -> str:
        """Return a parameter; `recipe` computes its value from the variables of a request."""
        return typed(type_).fill(self.parameters, [Parameter(recipe, type_)], ROOT)

    def text(self, query: Callable[..., Any], arguments: Mapping[str, Any], row: str) -> str:
        """Return the text of a query: an expression or a select."""
        filled = Filled(query, arguments)
        kept = template(filled.shape, lambda: [filled.clause])
        return kept.fill(self.parameters, filled.parameters, row)

    def _field(self, type_: GraphQLObjectType, nodes: list[FieldNode], row: str) -> str:
        name = nodes[0].name.value
        if name == "__typename":
            return typename(type_)
        if name in {"__schema", "__type"}:
            return self.bound(self._introspect(nodes), _JSON)
        field = type_.fields[name]
        declared = field.extensions["strawberry-definition"]
        query = declared.metadata.get(SQL)
        named = get_named_type(field.type)
        if is_abstract_type(named):
            return self._nodes(field, nodes)
        if not is_leaf_type(named):
            return self._composite(field, nodes, row, query)
        if query is not None:
            return self.text(query, self.arguments.of(field, nodes[0], self._path), row)
        if named.name == "ID":
            return f"global_id('{type_.name}', {row}.\"id\")"
        return f'{row}."{declared.metadata.get(COLUMN, declared.python_name)}"'

    def _composite(self, field: GraphQLField, nodes: list[FieldNode], row: str, query: Any) -> str:
        """Return an object, a list of objects or a connection."""
        named: Any = get_named_type(field.type)
        arguments = self.arguments.of(field, nodes[0], self._path)
        if is_connection(named):
            page = Page.of(arguments, nodes[0])
            fields = self.selection.below(named, nodes)
            filter_ = self._filter(arguments, field, row)
            paged = PageSource(Filled(query, arguments), row, filter_)
            return PageBuilder(self, paged, page).connection(named, fields)
        if "first" in arguments:
            arguments["first"] = page_size(arguments["first"], None, nodes[0])
        source = self.text(query, arguments, row) if query else "SELECT"
        fields = self.selection.below(named, nodes)
        of_type = field.type.of_type if is_non_null_type(field.type) else field.type
        if is_list_type(of_type):
            return self._list(named, fields, source)
        return self.one(named, fields, source)

    def _filter(
        self, arguments: dict[str, Any], field: GraphQLField, row: str
    ) -> Callable[[], str]:
        """Remove the conditions from a connection's arguments; return their writer."""
        conditions = field.extensions["strawberry-definition"].metadata[CONDITIONS]
        wanted = arguments.pop("filter", None) or {} if conditions else {}
        left = {
            name: value
            for name, value in wanted.items()
            if name not in conditions and value is not None
        }
        if left:
            arguments["filter"] = left

        def write() -> str:
            texts = [
                f"({self.text(_condition(conditions[name]), {'value': value}, row)})"
                for name, value in wanted.items()
                if name in conditions and value is not None
            ]
            return " AND ".join(texts) or "true"

        return write

    def one(self, type_: GraphQLObjectType, fields: Fields, source: str) -> str:
        """Return the object of the only row of `source`; null where there is none."""
        drawn, rows = self._drawn(type_, fields, source)
        return f"(SELECT to_json({drawn}) FROM {rows})"

    def _list(self, type_: GraphQLObjectType, fields: Fields, source: str) -> str:
        drawn, rows = self._drawn(type_, fields, source)
        return f"(SELECT coalesce(json_agg({drawn}), '[]'::json) FROM {rows})"

    def _drawn(self, type_: GraphQLObjectType, fields: Fields, source: str) -> tuple[str, str]:
        row, drawn = self.alias("t"), self.alias("o")
        object_ = self.object(type_, fields, row, drawn)
        return drawn, f"({source}) AS {row} JOIN {object_} ON true"

    def _nodes(self, field: GraphQLField, nodes: list[FieldNode]) -> str:
        lookups = [
            NodeLookup(type_, self.selection.below(type_, nodes))
            for type_ in self.selection.schema.get_possible_types(get_named_type(field.type))  # type: ignore[arg-type]
        ]
        return nodes_of(self, field, nodes[0], lookups)


@functools.cache
def _condition(make: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return the query of one condition of a filter, by its value."""
    return lambda _, value: make(value)
