"""The root of all writes: a table of contents."""

import strawberry

from schema.mutations.duplicates import DuplicateMutations
from schema.mutations.initiatives import InitiativeMutations
from schema.mutations.publications import PublicationMutations
from schema.mutations.reviews import ReviewMutations


@strawberry.type
class Mutation(InitiativeMutations, ReviewMutations, DuplicateMutations, PublicationMutations):
    """All writes. Each is carried out whole or not at all, and once for an idempotency key."""
