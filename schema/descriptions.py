"""Descriptions of the schema: docstrings of types, enum values, and texts for generated types.

The description of a type is its class's docstring, that of an enum value is its `description`
(db/rules/described.py), and that of a field is in its declaration. This file describes generated
types (connections, edges, result unions) and arguments shared by many fields.
"""

from collections.abc import Iterable
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)

from schema.compiler.commands import COMMAND
from schema.compiler.relay import Connection, Edge

_DEFINITION = "strawberry-definition"
_ARGUMENTS = {
    "input": "The values of the mutation, each described in the input type.",
    "filter": "The conditions that every returned element meets. Null returns all elements.",
    "orderBy": "The order of the elements. Null: the default that the input type names.",
}


def describe(schema: GraphQLSchema) -> None:
    """Add the descriptions that Strawberry does not derive from the code."""
    for type_ in schema.type_map.values():
        if _DEFINITION not in type_.extensions:
            continue
        type_.description = type_.description or _of_type(type_)
        if isinstance(type_, GraphQLEnumType):
            members = type_.extensions[_DEFINITION].wrapped_cls
            for name, value in type_.values.items():
                value.description = members[name].description
        if isinstance(type_, GraphQLObjectType):
            for field in type_.fields.values():
                _describe_arguments(field)
    if schema.mutation_type is not None:
        _describe_mutations(schema.mutation_type)


def _of_type(type_: GraphQLNamedType) -> str | None:
    definition: Any = type_.extensions[_DEFINITION]
    if isinstance(type_, GraphQLUnionType):
        return _of_result(type_)
    generic = getattr(definition, "concrete_of", None)
    if isinstance(type_, GraphQLObjectType) and generic is not None:
        if generic.origin is Connection:
            element = get_named_type(type_.fields["nodes"].type).name
            return (
                f"One page of a list of `{element}`. A page holds 20 elements unless `first` or"
                " `last` asks for another number, at most 100."
            )
        if generic.origin is Edge:
            element = get_named_type(type_.fields["node"].type).name
            return f"One `{element}` of a page, with the cursor of its position in the list."
    return _joined(definition.origin.__doc__)


def _of_result(union: GraphQLUnionType) -> str:
    payload, *errors = (f"`{member.name}`" for member in union.types)
    return (
        f"The outcome of a mutation: {payload} where it succeeded, else one of {_either(errors)}."
        " All of the latter implement `Error`: select `... on Error { code message }`."
    )


def _describe_arguments(field: GraphQLField) -> None:
    for name, argument in field.args.items():
        argument.description = argument.description or _ARGUMENTS.get(name)


def _describe_mutations(mutations: GraphQLObjectType) -> None:
    """Add to each mutation which permission it requires, and which errors it returns."""
    for field in mutations.fields.values():
        guarded = field.extensions[_DEFINITION].metadata[COMMAND]
        result: Any = get_named_type(field.type)
        errors = [f"`{member.name}`" for member in result.types[1:]]
        first, _, others = f"{field.description} ".partition(". ")
        field.description = (
            f"{first}. Requires the permission {_either(guarded.permissions)}. {others}"
            f"Where the result is {_either(errors)}, nothing was changed."
        )


def _either(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def _joined(docstring: str | None) -> str | None:
    return " ".join(docstring.split()) if docstring else None
