"""Every table, one noun a file."""

from db.models.access_token import AccessToken
from db.models.audit import AuditEvent, AuditHead
from db.models.award import Award
from db.models.base import Base
from db.models.campaign import (
    Adjustment,
    BenefitTier,
    Campaign,
    Drive,
    Phase,
    PhaseResult,
    WindowOverride,
)
from db.models.client import Consent, OAuthClient
from db.models.external import ExternalIdentity, LinkCode
from db.models.initiative import (
    Authorship,
    DuplicateLink,
    Initiative,
    InitiativeCounter,
    InitiativeMaker,
    InitiativeSearch,
    InitiativeSketch,
)
from db.models.person import Account, Membership, Person, RoleGrant, SigningKey
from db.models.request import RequestKey
from db.models.review import Review, ReviewSheet
from db.models.rollup import Participation, Rollup, RollupDay, RollupTier
from db.models.second_factor import RecoveryCode, TotpSecret
from db.models.sign_in import (
    AuditAllowance,
    BrowserSession,
    Invitation,
    KnownDevice,
    SignInAttempt,
)
from db.models.target import Target, TargetRevision
from db.models.token import AuthorizationCode, RefreshToken, TokenFamily
from db.models.unit import EmulationBloc, Unit, UnitHistory

__all__ = [
    "AccessToken",
    "Account",
    "Adjustment",
    "AuditAllowance",
    "AuditEvent",
    "AuditHead",
    "AuthorizationCode",
    "Authorship",
    "Award",
    "Base",
    "BenefitTier",
    "BrowserSession",
    "Campaign",
    "Consent",
    "Drive",
    "DuplicateLink",
    "EmulationBloc",
    "ExternalIdentity",
    "Initiative",
    "InitiativeCounter",
    "InitiativeMaker",
    "InitiativeSearch",
    "InitiativeSketch",
    "Invitation",
    "KnownDevice",
    "LinkCode",
    "Membership",
    "OAuthClient",
    "Participation",
    "Person",
    "Phase",
    "PhaseResult",
    "RecoveryCode",
    "RefreshToken",
    "RequestKey",
    "Review",
    "ReviewSheet",
    "RoleGrant",
    "Rollup",
    "RollupDay",
    "RollupTier",
    "SignInAttempt",
    "SigningKey",
    "Target",
    "TargetRevision",
    "TokenFamily",
    "TotpSecret",
    "Unit",
    "UnitHistory",
    "WindowOverride",
]
