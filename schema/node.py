"""Relay's Node: the interface of objects with a global id."""

import strawberry


@strawberry.interface
class Node:
    """An object with an id that is unique across all types. `node(id:)` returns it."""

    id: strawberry.ID = strawberry.field(
        description="The global id, an opaque string. It never changes."
    )
