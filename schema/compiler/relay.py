"""Relay's connections: the types, and the cursors that limit pages.

A cursor is base64 of a JSON array: a tag of the order, then the keys of the row.
"""

import base64
import binascii
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Generic, NamedTuple, TypeVar

import strawberry
from graphql import GraphQLObjectType
from sqlalchemy import ColumnElement, Date, DateTime, Integer, String, cast, func, literal
from sqlalchemy.types import TypeEngine

from db.queries.rows import Row, Rows
from schema.compiler.errors import BadInputError

T = TypeVar("T")


@strawberry.type
class PageInfo:
    """The position of a page in its list."""

    has_next_page: bool = strawberry.field(description="Whether elements follow this page.")
    has_previous_page: bool = strawberry.field(description="Whether elements precede this page.")
    start_cursor: str | None = strawberry.field(
        description="The cursor of the page's first element, to send as `before`. Null on an"
        " empty page."
    )
    end_cursor: str | None = strawberry.field(
        description="The cursor of the page's last element, to send as `after`. Null on an"
        " empty page."
    )


@strawberry.type
class Edge(Generic[T]):
    """One element of a page, with its cursor."""

    cursor: str = strawberry.field(
        description="The element's position in this list and order, opaque, to send as `after`"
        " or `before`."
    )
    node: T = strawberry.field(description="The element itself.")


@strawberry.type
class Connection(Generic[T]):
    """One page of a list. `nodes` is `edges { node }` without the edges."""

    edges: list[Edge[T]] = strawberry.field(
        description="The elements of the page, each with its cursor."
    )
    nodes: list[T] = strawberry.field(
        description="The elements of the page, without their cursors."
    )
    page_info: PageInfo = strawberry.field(
        description="Whether there are more pages, and the cursors that lead to them."
    )
    total_count: int = strawberry.field(
        description="The number of elements in the whole list under the same filter, not of"
        " this page alone."
    )


def is_connection(type_: GraphQLObjectType) -> bool:
    """Return whether a type of the schema is a `Connection`."""
    definition = type_.extensions.get("strawberry-definition")
    concrete_of = getattr(definition, "concrete_of", None)
    return concrete_of is not None and concrete_of.origin is Connection


class Order(NamedTuple):
    """The order of a connection: its keys, their types and the direction."""

    keys: tuple[str, ...]
    types: tuple[TypeEngine[Any], ...]
    descending: bool

    @classmethod
    def of(cls, rows: Rows) -> "Order":
        """Return the order of a connection's rows."""
        columns = rows.branches[0].selected_columns
        return cls(rows.keys, tuple(columns[key].type for key in rows.keys), rows.descending)

    @property
    def tag(self) -> str:
        """The tag of this order, which is part of its cursors."""
        return ("-" if self.descending else "") + self.keys[0]


def cursor_of(row: Row, order: Order) -> ColumnElement[str]:
    """Return the cursor of a row of a connection."""
    keys = func.json_build_array(
        cast(literal(order.tag), String), *(row.column(key) for key in order.keys)
    )
    encoded = func.encode(func.convert_to(cast(keys, String), "UTF8"), "base64")
    return func.translate(encoded, "\n", "")


def keys_of(cursor: Any, order: Order, argument: str) -> list[Any]:
    """Return the keys in a cursor. Raises BadInputError for a cursor of another order."""
    try:
        tag, *values = json.loads(base64.b64decode(cursor, validate=True))
        if tag == order.tag and len(values) == len(order.keys):
            return [
                _READERS[_kind(type_)](value)
                for type_, value in zip(order.types, values, strict=True)
            ]
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError):
        pass
    raise BadInputError(
        f"The cursor given as '{argument}' is not one of this connection in this order."
    )


def _kind(type_: TypeEngine[Any]) -> type[Any]:
    for sql_type, python_type in (
        (DateTime, datetime),
        (Date, date),
        (Integer, int),
        (String, str),
    ):
        if isinstance(type_, sql_type):
            return python_type
    raise TypeError(f"no cursor over {type_!r}")


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(value)
    value.encode()  # fails with ValueError for half a surrogate pair, too
    return value


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(value)
    return moment.astimezone(UTC)


def _whole(value: Any) -> int:
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise ValueError(value)
    return value


_READERS: dict[type[Any], Callable[[Any], Any]] = {
    str: _text,
    int: _whole,
    date: date.fromisoformat,
    datetime: _moment,
}
