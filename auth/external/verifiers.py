"""Access tokens of every issuer that is trusted: which one verifies a token, and who it is of."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auth.external.accounts import LinkedAccounts
from auth.external.trust import Trust
from auth.tokens import LONGEST, OTP, READ, TOKENS, WRITE, Claims, TokenError, Verifier


class NotLinkedError(TokenError):
    """A good token of somebody whom no account here is linked to."""


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
    ) -> None:
        """Take the others by their `iss`."""
        self._own = own
        self._others = others
        self._accounts = accounts

    async def verify(self, token: str) -> Claims:
        """Return the claims of a token; the subject is the account's username, whoever issued it.

        `amr` has OTP where the issuer is trusted to have asked for a second factor. Raises
        TokenError, UnavailableError.
        """
        other = self._others.get(_unverified_issuer(token)) if self._others else None
        if other is None:
            return await self._own.verify(token)
        claims = await other.verifier.verify(token)
        username = await self._accounts.of(other.trust.issuer, claims.subject)
        if username is None:
            raise NotLinkedError("The token is good, but no account here is linked to its subject.")
        scope = claims.scope if claims.scope & {READ, WRITE} else other.trust.scope
        factors = {OTP} if other.trust.gave_second_factor(claims.amr or frozenset()) else set()
        # Its clients and families are not ours, even where they are called the same; nor is TOKENS
        # for it to give, of which our consent page alone tells.
        return claims._replace(
            subject=username,
            scope=scope - {TOKENS},
            client_id=None,
            family=None,
            amr=frozenset(factors),
        )


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
