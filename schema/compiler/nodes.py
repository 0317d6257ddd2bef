"""Objects by their global ids: `node` and `nodes`."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import FieldNode, GraphQLField, GraphQLObjectType, is_list_type
from sqlalchemy import BigInteger, ColumnElement, Text, case, column, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY, JSON, aggregate_order_by

from db.queries.rows import Row
from schema.compiler.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from schema.compiler.arguments import Recipe
    from schema.compiler.emit import Emitter
    from schema.compiler.selection import Fields

MOST_IDS = 100
_LARGEST_KEY = 2**63 - 1


class NodeLookup(NamedTuple):
    """A type that an id may be of, and what is asked of it."""

    type_: GraphQLObjectType
    fields: Fields

    @property
    def by_id(self) -> Callable[[ColumnElement[Any]], Any]:
        """Return the query of db/queries that finds one by its key."""
        lookup: Any = self.type_.extensions["strawberry-definition"].origin.by_id
        return lookup  # type: ignore[no-any-return]


def parse(global_id: str) -> tuple[str, int] | None:
    """Return the type's name and the key that a global id holds; None where it is none."""
    try:
        name, _, key = base64.b64decode(global_id, validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        return None
    if not key.isdecimal() or len(key) > len(str(_LARGEST_KEY)) or int(key) > _LARGEST_KEY:
        return None
    return name, int(key)


def key_of(global_id: str, type_name: str) -> int | None:
    """Return the key that a global id of this type holds; None where it is of another or none."""
    parsed = parse(global_id)
    return parsed[1] if parsed is not None and parsed[0] == type_name else None


def decoded(global_id: str) -> str:
    """Return a global id as `key_of` of db/sql/session.sql reads it."""
    parsed = parse(global_id)
    return f"{parsed[0]}:{parsed[1]}" if parsed is not None else ""


def nodes_of(
    emitter: Emitter, field: GraphQLField, node: FieldNode, lookups: list[NodeLookup]
) -> ColumnElement[Any]:
    """Return the object of `node(id:)`, or the list of `nodes(ids:)` in the order of its ids."""
    arguments = emitter.arguments
    given = arguments.recipe(field, node)
    if is_list_type(getattr(field.type, "of_type", field.type)):
        return _many(emitter, lambda variables: _few(given(variables)["ids"], node), lookups)
    keyed = [
        (lookup, arguments.bind(_single(given, lookup.type_.name), BigInteger()))
        for lookup in lookups
    ]
    return _first(emitter, keyed)


def _many(emitter: Emitter, ids: Recipe, lookups: list[NodeLookup]) -> ColumnElement[Any]:
    bind = emitter.arguments.bind
    names = bind(lambda variables: [_name(i) for i in ids(variables)], ARRAY(Text()))
    keys = bind(lambda variables: [_key(i) for i in ids(variables)], ARRAY(BigInteger()))
    given = Row(emitter.alias("i"))
    unnested = (
        func.unnest(names, keys)
        .table_valued(column("name"), column("key"), with_ordinality="ordinal")
        .render_derived(name=given.alias)
    )
    keyed = [(lookup, case((given.name == lookup.type_.name, given.key))) for lookup in lookups]
    found = (
        select(_first(emitter, keyed).label("object"), given.ordinal.label("ordinal"))
        .select_from(unnested)
        .subquery(emitter.alias("t"))
    )
    ordered = func.json_agg(aggregate_order_by(found.c.object, found.c.ordinal), type_=JSON())
    empty = literal_column("'[]'::json", JSON())
    return select(func.coalesce(ordered, empty)).select_from(found).scalar_subquery()


def _few(ids: list[str], node: FieldNode) -> list[str]:
    if len(ids) > MOST_IDS:
        raise LimitError("ids", MOST_IDS, len(ids), node)
    return ids


def _first(
    emitter: Emitter, keyed: Sequence[tuple[NodeLookup, ColumnElement[Any]]]
) -> ColumnElement[Any]:
    found = [emitter.one(lookup.type_, lookup.fields, lookup.by_id(key)) for lookup, key in keyed]
    return func.coalesce(*found, type_=JSON())


def _single(given: Recipe, type_name: str) -> Recipe:
    return lambda variables: key_of(given(variables)["id"], type_name)


def _name(global_id: str) -> str | None:
    parsed = parse(global_id)
    return parsed[0] if parsed else None


def _key(global_id: str) -> int | None:
    parsed = parse(global_id)
    return parsed[1] if parsed else None
