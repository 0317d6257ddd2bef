"""Objects by their global ids: `node` and `nodes`."""

from __future__ import annotations

import base64
import binascii
import functools
from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import FieldNode, GraphQLField, GraphQLObjectType, is_list_type
from sqlalchemy import BigInteger, Text, case
from sqlalchemy.dialects.postgresql import ARRAY

from schema.compiler.errors import LimitError
from schema.compiler.templates import Parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from schema.compiler.emit import Emitter
    from schema.compiler.selection import Fields
    from schema.compiler.templates import Recipe

MOST_IDS = 100
_LARGEST_KEY = 2**63 - 1
_LONGEST = 100  # characters of a global id; those of this server have at most 56
_KEY, _KEYS, _NAMES = BigInteger(), ARRAY(BigInteger()), ARRAY(Text())


class NodeLookup(NamedTuple):
    """A type that an id may belong to, and the fields selected on it."""

    type_: GraphQLObjectType
    fields: Fields


def parse(global_id: str) -> tuple[str, int] | None:
    """Return the type's name and the key in a global id; None where it is not valid."""
    if len(global_id) > _LONGEST:
        return None  # not decoded, because each type of node would decode it again
    try:
        name, _, key = base64.b64decode(global_id, validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        return None
    if not key.isdecimal() or len(key) > len(str(_LARGEST_KEY)) or int(key) > _LARGEST_KEY:
        return None
    return name, int(key)


def key_of(global_id: str, type_name: str) -> int | None:
    """Return the key in a global id of this type; None where it is not one."""
    parsed = parse(global_id)
    return parsed[1] if parsed is not None and parsed[0] == type_name else None


def decoded(global_id: str) -> str:
    """Return a global id in the form that `key_of` of db/sql/session.sql reads."""
    parsed = parse(global_id)
    return f"{parsed[0]}:{parsed[1]}" if parsed is not None else ""


def nodes_of(
    emitter: Emitter, field: GraphQLField, node: FieldNode, lookups: list[NodeLookup]
) -> str:
    """Return the object of `node(id:)`, or the list of `nodes(ids:)` in the order of its ids."""
    given = emitter.arguments.recipe(field, node)
    if is_list_type(getattr(field.type, "of_type", field.type)):
        return _many(emitter, lambda variables: _few(given(variables)["ids"], node), lookups)
    return _first(
        emitter,
        lookups,
        [
            emitter.text(
                _by_key(lookup.type_),
                {"key": Parameter(_single(given, lookup.type_.name), _KEY)},
                "",
            )
            for lookup in lookups
        ],
    )


def _many(emitter: Emitter, ids: Recipe, lookups: list[NodeLookup]) -> str:
    names = emitter.bound(lambda variables: [_name(i) for i in ids(variables)], _NAMES)
    keys = emitter.bound(lambda variables: [_key(i) for i in ids(variables)], _KEYS)
    given, found = emitter.alias("i"), emitter.alias("t")
    sources = [emitter.text(_by_row(lookup.type_), {}, given) for lookup in lookups]
    first = _first(emitter, lookups, sources)
    return (
        f"(SELECT coalesce(json_agg({found}.object ORDER BY {found}.ordinal), '[]'::json)"
        f" FROM (SELECT {first} AS object, {given}.ordinal AS ordinal"
        f" FROM unnest({names}, {keys}) WITH ORDINALITY AS {given}(name, key, ordinal)) AS {found})"
    )


def _few(ids: list[str], node: FieldNode) -> list[str]:
    if len(ids) > MOST_IDS:
        raise LimitError("ids", MOST_IDS, len(ids), node)
    return ids


def _first(emitter: Emitter, lookups: Sequence[NodeLookup], sources: Sequence[str]) -> str:
    found = [
        emitter.one(lookup.type_, lookup.fields, source)
        for lookup, source in zip(lookups, sources, strict=True)
    ]
    return f"coalesce({', '.join(found)})"


@functools.cache
def _by_key(type_: GraphQLObjectType) -> Callable[..., Any]:
    """Return the query of a type's object by a key that is a parameter."""
    return lambda _, key: _by_id(type_)(key)


@functools.cache
def _by_row(type_: GraphQLObjectType) -> Callable[..., Any]:
    """Return the query of a type's object by a row of type names and keys."""
    return lambda of: _by_id(type_)(case((of.name == type_.name, of.key)))


def _by_id(type_: GraphQLObjectType) -> Callable[[Any], Any]:
    """Return the query of db/queries that finds an object of a type by its key."""
    lookup: Callable[[Any], Any] = type_.extensions["strawberry-definition"].origin.by_id
    return lookup


def _single(given: Recipe, type_name: str) -> Recipe:
    return lambda variables: key_of(given(variables)["id"], type_name)


def _name(global_id: str) -> str | None:
    parsed = parse(global_id)
    return parsed[0] if parsed else None


def _key(global_id: str) -> int | None:
    parsed = parse(global_id)
    return parsed[1] if parsed else None
