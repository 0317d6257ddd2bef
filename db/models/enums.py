"""The closed lists of the programme; their values are stored, sent and received as they stand."""

from enum import StrEnum


class UnitLevel(StrEnum):
    """The four levels of the union tree, from the top."""

    CONFEDERATION = "CONFEDERATION"
    FEDERATION = "FEDERATION"
    UPPER = "UPPER"
    GRASSROOTS = "GRASSROOTS"


class Sector(StrEnum):
    """PRODUCTION: production and business; PUBLIC: administration and public service."""

    PRODUCTION = "PRODUCTION"
    PUBLIC = "PUBLIC"


class PhaseStatus(StrEnum):
    """Where today stands to a phase's window."""

    UPCOMING = "UPCOMING"
    ACTIVE = "ACTIVE"
    CLOSED = "CLOSED"


class CountsFrom(StrEnum):
    """The state from which an initiative counts as achieved."""

    RECOGNISED = "RECOGNISED"
    CONFIRMED = "CONFIRMED"


class InitiativeState(StrEnum):
    """An initiative's state; the last five stand aside from the way to CONFIRMED."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    RECOGNISED = "RECOGNISED"
    CONFIRMED = "CONFIRMED"
    RETURNED = "RETURNED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    DUPLICATE = "DUPLICATE"
    REVOKED = "REVOKED"


class SolutionType(StrEnum):
    """What kind of solution an initiative is."""

    TECHNICAL = "TECHNICAL"
    MANAGEMENT = "MANAGEMENT"
    OPERATIONAL = "OPERATIONAL"
    APPLIED_TECHNOLOGY = "APPLIED_TECHNOLOGY"
    RESEARCH = "RESEARCH"


class Role(StrEnum):
    """What a grant makes of an account in its unit's subtree."""

    MEMBER = "MEMBER"
    SUPPORT = "SUPPORT"
    OFFICER = "OFFICER"
    COUNCIL = "COUNCIL"
    ADMIN = "ADMIN"
    AUDITOR = "AUDITOR"


class AccountKind(StrEnum):
    """Who signs in; PUBLIC is the one account that stands for everybody who does not."""

    PUBLIC = "PUBLIC"
    PERSON = "PERSON"
    SERVICE = "SERVICE"


class ReviewDecision(StrEnum):
    """What a level decided on an initiative."""

    APPROVE = "APPROVE"
    RETURN = "RETURN"
    REJECT = "REJECT"
    REVOKE = "REVOKE"


class TargetKind(StrEnum):
    """ASSIGNED by the parent, or REGISTERED as the unit's own pledge."""

    ASSIGNED = "ASSIGNED"
    REGISTERED = "REGISTERED"


class AwardForm(StrEnum):
    """Forms of commendation: Bằng khen, Giấy khen, and the Creative Labour title."""

    BANG_KHEN = "BANG_KHEN"
    GIAY_KHEN = "GIAY_KHEN"
    CREATIVE_LABOUR = "CREATIVE_LABOUR"


class AuditKind(StrEnum):
    """What became of an object; REFUSED: an attempt that changed nothing; NOTED: see the action."""

    CREATED = "CREATED"
    CHANGED = "CHANGED"
    REMOVED = "REMOVED"
    REFUSED = "REFUSED"
    NOTED = "NOTED"


class AdjustmentKind(StrEnum):
    """What changed in a phase that was closed already."""

    PHASE = "PHASE"
    WINDOW = "WINDOW"
    DRIVE = "DRIVE"
    TARGET = "TARGET"
    INITIATIVE = "INITIATIVE"
    UNIT = "UNIT"


class UnitChange(StrEnum):
    """What happened to a unit in its history."""

    CREATED = "CREATED"
    CHANGED = "CHANGED"
    MOVED = "MOVED"
    MERGED = "MERGED"
    CLOSED = "CLOSED"


class GrantType(StrEnum):
    """How an application came by its tokens, as OAuth 2.0 calls it.

    A person let it have them, or it acts as its own service account.
    """

    AUTHORIZATION_CODE = "AUTHORIZATION_CODE"
    CLIENT_CREDENTIALS = "CLIENT_CREDENTIALS"


class LinkedBy(StrEnum):
    """How an account came by its identity at an issuer of others; ADMIN: by the command line."""

    EMAIL = "EMAIL"
    CODE = "CODE"
    ADMIN = "ADMIN"
