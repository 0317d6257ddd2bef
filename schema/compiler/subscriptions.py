"""Declaration of the query of a subscription field, and of the rows that it watches.

A subscription is a query that runs again whenever the rows that it watches have changed. Its only
root field is declared like a query's, with a function that returns the watched object
(db/watching.py) for the field's arguments.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
import strawberry
from graphql import FieldNode, GraphQLError, GraphQLObjectType, get_argument_values

from db.watching import Thing
from schema.compiler.errors import RefusedError
from schema.compiler.fields import SQL, Query
from schema.compiler.selection import Fields

_WATCHES = "watches"
_NOT_FOUND = "There is none, or none that you may see."


def subscription(
    query: Query, watches: Callable[..., Thing]
) -> Callable[[Callable[..., Any]], Any]:
    """Declare the query of a subscription field, and what it watches."""

    def declare(method: Callable[..., Any]) -> Any:
        return strawberry.field(
            resolver=method,
            description=" ".join((method.__doc__ or "").split()),
            metadata={SQL: query, _WATCHES: watches},
        )

    return declare


@dataclass(frozen=True)
class Subscribed:
    """The root field of a subscription, its response name, and what it watches."""

    name: str
    node: FieldNode
    thing: Thing

    def check(self, data: bytes) -> None:
        """Reject an object that is missing or hidden from the caller. Raises RefusedError."""
        if data == orjson.dumps({self.name: None}):
            extensions = {"code": "NOT_FOUND"}
            raise RefusedError(
                GraphQLError(_NOT_FOUND, self.node, path=[self.name], extensions=extensions)
            )


def subscribed(root: GraphQLObjectType, fields: Fields, variables: Any) -> Subscribed:
    """Return the only root field of a valid subscription."""
    ((name, (node, *_)),) = fields.items()
    field = root.fields[node.name.value]
    watches = field.extensions["strawberry-definition"].metadata[_WATCHES]
    return Subscribed(name, node, watches(**get_argument_values(field, node, variables)))
