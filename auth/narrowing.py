"""The limits of a token: it has a part of its owner's permissions, and never more."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from auth.permissions import Permission, Scope, contains


@dataclass(frozen=True)
class Narrowing:
    """The part of its owner's permissions that a token has.

    `permissions` limits them, None for all; `top` is the path of a unit whose subtree limits them,
    None for all units; `read_only` forbids writing. With `own_tokens` the token may list and revoke
    its owner's personal access tokens, and create them unless the sign-in is `stale`; tokens
    created by an authorization are revoked with its `family`. With `one_factor` the token is
    rejected while its owner has a role that needs a second factor.
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
        """Return the limits in a row of db/sql/access_tokens.sql, with permissions by name."""
        names: Iterable[str] | None = limits["permissions"]
        # A permission that no longer exists allows nothing.
        known = None if names is None else frozenset(p for p in Permission if p.value in names)
        return cls(known, limits["top"], limits["read_only"])


WHOLE = Narrowing(own_tokens=True)
"""No limits: the owner's own session."""


def narrowed(held: Mapping[Permission, Scope], narrowing: Narrowing) -> dict[Permission, Scope]:
    """Return the intersection of scopes with a token's permissions and subtree.

    The caller's own records are not bound to a unit, so a token limited to a subtree excludes them.
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
