"""Access tokens: JWTs of RFC 9068, issued and verified.

Only asymmetric algorithms are accepted, the type must be `at+jwt`, and `iss`, `aud`, `exp`, `sub`
are required. Keys come from the issuer's key set only: of a token's header, no key data other than
`kid` is read.
"""

import time
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, KeySetSerialization

ALGORITHMS = ("ES256", "RS256", "EdDSA")
_ALGORITHM_OF = {"EC": "ES256", "RSA": "RS256", "OKP": "EdDSA"}  # by key type
READ, WRITE = "sangkien.read", "sangkien.write"
TOKENS = "sangkien.tokens"
"""The scope with which an application may create personal access tokens for an account."""
OTP = "otp"
"""The second factor's name in `amr` (RFC 8176); a password's is `pwd`."""
ACCESS_TOKEN: frozenset[str | None] = frozenset({"at+jwt", "application/at+jwt"})
LEEWAY = 30  # seconds by which two clocks may differ
LONGEST = 8_192  # characters of a token
_RELOAD_AFTER = 10.0  # seconds before an unknown `kid` causes keys to be fetched again
_KEYS_HOLD = 300.0  # seconds before keys are fetched again in any case
_REVOKED_HOLD = 5.0  # seconds that a revoked token may still be accepted
_BROKEN = (JoseError, ValueError, TypeError, KeyError, OverflowError, RecursionError)

Clock = Callable[[], float]
"""Seconds since 1970; tests replace `time.time`."""


class TokenError(Exception):
    """The token is rejected; the text is for the caller and contains no secret."""


class OneFactorError(TokenError):
    """The credentials are valid, but a role of their account needs a second factor."""


class Claims(NamedTuple):
    """The claims of a verified token that are used here; `expires` is in seconds since 1970.

    `family` identifies the authorization of the built-in issuer whose tokens are revoked together.
    `amr` lists the sign-in methods; None where the token has none.
    """

    subject: str
    expires: float
    scope: frozenset[str] = frozenset()
    client_id: str | None = None
    family: str | None = None
    amr: frozenset[str] | None = None

    @property
    def one_factor(self) -> bool:
        """Whether the token shows no second factor.

        A token without a family is the operator's (`sangkien token`), which is trusted.
        """
        return OTP not in self.amr if self.amr is not None else self.family is not None


def issue(
    key: ECKey,
    subject: str,
    *,
    issuer: str,
    audience: str,
    ttl: int,
    scope: str = f"{READ} {WRITE}",
    client_id: str = "sangkien-cli",
    family: str | None = None,
    amr: Collection[str] | None = None,
    now: float | None = None,
) -> str:
    """Return an access token for an account, valid for `ttl` seconds."""
    issued = int(time.time() if now is None else now)
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": subject,
        "client_id": client_id,
        "scope": scope,
        "iat": issued,
        "nbf": issued,
        "exp": issued + ttl,
        "jti": uuid.uuid4().hex,
    }
    if family is not None:
        claims["family"] = family
    if amr is not None:
        claims["amr"] = list(amr)
    header = {"alg": key.alg or "ES256", "typ": "at+jwt", "kid": key.kid}
    return jwt.encode(header, claims, key)


LoadKeys = Callable[[], Awaitable[Sequence[Mapping[str, Any]]]]
LoadRevoked = Callable[[], Awaitable[Collection[str]]]


async def _none_revoked() -> Collection[str]:
    return ()


