"""The root of all writes: a table of contents."""

import strawberry

from schema.mutations.initiatives import InitiativeMutations


@strawberry.type
class Mutation(InitiativeMutations):
    """All writes. Each is carried out whole or not at all, and once for an idempotency key."""
