"""Authlib's endpoints for revocation, introspection and logout, with their token look-ups."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oidc.rpinitiated import EndSessionEndpoint, EndSessionRequest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from auth.issuer import accounts, families, sessions, trail
from auth.issuer.clients import Client
from auth.issuer.families import Family
from auth.issuer.words import Words
from auth.keys import ALGORITHM

if TYPE_CHECKING:
    from auth.issuer.server import AuthorizationRequest, Server

_METHODS = ["client_secret_basic", "client_secret_post", "none"]


@dataclass(frozen=True)
class Issued:
    """A valid token, in the form that these endpoints require."""

    family: Family
    scope: str
    expires: int
    kind: str

    def check_client(self, client: Client) -> bool:
        """Return whether the token was issued to this client."""
        return self.family.check_client(client)

    def is_expired(self) -> bool:
        """Return False: only valid tokens are looked up."""
        return False

    is_revoked = is_expired


def issued(server: "Server", token: str) -> Issued | None:
    """Return an access or refresh token; None where it is not valid."""
    claims = _access_claims(server, token)
    if claims is not None:
        family = families.find(server.connection, claims["family"], server.now)
        if family is None:
            return None
        return Issued(family, claims["scope"], claims["exp"], "access_token")
    found = families.holding_refresh_token(server.connection, token, server.now)
    if found is None:
        return None
    family, expires_at = found
    return Issued(family, family.scope, int(expires_at.timestamp()), "refresh_token")


def _access_claims(server: "Server", token: str) -> dict[str, Any] | None:
    try:
        decoded = jwt.decode(token, server.published, algorithms=[ALGORITHM])
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        return None
    claims = decoded.claims
    holds = (
        decoded.header.get("typ") == "at+jwt"
        and claims["iss"] == server.terms.issuer
        and claims["exp"] > server.now.timestamp()
        and "family" in claims
    )
    return claims if holds else None


class Revocation(RevocationEndpoint):
    """Token revocation (RFC 7009): revoking any token revokes its whole family."""

    CLIENT_AUTH_METHODS = _METHODS
    server: "Server"

    def query_token(self, token: str, _hint: str | None) -> Issued | None:
        """Return the token; None where it is not valid."""
        return issued(self.server, token)

    def revoke_token(self, token: Issued, _request: Any) -> None:
        """Revoke the token's family."""
        connection, now = self.server.connection, self.server.now
        ended = families.revoke(connection, token.family.id, now)
        if ended is not None:
            facts = {"client_id": ended["client_id"]}
            trail.record(connection, now, "revoke", ended["account_id"], **facts)


class Introspection(IntrospectionEndpoint):
    """Token introspection (RFC 7662) for clients with a secret.

    A client may introspect its own tokens, or every token with `may_introspect`.
    """

    CLIENT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]  # noqa: RUF012 - Authlib's attribute
    server: "Server"

    def query_token(self, token: str, _hint: str | None) -> Issued | None:
        """Return the token; None where it is not valid."""
        return issued(self.server, token)

    def check_permission(self, token: Issued, client: Client, _request: Any) -> bool:
        """Return whether a client may introspect a token."""
        return client.may_introspect or token.check_client(client)

    def introspect_token(self, token: Issued) -> dict[str, Any]:
        """Return the introspection response for a valid token."""
        server = self.server
        account = accounts.by_id(server.connection, token.family.account_id, server.now)
        return {
            "active": not account.disabled,
            "client_id": token.family.client_id,
            "token_type": token.kind,
            "username": account.username,
            "sub": account.username,
            "scope": token.scope,
            "aud": server.terms.audience,
            "iss": server.terms.issuer,
            "exp": token.expires,
        }


class EndSession(EndSessionEndpoint):
    """RP-initiated logout; the session to end is the `user` of the request."""

    server: "Server"

    def get_server_jwks(self) -> KeySet:
        """Return the keys that verify ID tokens."""
        return self.server.published

    def get_algorithms(self) -> list[str]:
        """Return the signing algorithms of ID tokens."""
        return [ALGORITHM]

    def validate_request(self, request: "AuthorizationRequest") -> EndSessionRequest:
        """Return the validated request. Raises InvalidRequestError."""
        try:
            asked = super().validate_request(request)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise InvalidRequestError(Words.NO_HINT) from error
        claims = asked.id_token_claims
        # Access tokens have the same signature, but are not valid as an id_token_hint.
        if claims and (claims.get("iss") != self.server.terms.issuer or "client_id" in claims):
            raise InvalidRequestError(Words.FOREIGN_HINT)
        return asked

    def end_session(self, asked: EndSessionRequest) -> None:
        """End the session and revoke the tokens that were issued in it."""
        session = asked.request.user
        if session is not None:
            ended = sessions.end(self.server.connection, session, self.server.now)
            facts = {"authorizations": ended}
            trail.record(
                self.server.connection, self.server.now, "signOut", session.account.id, **facts
            )
