"""Principals: an account with its scopes, which bind the caller's database session."""

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any, NamedTuple

from auth.narrowing import WHOLE, Narrowing, narrowed
from auth.permissions import (
    SENSITIVE,
    WRITES,
    Grant,
    Permission,
    Scope,
    contains,
    granted,
    with_public,
)
from auth.tokens import OneFactorError
from db.models.enums import AccountKind, Role
from db.rules.errors import ForbiddenError
from db.sessions import Caller, Reader

VIETNAM = timezone(timedelta(hours=7))
# The permissions that the policies of db/sql/policies.sql read.
_GUARDS = (
    Permission.UNIT_READ,
    Permission.STANDING_READ,
    Permission.INITIATIVE_READ,
    Permission.CONTENT_READ,
    Permission.PERSON_READ,
    Permission.PERSON_MASKED,
    Permission.GRANT_READ,
    Permission.AUDIT_READ,
    Permission.VERIFY,
)
_PROFILE = "select * from account_profile($1)"
_MOST_NARROWINGS = 100  # per account
_ONE_FACTOR = (
    "A role of this account needs a second factor, and the credentials were got without one."
    " Sign in with it, and make a new token."
)


class UnknownAccountError(Exception):
    """The account does not exist or is disabled."""


@dataclass(frozen=True)
class Principal:
    """The caller. The anonymous caller has the public account and the username None."""

    account_id: int
    username: str | None
    scopes: Mapping[Permission, Scope]
    is_auditor: bool
    caller: Caller

    def may_anywhere(self, *permissions: Permission) -> bool:
        """Return whether the caller has one of the permissions for any unit or its own records."""
        held = (self.scopes.get(permission, Scope()) for permission in permissions)
        return any(scope.subtrees or scope.units or scope.own for scope in held)

    def require(self, *permissions: Permission) -> None:
        """Authorise a change that needs one of these permissions somewhere.

        Raises ForbiddenError for anonymous callers, for auditors, and without the permission.
        """
        if self.username is None:
            raise ForbiddenError(code="SIGN_IN")
        if self.is_auditor:
            raise ForbiddenError(code="AUDITOR")
        if not self.may_anywhere(*permissions):
            raise ForbiddenError(permissions[0].value)

    def may(self, permission: Permission, path: str) -> bool:
        """Return whether the caller has a permission at the unit with this path."""
        scope = self.scopes.get(permission, Scope())
        return path in scope.units or any(contains(top, path) for top in scope.subtrees)


def principal(
    profile: Mapping[str, Any],
    today: date,
    fixed_today: date | None,
    narrowing: Narrowing = WHOLE,
    *,
    second_factor_required: bool = False,
) -> Principal:
    """Return the principal of a row of `account_profile`, with the role grants valid on a day.

    The narrowing limits granted permissions only: everyone has the public ones. Service accounts
    have no second factor, so none is required of them. Raises OneFactorError.
    """
    grants = [
        (Role(grant["role"]), grant["path"])
        for grant in json.loads(profile["grants"])
        if date.fromisoformat(grant["from"]) <= today
        and (grant["to"] is None or today <= date.fromisoformat(grant["to"]))
    ]
    sensitive = any(role in SENSITIVE for role, _ in grants)
    is_person = profile["kind"] == AccountKind.PERSON
    if second_factor_required and sensitive and is_person and narrowing.one_factor:
        raise OneFactorError(_ONE_FACTOR)
    is_auditor = any(role is Role.AUDITOR for role, _ in grants)
    whole = granted(Grant(role, path) for role, path in grants)
    kept = narrowed(whole, narrowing)
    held = with_public(kept, profile["root_path"])
    reads_only = is_auditor or narrowing.read_only
    own = held.get(Permission.INITIATIVE_OWN, Scope()).own
    # An account without a person makes no decisions (db/sql/duties.sql), so its queue is empty.
    decides = not is_auditor and profile["person_id"] is not None
    seen = held if decides else _without(held, Permission.INITIATIVE_REVIEW)
    is_public = profile["username"] == "public" and profile["id"] == 0
    return Principal(
        account_id=profile["id"],
        username=None if is_public else profile["username"],
        scopes=_without(held, *WRITES) if narrowing.read_only else held,
        is_auditor=is_auditor,
        caller=Caller(
            account_id=profile["id"],
            grants_version=profile["version"],
            person_id=profile["person_id"] if own else None,
            scopes=_settings(seen, kept),
            can=_can(_without(seen, *WRITES) if reads_only else seen),
            today=fixed_today,
            writes={} if reads_only else _write_settings(held),
            own_tokens=narrowing.own_tokens and not is_public,
            one_factor=narrowing.one_factor,
            stale=narrowing.stale,
            family=narrowing.family,
            read_only=narrowing.read_only,
        ),
    )


