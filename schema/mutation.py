"""The root of all writes: a table of contents."""

import strawberry

from schema.mutations.awards import AwardMutations
from schema.mutations.initiatives import InitiativeMutations
from schema.mutations.targets import TargetMutations


@strawberry.type
class Mutation(TargetMutations, InitiativeMutations, AwardMutations):
    """All writes. Each is carried out whole or not at all, and once for an idempotency key."""