class Verifier:
    """Verifies the tokens of one issuer, and caches verified tokens until they expire."""

    def __init__(
        self,
        load_keys: LoadKeys,
        *,
        issuer: str,
        audience: Sequence[str],
        aliases: Sequence[str] = (),
        types: Collection[str | None] = ACCESS_TOKEN,
        load_revoked: LoadRevoked = _none_revoked,
        clock: Clock = time.time,
        remembered: int = 10_000,
    ) -> None:
        """Set the source of the issuer's public JWKs and the required claims.

        A token must have one of `audience`; `aliases` are other names of the issuer; `types` are
        the accepted values of `typ`; `load_revoked` returns the families of revoked tokens.
        """
        self._load_keys = load_keys
        self._load_revoked = load_revoked
        self._clock = clock
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(clock()),
            leeway=LEEWAY,
            iss={"essential": True, "values": [issuer, *aliases]},
            aud={"essential": True, "values": list(audience)},
            exp={"essential": True},
            sub={"essential": True},
        )
        self._types = types
        self._keys = KeySet([])
        # The algorithms of the issuer's keys: a token cannot use any other.
        self._algorithms = list(ALGORITHMS)
        self._keys_loaded_at = float("-inf")
        self._revoked: Collection[str] = ()
        self._revoked_loaded_at = float("-inf")
        self._verified: OrderedDict[str, Claims] = OrderedDict()
        self._remembered = remembered

    async def verify(self, token: str) -> Claims:
        """Return the claims of a token. Raises TokenError."""
        if self._clock() - self._keys_loaded_at > _KEYS_HOLD:
            await self._reload_keys()
        known = self._verified.get(token)
        if known is None:
            if len(token) > LONGEST:
                raise TokenError("The token is too long.")
            known = await self._verify(token)
            self._verified[token] = known
            if len(self._verified) > self._remembered:
                self._verified.popitem(last=False)
        if known.expires + LEEWAY < self._clock():
            self._verified.pop(token, None)
            raise TokenError("The token has expired.")
        if known.family is not None and known.family in await self._revoked_families():
            raise TokenError("The token was revoked.")
        return known

    async def _verify(self, token: str) -> Claims:
        try:
            decoded = await self._decode(token)
            if decoded.header.get("typ") not in self._types:
                raise TokenError("The token is not an access token.")
            if "crit" in decoded.header:
                raise TokenError("The token needs an extension that is not known.")
            self._claims.validate(decoded.claims)
            return _claims(decoded.claims)
        except _BROKEN as error:
            raise TokenError("The token is not valid.") from error

    async def _decode(self, token: str) -> jwt.Token:
        try:
            return jwt.decode(token, self._keys, algorithms=self._algorithms)
        except (JoseError, ValueError):
            if self._clock() - self._keys_loaded_at < _RELOAD_AFTER:
                raise
        await self._reload_keys()
        return jwt.decode(token, self._keys, algorithms=self._algorithms)

    async def _reload_keys(self) -> None:
        loaded = list(await self._load_keys())
        before = {key.thumbprint() for key in self._keys.keys}
        serialised: KeySetSerialization = {"keys": [dict(key) for key in loaded]}
        self._keys = KeySet.import_key_set(serialised) if loaded else KeySet([])
        kinds = {key.key_type for key in self._keys.keys}
        known = [name for kind, name in _ALGORITHM_OF.items() if kind in kinds]
        self._algorithms = known or list(ALGORITHMS)
        self._keys_loaded_at = self._clock()
        if before - {key.thumbprint() for key in self._keys.keys}:
            self._verified.clear()  # a cached token may have been signed with a removed key

    async def _revoked_families(self) -> Collection[str]:
        if self._clock() - self._revoked_loaded_at > _REVOKED_HOLD:
            self._revoked = await self._load_revoked()
            self._revoked_loaded_at = self._clock()
        return self._revoked


def _claims(claims: Mapping[str, Any]) -> Claims:
    subject, scope = claims["sub"], claims.get("scope", "")
    client_id, family = claims.get("client_id"), claims.get("family")
    texts = [text for text in (subject, scope, client_id, family) if text is not None]
    if not all(isinstance(text, str) and "\0" not in text for text in texts):
        raise ValueError("claims that should be texts are not")
    methods = claims.get("amr")
    amr = frozenset(filter(_is_text, methods)) if isinstance(methods, list) else None
    expires, scopes = float(claims["exp"]), frozenset(scope.split())
    return Claims(subject, expires, scopes, client_id, family, amr)


def _is_text(value: object) -> bool:
    return isinstance(value, str)
