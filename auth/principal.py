"""Who is asking, as a principal: an account with its scopes, ready to bind a session to."""

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

from auth.permissions import Grant, Permission, Scope, contains, scopes
from db.models.enums import Role
from db.sessions import Caller, Reader

VIETNAM = timezone(timedelta(hours=7))
_WRITES = {
    Permission.INITIATIVE_OWN,
    Permission.INITIATIVE_WRITE,
    Permission.INITIATIVE_REVIEW,
    Permission.INITIATIVE_CURATE,
    Permission.AWARD_GRANT,
    Permission.TARGET_ASSIGN,
    Permission.TARGET_REGISTER,
    Permission.CAMPAIGN_MANAGE,
    Permission.UNIT_MANAGE,
    Permission.GRANT_MANAGE,
}
# What the policies of db/sql/policies.sql read.
_GUARDS = (
    Permission.UNIT_READ,
    Permission.STANDING_READ,
    Permission.INITIATIVE_READ,
    Permission.CONTENT_READ,
    Permission.PERSON_READ,
    Permission.PERSON_MASKED,
    Permission.GRANT_READ,
    Permission.AUDIT_READ,
)
_PROFILE = "select * from account_profile($1)"


class UnknownAccountError(Exception):
    """No account of this name, or one that is disabled."""


@dataclass(frozen=True)
class Principal:
    """Who is asking. The public account, nobody signed in, has the username None."""

    account_id: int
    username: str | None
    scopes: Mapping[Permission, Scope]
    is_auditor: bool
    caller: Caller

    def may_anywhere(self, *permissions: Permission) -> bool:
        """Whether one of the permissions holds at all: somewhere, or for one's own."""
        held = (self.scopes.get(permission, Scope()) for permission in permissions)
        return any(scope.subtrees or scope.units or scope.own for scope in held)

    def may(self, permission: Permission, path: str) -> bool:
        """Whether a permission holds at the unit with this path."""
        scope = self.scopes.get(permission, Scope())
        return path in scope.units or any(contains(top, path) for top in scope.subtrees)


def principal(profile: Mapping[str, Any], today: date, fixed_today: date | None) -> Principal:
    """Return the principal of a row of `account_profile`, with the grants that hold on a day."""
    grants = [
        (Role(grant["role"]), grant["path"])
        for grant in json.loads(profile["grants"])
        if date.fromisoformat(grant["from"]) <= today
        and (grant["to"] is None or today <= date.fromisoformat(grant["to"]))
    ]
    is_auditor = any(role is Role.AUDITOR for role, _ in grants)
    held = scopes((Grant(role, path) for role, path in grants), profile["root_path"])
    own = held.get(Permission.INITIATIVE_OWN, Scope()).own
    is_public = profile["username"] == "public" and profile["id"] == 0
    return Principal(
        account_id=profile["id"],
        username=None if is_public else profile["username"],
        scopes=held,
        is_auditor=is_auditor,
        caller=Caller(
            account_id=profile["id"],
            grants_version=profile["version"],
            person_id=profile["person_id"] if own else None,
            scopes=_settings(held, is_auditor=is_auditor),
            can=_can(held, is_auditor=is_auditor),
            today=fixed_today,
            writes={} if is_auditor else _write_settings(held),
        ),
    )


def _settings(held: Mapping[Permission, Scope], *, is_auditor: bool) -> dict[str, tuple[str, ...]]:
    """Return where the caller sees what; and where it decides, for its queue."""
    guards = {permission: held.get(permission, Scope()) for permission in _GUARDS}
    subtrees = {name.lower(): scope.subtrees for name, scope in guards.items()}
    reviewed = Scope() if is_auditor else held.get(Permission.INITIATIVE_REVIEW, Scope())
    return {
        **subtrees,
        "unit_read_alone": guards[Permission.UNIT_READ].units,
        "initiative_review_alone": reviewed.units,
    }


def _write_settings(held: Mapping[Permission, Scope]) -> dict[str, tuple[str, ...]]:
    """Return where the caller may write; nowhere for an auditor, whatever else it was granted."""
    writes = {permission.lower(): held.get(permission, Scope()) for permission in _WRITES}
    return {
        **{name: scope.subtrees for name, scope in writes.items()},
        **{f"{name}_alone": scope.units for name, scope in writes.items()},
    }


def _can(held: Mapping[Permission, Scope], *, is_auditor: bool) -> str:
    """Return the permissions by path, as `viewer_can` of db/sql/session.sql reads them."""
    by_path: dict[str, list[str]] = {}
    for permission, scope in held.items():
        if is_auditor and permission in _WRITES:
            continue
        for path in (*scope.subtrees, *(f"@{unit}" for unit in scope.units)):
            by_path.setdefault(path, []).append(permission.value)
    return ";".join(f"{path}={','.join(names)}" for path, names in by_path.items())


class Principals:
    """Principals by username, kept until their grants change or the day does."""

    def __init__(self, reader: Reader, fixed_today: date | None = None, size: int = 10_000) -> None:
        """Take where to look accounts up, a day that a demo has fixed, and how many to keep."""
        self._reader = reader
        self._fixed_today = fixed_today
        self._size = size
        self._known: OrderedDict[str | None, tuple[date, Principal]] = OrderedDict()

    async def of(self, username: str | None) -> Principal:
        """Return the principal of an account; of the public one for None.

        Raises UnknownAccountError.
        """
        today = self.today()
        known = self._known.get(username)
        if known is not None and known[0] == today:
            return known[1]
        profile = await self._reader.fetch_row(_PROFILE, username)
        if profile is None or profile["disabled"]:
            raise UnknownAccountError(username)
        found = principal(profile, today, self._fixed_today)
        self._known[username] = (today, found)
        if len(self._known) > self._size:
            self._known.popitem(last=False)
        return found

    def forget(self, username: str | None) -> None:
        """Look an account up anew next time: its grants have changed."""
        self._known.pop(username, None)

    def today(self) -> date:
        """Return today in Vietnam, or the day that a demo has fixed."""
        return self._fixed_today or datetime.now(VIETNAM).date()
