"""Verification of access tokens of the built-in issuer and of external providers."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auth.external.accounts import LinkedAccounts
from auth.external.trust import Trust
from auth.tokens import LONGEST, OTP, READ, TOKENS, WRITE, Claims, TokenError, Verifier


class NotLinkedError(TokenError):
    """The token is valid, but its subject is not linked to an account."""


@dataclass(frozen=True)
class Trusted:
    """An external provider and the verifier of its tokens."""

    trust: Trust
    verifier: Verifier


class Verifiers:
    """Verifies a token with the keys of the issuer that the token names.

    Keys are fetched only from providers that the settings trust, whatever a token contains.
    """

    def __init__(
        self,
        own: Verifier,
        others: Mapping[str, Trusted],
        accounts: LinkedAccounts,
    ) -> None:
        """Set the verifier of the built-in issuer, the providers by their `iss`, and the links."""
        self._own = own
        self._others = others
        self._accounts = accounts

    async def verify(self, token: str) -> Claims:
        """Return the claims of a token; the subject is the username of the linked account.

        `amr` contains OTP if the provider is trusted to have checked a second factor.

        Raises:
            TokenError: the token is invalid, or its subject is not linked.
            UnavailableError: the keys or the database cannot be reached.
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
        # A provider's clients and families are not those of the built-in issuer, even with equal
        # names. Nor can a provider grant TOKENS: only our own consent page explains that scope.
        return claims._replace(
            subject=username,
            scope=scope - {TOKENS},
            client_id=None,
            family=None,
            amr=frozenset(factors),
        )


def _unverified_issuer(token: str) -> str:
    """Return the unverified `iss` of a token; empty where the text is not a JWT."""
    parts = token.split(".", 3)
    if len(token) > LONGEST or len(parts) != 3 or not token.isascii():  # noqa: PLR2004 - a JWS has three parts
        return ""
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "==")
        claims: Any = json.loads(payload)
    except (ValueError, RecursionError):
        return ""
    issuer = claims.get("iss") if isinstance(claims, dict) else None
    return issuer if isinstance(issuer, str) else ""
