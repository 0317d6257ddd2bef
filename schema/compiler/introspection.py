"""Answers introspection queries within a limit on work and size.

The schema stands still, so what is selected of one of its parts is written once, however many
times the answer repeats it: of graphql-core only the resolvers of the introspection types are
used. A selection that amounts to too much all the same is refused while it is being answered.
"""

import functools
import sys
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

import orjson
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    GraphQLWrappingType,
    OperationDefinitionNode,
    SchemaMetaFieldDef,
    TypeMetaFieldDef,
    get_argument_values,
    get_introspection_query,
    get_named_type,
    get_nullable_type,
    is_list_type,
    parse,
)

from schema.compiler.errors import LimitError
from schema.compiler.selection import Selection

_ROOTS = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}


class Work(NamedTuple):
    """The cost of an answer: resolved fields, and bytes of JSON."""

    fields: int
    bytes: int


class _Asked(NamedTuple):
    """One selected field: all that is the same for every object of its type."""

    prefix: bytes  # of its value in the answer
    resolve: Callable[..., Any]
    given: Mapping[str, Any]
    type_: Any  # without the types that wrap it
    many: bool
    nodes: list[FieldNode]


class Introspection:
    """Answers the introspection fields of one operation under given variables."""

    def __init__(self, selection: Selection, most: Work | None = None) -> None:
        """Create the answer of a selection, limited to `most` work; None is no limit."""
        self._selection = selection
        self._most = most or Work(sys.maxsize, sys.maxsize)
        self._info: Any = SimpleNamespace(schema=selection.schema)
        self._selected: dict[tuple[int, ...], list[_Asked]] = {}
        self._written: dict[Any, bytes] = {}
        self._names: dict[int, str] = {}
        self.fields = 0
        self.bytes = 0

    def answer(self, nodes: list[FieldNode]) -> bytes:
        """Return the JSON of `__schema` or `__type`. Raises LimitError."""
        asked = self._asked("", _ROOTS[nodes[0].name.value], nodes)
        return self._value(asked, asked.resolve(None, self._info, **asked.given))

    def _asked(self, name: str, field: GraphQLField, nodes: list[FieldNode]) -> _Asked:
        variables = self._selection.variables
        given = get_argument_values(field, nodes[0], variables) if field.args else {}
        assert field.resolve is not None
        prefix = f'"{name}":'.encode()
        many = is_list_type(get_nullable_type(field.type))
        return _Asked(prefix, field.resolve, given, get_named_type(field.type), many, nodes)

    def _select(self, type_: GraphQLObjectType, nodes: list[FieldNode]) -> list[_Asked]:
        typename = GraphQLField(GraphQLString, resolve=lambda *_: type_.name)
        return [
            self._asked(name, type_.fields.get(below[0].name.value, typename), below)
            for name, below in self._selection.below(type_, nodes).items()
        ]

    def _value(self, asked: _Asked, value: Any) -> bytes:
        if value is None:
            return b"null"
        if not asked.many:
            return self._item(asked, value)
        text = b"[" + b",".join([self._item(asked, item) for item in value]) + b"]"
        return self._weighed(text, asked)

    def _item(self, asked: _Asked, value: Any) -> bytes:
        if isinstance(asked.type_, GraphQLObjectType):
            return self._object(asked, asked.type_, value)
        return orjson.dumps(asked.type_.serialize(value))

    def _object(self, asked: _Asked, type_: GraphQLObjectType, value: Any) -> bytes:
        place = tuple(map(id, asked.nodes))
        key = (place, self._identity(value))
        written = self._written.get(key)
        if written is None:
            selected = self._selected.get(place)
            if selected is None:
                selected = self._selected[place] = self._select(type_, asked.nodes)
            self.fields += len(selected)
            self._check("fields of introspection", self._most.fields, self.fields, asked)
            info = self._info
            parts = [
                part.prefix + self._value(part, part.resolve(value, info, **part.given))
                for part in selected
            ]
            written = self._written[key] = self._weighed(b"{" + b",".join(parts) + b"}", asked)
        return written

    def _identity(self, value: Any) -> Any:
        """Return a unique key for a part of the schema; equal types may be several objects."""
        if isinstance(value, tuple):
            name, part = value  # of fields, arguments and enum values; the tuple is a new one
            return name, id(part)
        if isinstance(value, GraphQLWrappingType):
            name = self._names.get(id(value))
            if name is None:
                name = self._names[id(value)] = str(value)
            return name
        return id(value)

    def _weighed(self, text: bytes, asked: _Asked) -> bytes:
        self.bytes += len(text)
        self._check("bytes of introspection", self._most.bytes, self.bytes, asked)
        return text

    def _check(self, limit: str, allowed: int, taken: int, asked: _Asked) -> None:
        if taken > allowed:
            raise LimitError(limit, allowed, taken, asked.nodes)


@functools.cache
def most_work(schema: GraphQLSchema) -> Work:
    """Return the limit on work: an eighth more than the standard introspection query.

    That is what tools send (GraphiQL, code generators, Apollo's), with all of its options.
    """
    standard = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    )
    definitions = parse(standard, no_location=True).definitions
    fragments = {d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)}
    (operation,) = (d for d in definitions if isinstance(d, OperationDefinitionNode))
    selection = Selection(schema, fragments, None)
    assert schema.query_type is not None
    ((_, nodes),) = selection.fields(schema.query_type, [operation.selection_set]).items()
    answered = Introspection(selection)
    answered.answer(nodes)
    return Work(answered.fields * 9 // 8, answered.bytes * 9 // 8)
