"""Relay's Node: whatever has a global id."""

import strawberry


@strawberry.interface(description="An object with an id of its own across the whole schema.")
class Node:
    """An object with an id of its own; a type that implements it says `by_id`, how to find one."""

    id: strawberry.ID
