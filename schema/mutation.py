"""The root of all writes: a table of contents."""

import strawberry

from schema.mutations.campaigns import CampaignMutations
from schema.mutations.initiatives import InitiativeMutations
from schema.mutations.phases import PhaseMutations
from schema.mutations.windows import WindowMutations


@strawberry.type
class Mutation(CampaignMutations, PhaseMutations, WindowMutations, InitiativeMutations):
    """All writes. Each is carried out whole or not at all, and once for an idempotency key."""
