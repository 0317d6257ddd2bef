"""Every table, one noun a file."""

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
from db.models.initiative import Authorship, DuplicateLink, Initiative, InitiativeCounter
from db.models.person import Account, Person, RoleGrant, SigningKey
from db.models.request import RequestKey
from db.models.review import Review
from db.models.rollup import Participation, Rollup, RollupDay, RollupTier
from db.models.target import Target, TargetRevision
from db.models.unit import EmulationBloc, Unit, UnitHistory

__all__ = [
    "Account",
    "Adjustment",
    "AuditEvent",
    "AuditHead",
    "Authorship",
    "Award",
    "Base",
    "BenefitTier",
    "Campaign",
    "Drive",
    "DuplicateLink",
    "EmulationBloc",
    "Initiative",
    "InitiativeCounter",
    "Participation",
    "Person",
    "Phase",
    "PhaseResult",
    "RequestKey",
    "Review",
    "RoleGrant",
    "Rollup",
    "RollupDay",
    "RollupTier",
    "SigningKey",
    "Target",
    "TargetRevision",
    "Unit",
    "UnitHistory",
    "WindowOverride",
]
