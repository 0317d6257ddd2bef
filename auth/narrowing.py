"""What a token may be limited to: a part of what its owner may do, and never more than that."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from auth.permissions import Permission, Scope, contains


@dataclass(frozen=True)
class Narrowing:
    """The part of the owner's permissions that a token holds.

    That is: `permissions`, None for all; below the unit with the path `top`, None for anywhere;
    and no writing if `read_only`. With `own_tokens` it may look after the owner's access tokens,
    and make some unless the sign-in is `stale`; those end with the authorization `family`, if that
    is what it has. With `one_factor` it is rejected while the owner has a role that needs a second.
    """

    permissions: frozenset[Permission] | None = None
    top: str | None = None
    read_only: bool = False
    own_tokens: bool = False
    one_factor: bool = False
    stale: bool = False
    family: str | None = None

    @classmethod
    def of(cls, limits: Mapping[str, Any]) -> "Narrowing":
        """Return what a row of db/sql/access_tokens.sql says; it has permissions by name."""
        names: Iterable[str] | None = limits["permissions"]
        # A name that stands for nothing any more allows nothing.
        known = None if names is None else frozenset(p for p in Permission if p.value in names)
        return cls(known, limits["top"], limits["read_only"])


WHOLE = Narrowing(own_tokens=True)
"""Nothing taken away: the owner's own session."""


def narrowed(held: Mapping[Permission, Scope], narrowing: Narrowing) -> dict[Permission, Scope]:
    """Return the intersection of scopes and a narrowing, as for its place and permissions.

    One's own records are wherever they are, so whoever is limited to a unit has none of them.
    """
    kept = {
        permission: scope
        for permission, scope in held.items()
        if narrowing.permissions is None or permission in narrowing.permissions
    }
    if narrowing.top is None:
        return kept
    within = {permission: _within(scope, narrowing.top) for permission, scope in kept.items()}
    return {permission: scope for permission, scope in within.items() if scope != Scope()}


def _within(scope: Scope, top: str) -> Scope:
    if any(contains(subtree, top) for subtree in scope.subtrees):
        return Scope((top,))
    return Scope(
        tuple(path for path in scope.subtrees if contains(top, path)),
        tuple(path for path in scope.units if contains(top, path)),
    )
