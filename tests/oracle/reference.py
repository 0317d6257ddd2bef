"""The slow reference: graphql-core's own execution, one object at a time, over plain rows."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from graphql import GraphQLResolveInfo, GraphQLSchema, build_schema, execute_sync, parse

from schema.build import sdl
from tests.oracle import client_fields, result_fields, review_fields, tree_fields, work_fields
from tests.oracle.paging import Listing, page
from tests.oracle.seen import snake
from tests.oracle.sight import Sight
from tests.oracle.world import World, key_of


def _bare() -> GraphQLSchema:
    """Return the schema as clients see it: types and names, without Strawberry."""
    schema = build_schema(sdl())
    for name, read, write in (
        ("Date", date.fromisoformat, date.isoformat),
        ("DateTime", datetime.fromisoformat, datetime.isoformat),
        ("VND", int, int),
    ):
        scalar: Any = schema.type_map[name]
        scalar.coerce_input_value, scalar.coerce_output_value = read, write
        scalar.coerce_input_literal = lambda node, read=read: read(node.value)
    return schema


_SCHEMA = _bare()


@dataclass(frozen=True)
class Thing:
    """An object of an answer: its type, and its row or values."""

    kind: str
    row: Any


class Reference:
    """Answers queries about a world as one caller would see it."""

    def __init__(self, world: World, username: str | None) -> None:
        self.sight = Sight(world, username)

    def answer(
        self, query: str, variables: Mapping[str, Any], operation: str | None = None
    ) -> dict[str, Any]:
        """Return the data of a query."""
        result = execute_sync(
            _SCHEMA,
            parse(query),
            root_value=Thing("Query", None),
            variable_values=dict(variables),
            operation_name=operation,
            field_resolver=self._resolve,
            type_resolver=lambda thing, *_: thing.kind,
        )
        if result.errors:
            raise result.errors[0]
        assert result.data is not None
        return result.data

    def _resolve(self, thing: Thing, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        name = info.field_name
        if thing.kind.endswith("Connection"):
            return self._of_connection(thing, name)
        if thing.kind.endswith("Edge"):
            listing, element = thing.row
            return listing.cursor(element) if name == "cursor" else Thing(listing.kind, element)
        if name == "id":
            return base64.b64encode(f"{thing.kind}:{key_of(thing.row)}".encode()).decode()
        key = f"{thing.kind}_{name}"
        rooms = (tree_fields, work_fields, review_fields, result_fields, client_fields)
        resolver = next((room.__dict__[key] for room in rooms if hasattr(room, key)), None)
        if resolver is None:
            return _column(thing.row, name)
        return _things(resolver(self.sight, thing.row, **arguments), arguments)

    def _of_connection(self, thing: Thing, name: str) -> Any:
        listing, shown = thing.row
        if name == "totalCount":
            return len(listing.elements)
        if name == "nodes":
            return [Thing(listing.kind, element) for element in shown["elements"]]
        if name == "edges":
            return [Thing("Edge", (listing, element)) for element in shown["elements"]]
        ends = shown["elements"]
        return Thing(
            "PageInfo",
            {
                "hasNextPage": shown["hasNextPage"],
                "hasPreviousPage": shown["hasPreviousPage"],
                "startCursor": listing.cursor(ends[0]) if ends else None,
                "endCursor": listing.cursor(ends[-1]) if ends else None,
            },
        )


def _things(found: Any, arguments: dict[str, Any]) -> Any:
    """Return a resolver's result for graphql-core: (type, row) pairs become `Thing`s."""
    if isinstance(found, Listing):
        return Thing(f"{found.kind}Connection", (found, page(found, arguments)))
    if isinstance(found, list):
        return [_things(one, arguments) for one in found]
    if isinstance(found, tuple):
        kind, row = found
        return None if row is None else Thing(kind, row)
    return found


def _column(row: Any, name: str) -> Any:
    if isinstance(row, dict):
        return row[name]
    return getattr(row, snake(name))
