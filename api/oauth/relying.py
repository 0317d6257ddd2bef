"""Sign-in through an external provider with Authlib: authorization request and callback."""

from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import StarletteIntegration, StarletteOAuth2App
from httpx2 import HTTPError, InvalidURL
from joserfc.errors import JoseError
from starlette.requests import Request

from auth.external.fetching import SECONDS, BoundedTransport
from auth.external.provider import IssuerUnavailableError, Metadata, Provider
from auth.external.sign_in import Somebody
from auth.external.trust import Link
from auth.tokens import ALGORITHMS, LEEWAY

_NAME = "external"
_WRONG = (AuthlibBaseError, JoseError, ValueError, TypeError, KeyError, RuntimeError)


class NotSignedInError(Exception):
    """The callback proves no sign-in; the text is for the server's log."""


async def set_out(
    request: Request, provider: Provider, back: str, **wishes: str
) -> tuple[str, dict[str, Any]]:
    """Return the URL of the authorization request, and the data to store until the callback.

    `back` is the URL of the callback. Raises IssuerUnavailableError.
    """
    client = _client(provider, await provider.metadata(), {"keys": []})
    kept: dict[str, Any] = {}
    request.scope["session"] = kept
    answer = await client.authorize_redirect(request, back, **wishes)
    for entry in kept.values():
        entry["data"].pop("url", None)  # repeats the other data
    return answer.headers["location"], kept


async def come_back(request: Request, provider: Provider, kept: dict[str, Any]) -> Somebody:
    """Return the subject that signed in at the provider.

    Raises NotSignedInError, IssuerUnavailableError.
    """
    metadata = await provider.metadata()
    said = request.query_params.get("iss")
    if said != provider.trust.issuer and (metadata.names_itself or said is not None):
        raise NotSignedInError("it comes from another issuer, or does not say from which")
    client = _client(provider, metadata, {"keys": [dict(key) for key in await provider.keys()]})
    request.scope["session"] = kept
    try:
        token = await client.authorize_access_token(
            request,
            leeway=LEEWAY,
            claims_options={
                "iss": {"essential": True, "value": provider.trust.issuer},
                "aud": {"essential": True, "value": provider.trust.client_id},
                "sub": {"essential": True},
            },
        )
        claims = token["userinfo"]
        if provider.trust.link is Link.EMAIL and "email" not in claims:
            claims = {**await _asked(client, token, claims["sub"]), **claims}
        return _somebody(claims)
    except (HTTPError, InvalidURL, TimeoutError) as error:
        raise IssuerUnavailableError(provider.trust.issuer) from error
    except _WRONG as error:
        raise NotSignedInError("what came back is not good") from error


def _client(provider: Provider, metadata: Metadata, jwks: dict[str, Any]) -> Any:
    """Return Authlib's client of a provider.

    It gets selected fields of the discovery document instead of the document, from which it would
    also read settings of its transport.
    """
    trust = provider.trust
    scope = "openid email" if trust.link is Link.EMAIL else "openid"
    secret_way = "client_secret_post" if metadata.secret_by_post else "client_secret_basic"
    if not (metadata.authorization_endpoint and metadata.token_endpoint):
        raise IssuerUnavailableError(trust.issuer)
    return StarletteOAuth2App(
        StarletteIntegration(_NAME),
        name=_NAME,
        client_id=trust.client_id,
        client_secret=trust.client_secret,
        client_kwargs={
            "scope": scope,
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": secret_way if trust.client_secret else "none",
            "transport": BoundedTransport(),
            "timeout": SECONDS,
        },
        issuer=trust.issuer,
        authorization_endpoint=metadata.authorization_endpoint,
        token_endpoint=metadata.token_endpoint,
        userinfo_endpoint=metadata.userinfo_endpoint,
        id_token_signing_alg_values_supported=list(ALGORITHMS),
        jwks=jwks,
    )


async def _asked(client: Any, token: Any, subject: str) -> dict[str, Any]:
    """Return the provider's userinfo claims about a subject; empty without that endpoint.

    Raises NotSignedInError.
    """
    if client.server_metadata["userinfo_endpoint"] is None:
        return {}
    told: dict[str, Any] = await client.userinfo(token=token)
    if told.get("sub") != subject:
        raise NotSignedInError("it tells of somebody else")
    return told


def _somebody(claims: Any) -> Somebody:
    subject, email, amr = claims["sub"], claims.get("email"), claims.get("amr")
    if not isinstance(subject, str) or not subject or "\0" in subject:
        raise NotSignedInError("its subject is no text")
    verified = claims.get("email_verified") is True and isinstance(email, str)
    methods = filter(lambda value: isinstance(value, str), amr if isinstance(amr, list) else [])
    return Somebody(subject, email if verified else None, frozenset(methods))
