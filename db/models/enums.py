"""Enums of the programme. Their values are stored in the database and are part of the API."""

from db.rules.described import DescribedEnum


class UnitLevel(DescribedEnum):
    """The level of a unit in the union tree, of four."""

    CONFEDERATION = "CONFEDERATION", "The root of the tree, Tổng Liên đoàn; there is one such unit."
    FEDERATION = (
        "FEDERATION",
        "A province's federation, a central sector union or a corporation's union.",
    )
    UPPER = "UPPER", "An upper-level union (công đoàn cấp trên trực tiếp cơ sở)."
    GRASSROOTS = (
        "GRASSROOTS",
        "A grassroots union (công đoàn cơ sở), with members and no units below.",
    )


class Sector(DescribedEnum):
    """Where a member works."""

    PRODUCTION = "PRODUCTION", "Production and business."
    PUBLIC = "PUBLIC", "Public administration and public service."


class PhaseStatus(DescribedEnum):
    """The relation of today, in Asia/Ho_Chi_Minh, to a phase's window."""

    UPCOMING = "UPCOMING", "Today is before the first day."
    ACTIVE = "ACTIVE", "Today is one of the days of the window, the first and the last included."
    CLOSED = "CLOSED", "Today is after the last day."


class CountsFrom(DescribedEnum):
    """The state from which a campaign counts an initiative as achieved."""

    RECOGNISED = "RECOGNISED", "Initiatives count as achieved once they are RECOGNISED."
    CONFIRMED = "CONFIRMED", "Initiatives count as achieved only once they are CONFIRMED."


class InitiativeState(DescribedEnum):
    """The state of an initiative.

    The regular order is DRAFT, SUBMITTED, RECOGNISED, CONFIRMED.
    """

    DRAFT = "DRAFT", "Written and not submitted. It counts in no total."
    SUBMITTED = "SUBMITTED", "Submitted; the author's own unit has to decide."
    RECOGNISED = "RECOGNISED", "Approved by the author's own unit; the levels above decide in turn."
    CONFIRMED = "CONFIRMED", "Approved by the last level, the campaign's `confirmingLevel`."
    RETURNED = "RETURNED", "Returned to its authors, who may edit it and submit it again."
    REJECTED = "REJECTED", "Rejected by a unit of the approval chain."
    WITHDRAWN = "WITHDRAWN", "Withdrawn by its authors before it was recognised."
    DUPLICATE = "DUPLICATE", "Linked as a duplicate of another initiative. It no longer counts."
    REVOKED = "REVOKED", "An earlier approval was revoked. It no longer counts."


class SolutionType(DescribedEnum):
    """The kind of solution that an initiative describes."""

    TECHNICAL = "TECHNICAL", "A technical solution."
    MANAGEMENT = "MANAGEMENT", "A solution of management."
    OPERATIONAL = "OPERATIONAL", "A solution of operations, that is, of how work is carried out."
    APPLIED_TECHNOLOGY = "APPLIED_TECHNOLOGY", "An application of existing technology."
    RESEARCH = "RESEARCH", "A result of research."


class Role(DescribedEnum):
    """The role that a role grant gives to an account, at a unit and below it."""

    MEMBER = (
        "MEMBER",
        "Drafts and submits the holder's own initiatives, and sees the totals of the unit.",
    )
    SUPPORT = (
        "SUPPORT",
        "Drafts, edits and submits initiatives on behalf of members (Tổ hỗ trợ sáng kiến).",
    )
    OFFICER = (
        "OFFICER",
        "Decides for its unit, registers targets, gives awards and manages members.",
    )
    COUNCIL = "COUNCIL", "Decides and scores for its unit, and reads confidential initiatives."
    ADMIN = "ADMIN", "Manages units, people, accounts, role grants, campaigns and targets."
    AUDITOR = (
        "AUDITOR",
        "Reads totals, initiatives and the audit log; every mutation returns Forbidden.",
    )


class AccountKind(DescribedEnum):
    """The kind of caller that an account stands for."""

    PUBLIC = "PUBLIC", "The one account of all anonymous callers. Nobody signs in with it."
    PERSON = "PERSON", "A person signs in with it."
    SERVICE = "SERVICE", "A program signs in with it, by OAuth client credentials."


class ReviewDecision(DescribedEnum):
    """The decision of one level on an initiative."""

    APPROVE = (
        "APPROVE",
        "Recognise or confirm the initiative; the next level decides, if any is left.",
    )
    RETURN = "RETURN", "Send the initiative back to its authors for changes. Requires a reason."
    REJECT = "REJECT", "Refuse the initiative. Requires a reason."
    REVOKE = "REVOKE", "Take back an approval. Requires a reason."


class TargetKind(DescribedEnum):
    """The part of a target that a revision changed."""

    ASSIGNED = "ASSIGNED", "The value that the parent unit assigned."
    REGISTERED = "REGISTERED", "The value that the unit registered itself."


class AwardForm(DescribedEnum):
    """The form of a commendation."""

    BANG_KHEN = "BANG_KHEN", "Bằng khen, a certificate of merit."
    GIAY_KHEN = "GIAY_KHEN", "Giấy khen, a letter of commendation."
    CREATIVE_LABOUR = "CREATIVE_LABOUR", "Lao động sáng tạo, the Creative Labour title."


class AuditKind(DescribedEnum):
    """The kind of an audit event."""

    CREATED = "CREATED", "The object was created."
    CHANGED = "CHANGED", "The object was changed; `before` and `after` hold the differences."
    REMOVED = "REMOVED", "The object was removed."
    REFUSED = "REFUSED", "The server rejected the attempt, and nothing was changed."
    NOTED = "NOTED", "No object was changed, as with a sign-in or an export; see `action`."


class AdjustmentKind(DescribedEnum):
    """The kind of change that was made to a phase after it had closed."""

    PHASE = "PHASE", "The phase, or what its campaign counts, was changed."
    WINDOW = "WINDOW", "A unit's own dates of the phase were changed."
    DRIVE = "DRIVE", "A drive was added."
    TARGET = "TARGET", "A target was assigned or registered."
    INITIATIVE = (
        "INITIATIVE",
        "A decision or an edit changed an initiative that counts in the phase.",
    )
    UNIT = "UNIT", "A unit was moved or merged."


class UnitChange(DescribedEnum):
    """The kind of one change in a unit's history."""

    CREATED = "CREATED", "The unit was created."
    CHANGED = "CHANGED", "The unit's name, member count or emulation bloc was changed."
    MOVED = "MOVED", "The unit was moved below another unit."
    MERGED = "MERGED", "The unit took part in a merge: it was closed, or took in the other units."
    CLOSED = "CLOSED", "The unit was closed."


class GrantType(DescribedEnum):
    """The OAuth 2.0 grant by which an application got its tokens."""

    AUTHORIZATION_CODE = (
        "AUTHORIZATION_CODE",
        "A person signed in and let the application act for their account.",
    )
    CLIENT_CREDENTIALS = "CLIENT_CREDENTIALS", "The application acts as its own service account."


class LinkedBy(DescribedEnum):
    """How an account was linked to an identity at an external provider."""

    EMAIL = "EMAIL", "By a verified e-mail address that the person's entry has too."
    CODE = "CODE", "With a one-time link code, valid for 72 hours."
    ADMIN = "ADMIN", "By an administrator on the command line."
