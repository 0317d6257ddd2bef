"""Authlib's grants, with the storage of codes and tokens."""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from authlib.oauth2.rfc6749 import (
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    UnauthorizedClientError,
    grants,
)
from authlib.oauth2.rfc7636 import CodeChallenge

from auth import tokens
from auth.issuer import accounts, clients, codes, families, trail
from auth.issuer.accounts import Account
from auth.issuer.codes import Asked, Code
from auth.issuer.families import LIFE, Family
from auth.issuer.words import Words
from db.models.enums import AccountKind

if TYPE_CHECKING:
    from auth.issuer.server import AuthorizationRequest, Server

ACCESS_LIFE = 600  # seconds
_WITH_SECRET = ["client_secret_basic", "client_secret_post"]


class _Grant:
    """Shared by all grants: creation of tokens and validation of their account."""

    server: "Server"
    request: "AuthorizationRequest"

    def token_of(
        self, family: Family, account: Account, *, scope: str, refresh: bool
    ) -> dict[str, Any]:
        """Return the token response."""
        issued = self.server
        answer: dict[str, Any] = {
            "token_type": "Bearer",
            "access_token": tokens.issue(
                issued.key,
                account.username,
                issuer=issued.terms.issuer,
                audience=issued.terms.audience,
                ttl=ACCESS_LIFE,
                scope=scope,
                client_id=family.client_id,
                family=str(family.id),
                amr=family.amr,
                now=issued.now.timestamp(),
            ),
            "expires_in": ACCESS_LIFE,
            "scope": scope,
        }
        if refresh:
            answer["refresh_token"] = families.add_refresh_token(
                issued.connection, family, issued.now
            )
        return answer

    def account_of(self, account_id: int, given: Any) -> Account:
        """Return the account that tokens are issued for.

        Raises InvalidGrantError where it is disabled or a second factor is missing.
        """
        server = self.server
        account = accounts.by_id(server.connection, account_id, server.now)
        required = server.terms.second_factor_required
        if account.disabled or account.owes_second_factor(given, required=required):
            raise InvalidGrantError(Words.SIGN_IN_AGAIN)
        return account


class CodeGrant(_Grant, grants.AuthorizationCodeGrant):
    """The authorization code grant with PKCE: a person signs in, and the client gets a code."""

    TOKEN_ENDPOINT_AUTH_METHODS = [*_WITH_SECRET, "none"]  # noqa: RUF012 - Authlib's attribute

    def save_authorization_code(self, code: str, request: "AuthorizationRequest") -> None:
        """Store a code with the data it is bound to."""
        data = request.payload.data
        asked = Asked(
            request.client.client_id,
            data["redirect_uri"],
            request.scope,
            data.get("nonce"),
            data["code_challenge"],
        )
        assert request.user is not None
        codes.save(self.server.connection, code, asked, request.user, self.server.now)

    def query_authorization_code(self, code: str, client: Any) -> Code | None:
        """Return a valid code of this client; None otherwise."""
        return codes.find(self.server.connection, code, client.client_id, self.server.now)

    def authenticate_user(self, code: Code) -> Account:
        """Return the account that granted the authorization. Raises InvalidGrantError."""
        return self.account_of(code.account_id, code.amr)

    def generate_token(
        self, user: Account, scope: str, *, include_refresh_token: bool
    ) -> dict[str, Any]:
        """Start a token family and return its first tokens."""
        code: Code = self.request.authorization_code
        family = Family(
            id=uuid.uuid4(),
            client_id=code.client_id,
            account_id=code.account_id,
            session_id=code.session_id,
            scope=scope,
            auth_time=code.auth_time,
            amr=code.amr,
            expires_at=self.server.now + LIFE,
        )
        families.start(self.server.connection, family, self.server.now)
        families.end_oldest(self.server.connection, family, self.server.now)
        codes.use(self.server.connection, code, family.id)
        facts = {"client_id": family.client_id, "scope": scope}
        trail.record(self.server.connection, self.server.now, "authorize", user.id, **facts)
        return self.token_of(family, user, scope=scope, refresh=include_refresh_token)

    def delete_authorization_code(self, code: Code) -> None:
        """Keep the code, marked as used when its family started, so that reuse is detected."""


class RefreshGrant(_Grant, grants.RefreshTokenGrant):
    """The refresh token grant: the client gets new tokens, and the refresh token is used up."""

    TOKEN_ENDPOINT_AUTH_METHODS = [*_WITH_SECRET, "none"]  # noqa: RUF012 - Authlib's attribute
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Family | None:
        """Return the family of a valid refresh token; None otherwise."""
        return families.of_refresh_token(self.server.connection, refresh_token, self.server.now)

    def authenticate_user(self, family: Family) -> Account:
        """Return the account that granted the authorization. Raises InvalidGrantError."""
        return self.account_of(family.account_id, family.amr)

    def generate_token(
        self, user: Account, scope: str, *, include_refresh_token: bool
    ) -> dict[str, Any]:
        """Return the family's next tokens."""
        family: Family = self.request.refresh_token
        return self.token_of(family, user, scope=scope, refresh=include_refresh_token)

    def revoke_old_credential(self, _family: Family) -> None:
        """Record the use of the refresh token."""
        used = self.request.form["refresh_token"]
        families.use_refresh_token(self.server.connection, used, self.server.now)


class CredentialsGrant(_Grant, grants.ClientCredentialsGrant):
    """The client credentials grant: a token for the client's service account."""

    TOKEN_ENDPOINT_AUTH_METHODS = _WITH_SECRET

    def generate_token(self, scope: str | None, **_: Any) -> dict[str, Any]:
        """Return a token for the client's service account.

        Raises InvalidScopeError, UnauthorizedClientError.
        """
        client = self.request.client
        allowed = client.get_allowed_scope(scope)
        if not allowed:
            raise InvalidScopeError
        server = self.server
        account = accounts.by_id(server.connection, client.account_id, server.now)
        if account.disabled or account.kind != AccountKind.SERVICE:
            raise UnauthorizedClientError(Words.NO_SERVICE_ACCOUNT)
        family = Family(
            id=uuid.uuid4(),
            client_id=client.client_id,
            account_id=account.id,
            session_id=None,
            scope=allowed,
            auth_time=None,
            amr=[],
            expires_at=_after(server.now, ACCESS_LIFE),
        )
        families.start(server.connection, family, server.now)
        facts = {"client_id": family.client_id, "scope": allowed}
        trail.record(server.connection, server.now, "authorize", account.id, **facts)
        clients.note_use(server.connection, client.client_id, server.now)
        return self.token_of(family, account, scope=allowed, refresh=False)


class Pkce(CodeChallenge):
    """PKCE, required of every client and only with S256."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012 - Authlib's attribute

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        """Validate the code challenge. Raises InvalidRequestError if it is missing or not S256."""
        data = grant.request.payload.data
        if not data.get("code_challenge"):
            raise InvalidRequestError(Words.NO_CHALLENGE)
        if data.get("code_challenge_method") != "S256":
            raise InvalidRequestError(Words.OTHER_CHALLENGE)
        super().validate_code_challenge(grant, redirect_uri)


def _after(now: datetime, seconds: int) -> datetime:
    return datetime.fromtimestamp(now.timestamp() + seconds, now.tzinfo)
