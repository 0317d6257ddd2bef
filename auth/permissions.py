"""The permissions of each role, in one table. Source: PROGRAMME.md, "Who may do what".

A role grant applies to its unit and the subtree below; `Reach` defines which part of that a
permission covers. This table is the only source: fields check these scopes, and row-level security
reads them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from db.models.enums import Role
from db.rules.described import DescribedEnum


class Permission(DescribedEnum):
    """What a caller may do or see in a scope: one or more units or subtrees."""

    UNIT_READ = "UNIT_READ", "See units with their totals and targets."
    STANDING_READ = "STANDING_READ", "See a unit's rank in its emulation bloc."
    INITIATIVE_READ = "INITIATIVE_READ", "See initiatives, except the content of confidential ones."
    INITIATIVE_OWN = (
        "INITIATIVE_OWN",
        "See, draft, edit, submit and withdraw one's own initiatives.",
    )
    CONTENT_READ = "CONTENT_READ", "See the content of confidential initiatives."
    PERSON_READ = "PERSON_READ", "See personal data of members."
    PERSON_MASKED = "PERSON_MASKED", "See that there is a person, with masked personal data."
    INITIATIVE_WRITE = (
        "INITIATIVE_WRITE",
        "Draft, edit, submit and withdraw initiatives on behalf of members.",
    )
    INITIATIVE_REVIEW = (
        "INITIATIVE_REVIEW",
        "Decide on initiatives that await the unit, and score them.",
    )
    INITIATIVE_CURATE = "INITIATIVE_CURATE", "Link duplicates, and publish initiatives."
    AWARD_GRANT = "AWARD_GRANT", "Give awards to units and members."
    TARGET_ASSIGN = (
        "TARGET_ASSIGN",
        "Assign targets to direct children; override windows; add drives.",
    )
    TARGET_REGISTER = "TARGET_REGISTER", "Register a unit's own target."
    CAMPAIGN_MANAGE = (
        "CAMPAIGN_MANAGE",
        "Create and change campaigns that the unit owns, and their phases.",
    )
    UNIT_MANAGE = (
        "UNIT_MANAGE",
        "Create, change, move, merge and close units; at the root, emulation blocs.",
    )
    PERSON_MANAGE = "PERSON_MANAGE", "Add, change and move members."
    ACCOUNT_MANAGE = (
        "ACCOUNT_MANAGE",
        "Create, invite, tie, disable and enable the accounts of members.",
    )
    GRANT_MANAGE = "GRANT_MANAGE", "Give and revoke role grants of other accounts."
    GRANT_READ = "GRANT_READ", "See the role grants of accounts."
    AUDIT_READ = "AUDIT_READ", "See the audit log."
    EXPORT = "EXPORT", "Export rows and reports as files."
    VERIFY = "VERIFY", "Compare stored totals with a recount."


class Reach(StrEnum):
    """Which units a permission covers, relative to the unit of a role grant."""

    SUBTREE = "SUBTREE"
    UNIT = "UNIT"  # the grant's unit only
    OWN = "OWN"  # the caller's own records, in every unit
    ROOT = "ROOT"  # the root unit only


SENSITIVE = frozenset({Role.ADMIN, Role.AUDITOR})
"""The roles that need a second factor when `SANGKIEN_TOTP_REQUIRED` is set."""

WRITES = frozenset(
    {
        Permission.INITIATIVE_OWN,
        Permission.INITIATIVE_WRITE,
        Permission.INITIATIVE_REVIEW,
        Permission.INITIATIVE_CURATE,
        Permission.AWARD_GRANT,
        Permission.TARGET_ASSIGN,
        Permission.TARGET_REGISTER,
        Permission.CAMPAIGN_MANAGE,
        Permission.UNIT_MANAGE,
        Permission.PERSON_MANAGE,
        Permission.ACCOUNT_MANAGE,
        Permission.GRANT_MANAGE,
    }
)
"""The permissions that allow changes."""

_PUBLIC = {Permission.UNIT_READ: Reach.ROOT}
_OWN = {Permission.INITIATIVE_OWN: Reach.OWN}


def _subtree(*permissions: Permission) -> Mapping[Permission, Reach]:
    return dict.fromkeys(permissions, Reach.SUBTREE)


PERMISSIONS: Mapping[Role, Mapping[Permission, Reach]] = {
    Role.MEMBER: {Permission.UNIT_READ: Reach.UNIT, **_OWN},
    Role.SUPPORT: _subtree(
        Permission.UNIT_READ,
        Permission.INITIATIVE_READ,
        Permission.PERSON_READ,
        Permission.INITIATIVE_WRITE,
    ),
    Role.OFFICER: {
        **_subtree(
            Permission.UNIT_READ,
            Permission.STANDING_READ,
            Permission.INITIATIVE_READ,
            Permission.CONTENT_READ,
            Permission.PERSON_READ,
            Permission.INITIATIVE_WRITE,
            Permission.INITIATIVE_CURATE,
            Permission.AWARD_GRANT,
            Permission.TARGET_REGISTER,
            Permission.PERSON_MANAGE,
        ),
        Permission.INITIATIVE_REVIEW: Reach.UNIT,
    },
    Role.COUNCIL: {
        **_subtree(Permission.UNIT_READ, Permission.INITIATIVE_READ, Permission.CONTENT_READ),
        Permission.INITIATIVE_REVIEW: Reach.UNIT,
    },
    Role.ADMIN: {
        **_subtree(
            Permission.UNIT_READ,
            Permission.STANDING_READ,
            Permission.INITIATIVE_READ,
            Permission.PERSON_READ,
            Permission.INITIATIVE_CURATE,
            Permission.AWARD_GRANT,
            Permission.TARGET_ASSIGN,
            Permission.TARGET_REGISTER,
            Permission.CAMPAIGN_MANAGE,
            Permission.UNIT_MANAGE,
            Permission.PERSON_MANAGE,
            Permission.ACCOUNT_MANAGE,
            Permission.GRANT_MANAGE,
            Permission.GRANT_READ,
            Permission.AUDIT_READ,
            Permission.EXPORT,
            Permission.VERIFY,
        ),
        Permission.INITIATIVE_REVIEW: Reach.UNIT,
    },
    Role.AUDITOR: _subtree(
        Permission.UNIT_READ,
        Permission.INITIATIVE_READ,
        Permission.PERSON_MASKED,
        Permission.GRANT_READ,
        Permission.AUDIT_READ,
        Permission.EXPORT,
        Permission.VERIFY,
    ),
}


@dataclass(frozen=True)
class Grant:
    """A role grant: a role at the unit with this path."""

    role: Role
    path: str


@dataclass(frozen=True)
class Scope:
    """The unit paths where a permission holds: whole `subtrees`, and single `units`.

    No subtree contains another subtree or one of the units. `own` covers the caller's own records,
    in every unit.
    """

    subtrees: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    own: bool = False


def scopes(grants: Iterable[Grant], root_path: str | None) -> dict[Permission, Scope]:
    """Return the scope of each permission for these role grants.

    Every caller has the public permissions, with or without role grants.
    """
    return with_public(granted(grants), root_path)


def granted(grants: Iterable[Grant]) -> dict[Permission, Scope]:
    """Return the scope of each permission for these role grants, without the public permissions."""
    subtrees: dict[Permission, set[str]] = {}
    units: dict[Permission, set[str]] = {}
    own: set[Permission] = set()
    for grant in grants:
        for permission, reach in PERMISSIONS[grant.role].items():
            if reach is Reach.OWN:
                own.add(permission)
            else:
                kind = subtrees if reach is Reach.SUBTREE else units
                kind.setdefault(permission, set()).add(grant.path)
    return {
        permission: _scope(
            subtrees.get(permission, set()), units.get(permission, set()), own=permission in own
        )
        for permission in Permission
        if permission in subtrees or permission in units or permission in own
    }


def with_public(held: Mapping[Permission, Scope], root_path: str | None) -> dict[Permission, Scope]:
    """Return these scopes with the public permissions added, which every caller has."""
    if root_path is None:
        return dict(held)
    public = {
        permission: _scope({*scope.subtrees}, {*scope.units, root_path}, own=scope.own)
        for permission in _PUBLIC
        for scope in (held.get(permission, Scope()),)
    }
    return {**held, **public}


def contains(top: str, path: str) -> bool:
    """Return whether `path` is `top` or in its subtree."""
    return path == top or path.startswith(top + ".")


def _scope(subtrees: set[str], units: set[str], *, own: bool) -> Scope:
    tops = {
        path
        for path in subtrees
        if not any(other != path and contains(other, path) for other in subtrees)
    }
    alone = {path for path in units if not any(contains(top, path) for top in tops)}
    return Scope(tuple(sorted(tops)), tuple(sorted(alone)), own)
