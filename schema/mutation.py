"""The root type of mutations: one base class for each noun."""

import strawberry

from schema.mutations.access_tokens import AccessTokenMutations
from schema.mutations.accounts import AccountMutations
from schema.mutations.authorizations import AuthorizationMutations
from schema.mutations.awards import AwardMutations
from schema.mutations.blocs import BlocMutations
from schema.mutations.campaigns import CampaignMutations
from schema.mutations.duplicates import DuplicateMutations
from schema.mutations.grants import GrantMutations
from schema.mutations.initiatives import InitiativeMutations
from schema.mutations.people import PersonMutations
from schema.mutations.phases import PhaseMutations
from schema.mutations.publications import PublicationMutations
from schema.mutations.reviews import ReviewMutations
from schema.mutations.targets import TargetMutations
from schema.mutations.units import UnitMutations
from schema.mutations.windows import WindowMutations


@strawberry.type
class Mutation(
    CampaignMutations,
    PhaseMutations,
    WindowMutations,
    TargetMutations,
    InitiativeMutations,
    ReviewMutations,
    DuplicateMutations,
    PublicationMutations,
    AwardMutations,
    UnitMutations,
    BlocMutations,
    PersonMutations,
    AccountMutations,
    GrantMutations,
    AccessTokenMutations,
    AuthorizationMutations,
):
    """All writes. Each is saved whole or not at all, and once for an idempotency key."""
