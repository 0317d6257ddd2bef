"""The root of all writes: a table of contents."""

import strawberry

from schema.mutations.grants import GrantMutations
from schema.mutations.initiatives import InitiativeMutations
from schema.mutations.units import UnitMutations


@strawberry.type
class Mutation(InitiativeMutations, UnitMutations, GrantMutations):
    """All writes. Each is carried out whole or not at all, and once for an idempotency key."""
