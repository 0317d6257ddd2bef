"""An external provider's own description: its endpoints and its keys."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry

from auth.external.fetching import fetch_object
from auth.external.remembered import NotFetchedError, Remembered
from auth.external.trust import LOCAL, Trust
from auth.tokens import Clock
from db.unavailable import UnavailableError

_DISCOVERY_FRESH = 3600.0  # seconds
_MOST_KEYS = 50
_SMALLEST_RSA = 2048  # bits
_PUBLIC = {
    "EC": ("kty", "crv", "x", "y"),
    "RSA": ("kty", "n", "e"),
    "OKP": ("kty", "crv", "x"),
}
_CURVES = {"P-256", "Ed25519", None}

Fetch = Callable[[str], Awaitable[dict[str, Any]]]


class IssuerUnavailableError(UnavailableError):
    """The keys or endpoints of an external provider are unknown because it cannot be reached."""

    def __init__(self, issuer: str) -> None:
        super().__init__(f"{issuer} cannot be reached")
        self.issuer = issuer


@dataclass(frozen=True)
class Metadata:
    """The fields used of a discovery document (OpenID Connect Discovery 1.0)."""

    jwks_uri: str
    authorization_endpoint: str | None
    token_endpoint: str | None
    userinfo_endpoint: str | None
    names_itself: bool
    """Whether its authorization responses carry the parameter `iss` (RFC 9207)."""
    secret_by_post: bool
    """Whether it accepts a client's secret in the form only (`client_secret_post`)."""


class Provider:
    """An external provider whose discovery document and keys are cached."""

    def __init__(self, trust: Trust, clock: Clock = time.time, fetch: Fetch = fetch_object) -> None:
        self.trust = trust
        self._fetch = fetch
        self._metadata = Remembered(
            f"the description of {trust.issuer}", self._discover, clock, _DISCOVERY_FRESH
        )
        self._keys = Remembered(f"the keys of {trust.issuer}", self._published, clock)

    async def metadata(self) -> Metadata:
        """Return the provider's endpoints. Raises IssuerUnavailableError."""
        try:
            return await self._metadata.get(anew=False)
        except NotFetchedError as error:
            raise IssuerUnavailableError(self.trust.issuer) from error

    async def keys(self) -> Sequence[Mapping[str, Any]]:
        """Return the provider's public keys, fetched again unless that was tried a short time ago.

        Raises IssuerUnavailableError.
        """
        try:
            return await self._keys.get(anew=True)
        except NotFetchedError as error:
            raise IssuerUnavailableError(self.trust.issuer) from error

    async def _discover(self) -> Metadata:
        issuer = self.trust.issuer
        found = await self._fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            raise NotFetchedError("the document there is of another issuer")
        methods = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        jwks_uri = self._endpoint(found, "jwks_uri")
        if jwks_uri is None:
            raise NotFetchedError("it names no jwks_uri")
        return Metadata(
            jwks_uri,
            self._endpoint(found, "authorization_endpoint"),
            self._endpoint(found, "token_endpoint"),
            self._endpoint(found, "userinfo_endpoint"),
            found.get("authorization_response_iss_parameter_supported") is True,
            "client_secret_basic" not in methods and "client_secret_post" in methods,
        )

    def _endpoint(self, found: Mapping[str, Any], name: str) -> str | None:
        """Return a URL of the document; it must use https unless the provider is local.

        Raises NotFetchedError.
        """
        url = found.get(name)
        if url is None:
            return None
        if not isinstance(url, str) or not url.isascii() or not url.isprintable():
            raise NotFetchedError(f"its {name} is no address")
        try:
            scheme, host = urlsplit(url).scheme, urlsplit(url).hostname
        except ValueError as error:
            raise NotFetchedError(f"its {name} is no address") from error
        local = self.trust.is_local and scheme == "http" and host in LOCAL
        if not host or not (scheme == "https" or local):
            raise NotFetchedError(f"its {name} is not on https")
        return url

    async def _published(self) -> Sequence[Mapping[str, Any]]:
        found = (await self._fetch((await self._metadata.get()).jwks_uri)).get("keys")
        if not isinstance(found, list) or len(found) > _MOST_KEYS:
            raise NotFetchedError("it has no keys, or too many")
        return [key for key in map(_public, found) if key is not None]


def _public(jwk: Any) -> Mapping[str, Any] | None:
    """Return the public part of a signing key; None for a key that is unusable or too weak."""
    if not isinstance(jwk, dict) or jwk.get("use", "sig") != "sig":
        return None
    fields = _PUBLIC.get(str(jwk.get("kty")))
    if fields is None or jwk.get("crv") not in _CURVES:
        return None
    kid = jwk.get("kid")
    given = {name: jwk.get(name) for name in fields} | ({"kid": kid} if kid is not None else {})
    kept = {name: value for name, value in given.items() if isinstance(value, str)}
    if kept != given:
        return None
    try:
        public = JWKRegistry.import_key(dict(kept)).public_key
    except (JoseError, ValueError, TypeError):
        return None
    is_weak = isinstance(public, RSAPublicKey) and public.key_size < _SMALLEST_RSA
    return None if is_weak else kept
