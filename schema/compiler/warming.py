"""Renders the templates of all fields in their usual shapes before the first request.

Rendering a template takes one or two milliseconds. The number of further templates of a document is
limited for anonymous callers (limits.py), so that no request waits for hundreds.
"""

import functools
from collections.abc import Iterator
from itertools import product
from typing import Any

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    get_nullable_type,
    get_variable_values,
    is_composite_type,
    is_introspection_type,
    is_list_type,
    is_required_argument,
    parse,
)

from schema.compiler.arguments import Arguments
from schema.compiler.emit import ROOT, Emitter
from schema.compiler.fields import CONDITIONS
from schema.compiler.introspection import most_work
from schema.compiler.relay import is_connection
from schema.compiler.selection import Selection
from schema.compiler.shape import PAGE
from schema.compiler.templates import Recipe

_LITERALS = {
    "Int": "1",
    "VND": "1",
    "Float": "1.0",
    "String": '"abc"',
    "ID": '"abc"',
    "Boolean": "true",
    "Date": '"2022-01-01"',
    "DateTime": '"2022-01-01T00:00:00Z"',
}
_BOUNDS = {*PAGE, "after", "before"}
_PAGES = ("", 'first: 1, after: "x"')
_CONNECTION = "{nodes{__typename} edges{cursor} totalCount pageInfo{hasNextPage}}"


@functools.cache
def warm(schema: GraphQLSchema) -> None:
    """Render the templates of every field of a schema, once per process."""
    most_work(schema)
    for type_ in schema.type_map.values():
        if (
            isinstance(type_, GraphQLObjectType)
            and not is_introspection_type(type_)
            and not is_connection(type_)
            and type_ is not schema.mutation_type
        ):
            for name, field in type_.fields.items():
                if "strawberry-definition" in field.extensions:
                    _warm(schema, type_, name, field)


def _warm(schema: GraphQLSchema, type_: GraphQLObjectType, name: str, field: GraphQLField) -> None:
    for text in _uses(name, field):
        (operation,) = parse(f"{{{text}}}", no_location=True).definitions
        assert isinstance(operation, OperationDefinitionNode)
        variables = get_variable_values(schema, [], {})
        selection = Selection(schema, {}, variables)
        emitter = Emitter(selection, Arguments(variables), _no_introspection)
        fields = selection.fields(type_, [operation.selection_set])
        emitter.object(type_, fields, ROOT, "o")


def _no_introspection(nodes: list[FieldNode]) -> Recipe:
    raise AssertionError(nodes)


def _uses(name: str, field: GraphQLField) -> Iterator[str]:
    """Yield the usual selections of a field: required arguments, and each optional one.

    Filters are combined with every order.
    """
    named: Any = get_named_type(field.type)
    below = _CONNECTION if is_connection(named) else "{__typename}"
    if not is_composite_type(named):
        below = ""
    pages = _PAGES if is_connection(named) else ("",)
    needed: list[str] = []
    optional: dict[str, list[str]] = {}
    for key, argument in field.args.items():
        values = [f"{key}: {text}" for text in _values(argument.type, field)]
        if is_required_argument(argument):
            needed.append(values[0])
        elif key not in _BOUNDS:
            optional[key] = values
    ordered = product(optional.get("filter", ()), optional.get("orderBy", ()))
    single = ([value] for values in optional.values() for value in values)
    for chosen in ([], *single, *ordered):
        for page in pages:
            given = ", ".join(filter(None, [*needed, *chosen, page]))
            yield f"{name}{f'({given})' if given else ''}{below}"


def _values(type_: object, field: GraphQLField) -> list[str]:
    """Return literals of a type: each member of an enum, each order of a connection."""
    nullable = get_nullable_type(type_)  # type: ignore[call-overload]
    if is_list_type(nullable):
        return [f"[{_values(nullable.of_type, field)[0]}]"]
    if isinstance(nullable, GraphQLEnumType):
        return list(nullable.values)
    if not isinstance(nullable, GraphQLInputObjectType):
        return [_LITERALS[nullable.name]]
    parts = {name: _values(part.type, field) for name, part in nullable.fields.items()}
    if {*parts} == {"field", "direction"}:
        return [
            f"{{field: {key}, direction: {way}}}"
            for key in parts["field"]
            for way in parts["direction"]
        ]
    whole = ", ".join(f"{name}: {values[0]}" for name, values in parts.items())
    conditions = field.extensions["strawberry-definition"].metadata.get(CONDITIONS)
    return [f"{{{whole}}}"] if conditions else [f"{{{n}: {v[0]}}}" for n, v in parts.items()]
