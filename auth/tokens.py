"""Access tokens: JWTs as RFC 9068 has them, issued and verified.

Only asymmetric algorithms count, the type must be `at+jwt`, and `iss`, `aud`, `exp`, `sub` are
required. Keys come from the issuer's set alone: what a token's header says of keys other than
`kid` is never looked at.
"""

import time
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, KeySetSerialization

ALGORITHMS = ("ES256", "RS256", "EdDSA")
LEEWAY = 30  # seconds that two clocks may differ
LONGEST = 8_192  # characters of a token
_RELOAD_AFTER = 10.0  # seconds before keys are asked for again because of an unknown `kid`


class TokenError(Exception):
    """A token that is not accepted; the text is for the caller and tells no secret."""


class Claims(NamedTuple):
    """What of a verified token matters here; `expires` is in seconds since 1970."""

    subject: str
    expires: float


def issue(key: ECKey, subject: str, *, issuer: str, audience: str, ttl: int) -> str:
    """Return an access token for an account, valid for `ttl` seconds."""
    now = int(time.time())
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": subject,
        "client_id": "sangkien-cli",
        "iat": now,
        "nbf": now,
        "exp": now + ttl,
        "jti": uuid.uuid4().hex,
    }
    header = {"alg": key.alg or "ES256", "typ": "at+jwt", "kid": key.kid}
    return jwt.encode(header, claims, key)


LoadKeys = Callable[[], Awaitable[Sequence[Mapping[str, Any]]]]


class Verifier:
    """Verifies tokens of one issuer, remembering those verified until they expire."""

    def __init__(
        self, load_keys: LoadKeys, *, issuer: str, audience: str, remembered: int = 10_000
    ) -> None:
        """Take where the issuer's public JWKs come from, and what tokens must say."""
        self._load_keys = load_keys
        self._claims = jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        self._keys = KeySet([])
        self._loaded_at = float("-inf")
        self._verified: OrderedDict[str, Claims] = OrderedDict()
        self._remembered = remembered

    async def verify(self, token: str) -> Claims:
        """Return the claims of a token. Raises TokenError."""
        known = self._verified.get(token)
        if known is None:
            if len(token) > LONGEST:
                raise TokenError("The token is too long.")
            known = await self._verify(token)
            self._verified[token] = known
            if len(self._verified) > self._remembered:
                self._verified.popitem(last=False)
        if known.expires + LEEWAY < time.time():
            self._verified.pop(token, None)
            raise TokenError("The token has expired.")
        return known

    async def _verify(self, token: str) -> Claims:
        try:
            decoded = await self._decode(token)
            if decoded.header.get("typ") not in {"at+jwt", "application/at+jwt"}:
                raise TokenError("The token is not an access token.")
            self._claims.validate(decoded.claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise TokenError("The token is not valid.") from error
        subject, expires = decoded.claims["sub"], decoded.claims["exp"]
        if not isinstance(subject, str) or "\0" in subject:
            raise TokenError("The token is not valid.")
        return Claims(subject, float(expires))

    async def _decode(self, token: str) -> jwt.Token:
        try:
            return jwt.decode(token, self._keys, algorithms=list(ALGORITHMS))
        except (JoseError, ValueError):
            if time.monotonic() - self._loaded_at < _RELOAD_AFTER:
                raise
        loaded = list(await self._load_keys())
        self._loaded_at = time.monotonic()
        serialised: KeySetSerialization = {"keys": [dict(key) for key in loaded]}
        self._keys = KeySet.import_key_set(serialised)
        return jwt.decode(token, self._keys, algorithms=list(ALGORITHMS))