def _without(held: Mapping[Permission, Scope], *gone: Permission) -> dict[Permission, Scope]:
    return {permission: scope for permission, scope in held.items() if permission not in gone}


def _settings(
    held: Mapping[Permission, Scope], kept: Mapping[Permission, Scope]
) -> dict[str, tuple[str, ...]]:
    """Return where the caller may read, and where it decides, for its work queue.

    `kept` is without the public permissions: it authorises reading reasons and history.
    """
    guards = {permission: held.get(permission, Scope()) for permission in _GUARDS}
    subtrees = {name.lower(): scope.subtrees for name, scope in guards.items()}
    return {
        **subtrees,
        "unit_read_alone": guards[Permission.UNIT_READ].units,
        "unit_granted_alone": kept.get(Permission.UNIT_READ, Scope()).units,
        "initiative_review_alone": held.get(Permission.INITIATIVE_REVIEW, Scope()).units,
    }


def _write_settings(held: Mapping[Permission, Scope]) -> dict[str, tuple[str, ...]]:
    """Return where the caller may write: nowhere for an auditor, whatever its other role grants."""
    writes = {permission.lower(): held.get(permission, Scope()) for permission in WRITES}
    return {
        **{name: scope.subtrees for name, scope in writes.items()},
        **{f"{name}_alone": scope.units for name, scope in writes.items()},
    }


def _can(held: Mapping[Permission, Scope]) -> str:
    """Return the permissions by path, in the format of `viewer_can` (db/sql/session.sql)."""
    by_path: dict[str, list[str]] = {}
    for permission, scope in held.items():
        own = ("OWN",) if scope.own else ()
        for path in (*scope.subtrees, *(f"@{unit}" for unit in scope.units), *own):
            by_path.setdefault(path, []).append(permission.value)
    return ";".join(f"{path}={','.join(names)}" for path, names in by_path.items())


class _Known(NamedTuple):
    """An account as looked up on a day, and the principals built from it."""

    day: date
    profile: Mapping[str, Any]
    principals: dict[Narrowing, Principal]


class Principals:
    """A cache of principals by username and narrowing, valid until the grants or the day change."""

    def __init__(
        self,
        reader: Reader,
        fixed_today: date | None = None,
        size: int = 10_000,
        *,
        second_factor_required: bool = False,
    ) -> None:
        """Set the reader of accounts, the demo's fixed day and the size of the cache.

        `second_factor_required` applies to the roles in auth.permissions.SENSITIVE.
        """
        self._reader = reader
        self._fixed_today = fixed_today
        self._size = size
        self._second_factor_required = second_factor_required
        self._known: OrderedDict[str | None, _Known] = OrderedDict()

    async def of(self, username: str | None, narrowing: Narrowing = WHOLE) -> Principal:
        """Return the principal of an account with a narrowing; the public principal for None.

        Raises UnknownAccountError, OneFactorError.
        """
        today = self.today()
        known = self._known.get(username)
        if known is None or known.day != today:
            known = await self._look_up(username, today)
        found = known.principals.get(narrowing)
        if found is None:
            try:
                found = self._narrowed(known, narrowing)
            except OneFactorError:
                # No statement follows that would reveal that the cached role was revoked.
                found = self._narrowed(await self._look_up(username, today), narrowing)
        return found

    def _narrowed(self, known: _Known, narrowing: Narrowing) -> Principal:
        if len(known.principals) >= _MOST_NARROWINGS:
            known.principals.clear()
        found = known.principals[narrowing] = principal(
            *(known.profile, known.day, self._fixed_today, narrowing),
            second_factor_required=self._second_factor_required,
        )
        return found

    async def _look_up(self, username: str | None, today: date) -> _Known:
        profile = await self._reader.fetch_row(_PROFILE, username)
        if profile is None or profile["disabled"]:
            raise UnknownAccountError(username)
        known = self._known[username] = _Known(today, profile, {})
        if len(self._known) > self._size:
            self._known.popitem(last=False)
        return known

    def account_id(self, username: str | None) -> int | None:
        """Return the id of a cached account; None for the public one and for others."""
        known = self._known.get(username)
        return None if known is None else known.profile["id"] or None

    def forget(self, username: str | None) -> None:
        """Remove an account from the cache, because its grants have changed."""
        self._known.pop(username, None)

    def today(self) -> date:
        """Return the current day in Vietnam, or the demo's fixed day."""
        return self._fixed_today or datetime.now(VIETNAM).date()
