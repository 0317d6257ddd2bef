"""Conversion of outcomes to rows for reading payloads, and of errors to JSON.

An outcome is a frozen dataclass of db/commands. Its fields become the columns of one row, so the
GraphQL fields of a payload declare their SQL like those of any other type. A list of `Refused`
becomes JSON objects with `code` and `message`.
"""

import functools
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args, get_origin, get_type_hints

from graphql import GraphQLObjectType, get_named_type, is_leaf_type, is_list_type, is_non_null_type
from sqlalchemy import BigInteger, Boolean, Date, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import TypeEngine

from db.rules.errors import Refused
from schema.compiler.arguments import enum_name
from schema.compiler.emit import Emitter
from schema.compiler.selection import Fields, Selection

_TYPES: dict[Any, TypeEngine[Any]] = {
    bool: Boolean(),
    int: BigInteger(),
    str: Text(),
    date: Date(),
    Refused: JSONB(),
}


@dataclass(frozen=True)
class OutcomeField:
    """A parameter whose value is a field of the outcome."""

    name: str

    def __call__(self, variables: Any) -> Any:
        """Raise TypeError: the value is not available before the command has run."""
        raise TypeError(f"{self.name} is known once the command has run, not from {variables!r}")


def filled(values: list[Any], outcome: Any) -> list[Any]:
    """Return parameters with the values of an outcome filled in."""
    return [
        getattr(outcome, value.name) if isinstance(value, OutcomeField) else value
        for value in values
    ]


def outcome_row(emitter: Emitter, outcome: type[Any]) -> str:
    """Return the select of the one row of an outcome."""
    columns = (
        f'{emitter.bound(OutcomeField(name), _sql_type(hint))} AS "{name}"'
        for name, hint in get_type_hints(outcome).items()
    )
    return f"SELECT {', '.join(columns)}"


def drawn(
    selection: Selection, type_: GraphQLObjectType, fields: Fields, of: Any
) -> dict[str, Any]:
    """Return an object's fields as plain values, read from attributes of the same names."""
    answer: dict[str, Any] = {}
    for name, nodes in fields.items():
        field_name = nodes[0].name.value
        if field_name == "__typename":
            answer[name] = type_.name
            continue
        field = type_.fields[field_name]
        value = getattr(of, field.extensions["strawberry-definition"].python_name)
        named: Any = get_named_type(field.type)
        if is_leaf_type(named):
            answer[name] = enum_name(value)
            continue
        below = selection.below(named, nodes)
        of_type = field.type.of_type if is_non_null_type(field.type) else field.type
        answer[name] = (
            [drawn(selection, named, below, item) for item in value]
            if is_list_type(of_type)
            else drawn(selection, named, below, value)
        )
    return answer


def _sql_type(hint: Any) -> TypeEngine[Any]:
    options = [option for option in get_args(hint) if option is not type(None)]
    if get_origin(hint) is list:
        return _array(_sql_type(options[0]))
    return _TYPES[options[0] if options else hint]


@functools.cache
def _array(of: TypeEngine[Any]) -> TypeEngine[Any]:
    return ARRAY(of)
