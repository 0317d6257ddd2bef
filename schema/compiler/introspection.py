"""Resolves introspection queries within limits on work and size.

The schema never changes. So the JSON of a selection on one part of it is built once per response,
and the JSON of each text and flag once for all responses. Only the resolvers of the introspection
types come from graphql-core. A response that exceeds a limit is rejected while it is being built.
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
    """The cost of a response: resolved fields, and bytes of JSON."""

    fields: int
    bytes: int


class _Asked(NamedTuple):
    """A selected field, with everything that is the same for all objects of its type."""

    prefix: bytes  # of its value in the response
    resolve: Callable[..., Any]
    given: Mapping[str, Any]
    type_: Any  # without wrapping types
    many: bool
    nodes: list[FieldNode]
    known: dict[Any, bytes] | None  # JSON of a text or flag, by its part of the schema


class _Known:
    """Shared by all responses about one schema: JSON of texts and flags, and names of types."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], dict[Any, bytes]] = {}
        self.names: dict[int, str] = {}


@functools.cache
def _known(_: GraphQLSchema) -> _Known:
    return _Known()


class Introspection:
    """Resolves the introspection fields of one operation with given variables."""

    def __init__(self, selection: Selection, most: Work | None = None) -> None:
        """Create the resolver of a selection, limited to `most` work; None is no limit."""
        self._selection = selection
        self._most = most or Work(sys.maxsize, sys.maxsize)
        self._info: Any = SimpleNamespace(schema=selection.schema)
        self._selected: dict[tuple[int, ...], list[_Asked]] = {}
        self._written: dict[Any, bytes] = {}
        self._known = _known(selection.schema)
        self.fields = 0
        self.bytes = 0

    def answer(self, nodes: list[FieldNode]) -> bytes:
        """Return the JSON of `__schema` or `__type`. Raises LimitError."""
        asked = self._asked("", None, _ROOTS[nodes[0].name.value], nodes)
        return self._value(asked, asked.resolve(None, self._info, **asked.given))

    def _asked(
        self, name: str, parent: str | None, field: GraphQLField, nodes: list[FieldNode]
    ) -> _Asked:
        variables = self._selection.variables
        given = get_argument_values(field, nodes[0], variables) if field.args else {}
        assert field.resolve is not None
        prefix = f'"{name}":'.encode()
        many = is_list_type(get_nullable_type(field.type))
        type_ = get_named_type(field.type)
        known = None
        if not (parent is None or many or field.args or isinstance(type_, GraphQLObjectType)):
            known = self._known.values.setdefault((parent, nodes[0].name.value), {})
        return _Asked(prefix, field.resolve, given, type_, many, nodes, known)

    def _select(self, type_: GraphQLObjectType, nodes: list[FieldNode]) -> list[_Asked]:
        typename = GraphQLField(GraphQLString, resolve=lambda *_: type_.name)
        return [
            self._asked(name, type_.name, type_.fields.get(below[0].name.value, typename), below)
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
        identity = self._identity(value)
        key = (place, identity)
        written = self._written.get(key)
        if written is None:
            selected = self._selected.get(place)
            if selected is None:
                selected = self._selected[place] = self._select(type_, asked.nodes)
            self.fields += len(selected)
            self._check("fields of introspection", self._most.fields, self.fields, asked)
            parts = [part.prefix + self._part(part, value, identity) for part in selected]
            written = self._written[key] = self._weighed(b"{" + b",".join(parts) + b"}", asked)
        return written

    def _part(self, part: _Asked, value: Any, identity: Any) -> bytes:
        text = None if part.known is None else part.known.get(identity)
        if text is None:
            text = self._value(part, part.resolve(value, self._info, **part.given))
            if part.known is not None:
                part.known[identity] = text
        return text

    def _identity(self, value: Any) -> Any:
        """Return a unique key for a part of the schema; equal types may be several objects."""
        if isinstance(value, tuple):
            name, part = value  # of fields, arguments and enum values; the tuple is temporary
            return name, id(part)
        if isinstance(value, GraphQLWrappingType):
            name = self._known.names.get(id(value))
            if name is None:
                name = self._known.names[id(value)] = str(value)
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
    """Return the limit on work: the standard introspection query plus an eighth.

    Tools such as GraphiQL, code generators and Apollo send that query, with all options.
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
