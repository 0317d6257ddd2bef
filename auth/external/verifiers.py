"""Access tokens of every issuer that is trusted: which one verifies a token, and who it is of."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auth.external.accounts import LinkedAccounts
from auth.external.trust import Trust
from auth.tokens import LONGEST, READ, WRITE, Claims, TokenError, Verifier


class NotLinkedError(TokenError):
    """A good token of somebody whom no account here is linked to."""


class OneFactorError(TokenError):
    """A good token for an account that needs a second factor, of which it says nothing."""


@dataclass(frozen=True)
class Trusted:
    """An issuer of others, and what verifies its tokens."""

    trust: Trust
    verifier: Verifier


class Verifiers:
    """Verifies tokens of the built-in issuer and of others, by the keys of whom they name.

    Only whom the settings trust is ever asked for keys, whatever a token says.
    """

    def __init__(
        self,
        own: Verifier,
        others: Mapping[str, Trusted],
        accounts: LinkedAccounts,
        *,
        second_factor_required: bool,
    ) -> None:
        """Take the others by their `iss`; `second_factor_required` of admins and auditors."""
        self._own = own
        self._others = others
        self._accounts = accounts
        self._second_factor_required = second_factor_required

    async def verify(self, token: str) -> Claims:
        """Return the claims of a token; the subject is the account's username, whoever issued it.

        Raises TokenError, UnavailableError.
        """
        other = self._others.get(_unverified_issuer(token)) if self._others else None
        if other is None:
            return await self._own.verify(token)
        claims = await other.verifier.verify(token)
        linked = await self._accounts.of(other.trust.issuer, claims.subject)
        if linked is None:
            raise NotLinkedError("The token is good, but no account here is linked to its subject.")
        owes = linked.sensitive and self._second_factor_required
        if owes and not other.trust.gave_second_factor(claims.amr):
            raise OneFactorError(
                "This account needs a second factor, and the token's 'amr' tells of none that"
                " counts."
            )
        scope = claims.scope if claims.scope & {READ, WRITE} else other.trust.scope
        # Its clients and families are not ours, even where they are called the same.
        return claims._replace(subject=linked.username, scope=scope, client_id=None, family=None)


def _unverified_issuer(token: str) -> str:
    """Return what a token says of its issuer, which may be a lie; nothing where it is no token."""
    parts = token.split(".", 3)
    if len(token) > LONGEST or len(parts) != 3 or not token.isascii():  # noqa: PLR2004 - a JWS
        return ""
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "==")
        claims: Any = json.loads(payload)
    except (ValueError, RecursionError):
        return ""
    issuer = claims.get("iss") if isinstance(claims, dict) else None
    return issuer if isinstance(issuer, str) else ""
