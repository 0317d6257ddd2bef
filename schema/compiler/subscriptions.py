"""How a subscription's field says what it stands for, and what is watched for it.

A subscription is a query that is run anew whenever what it watches has changed. Its one root
field is declared like a query's, with a function that takes the field's arguments and returns
the thing of db/watching.py.
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
    """Declare that a field stands for a query of db/queries, again whenever a thing changes."""

    def declare(method: Callable[..., Any]) -> Any:
        return strawberry.field(
            resolver=method,
            description=" ".join((method.__doc__ or "").split()),
            metadata={SQL: query, _WATCHES: watches},
        )

    return declare


@dataclass(frozen=True)
class Subscribed:
    """The root field of a subscription, by its response name, and what is watched for it."""

    name: str
    node: FieldNode
    thing: Thing

    def check(self, data: bytes) -> None:
        """Refuse what there is not, or not for this caller. Raises RefusedError."""
        if data == orjson.dumps({self.name: None}):
            extensions = {"code": "NOT_FOUND"}
            raise RefusedError(
                GraphQLError(_NOT_FOUND, self.node, path=[self.name], extensions=extensions)
            )


def subscribed(root: GraphQLObjectType, fields: Fields, variables: Any) -> Subscribed:
    """Return what a subscription asks for by its one field; a valid one has no other."""
    ((name, (node, *_)),) = fields.items()
    field = root.fields[node.name.value]
    watches = field.extensions["strawberry-definition"].metadata[_WATCHES]
    return Subscribed(name, node, watches(**get_argument_values(field, node, variables)))
