"""ID tokens: who signed in, when and how, for the client of the request."""

from typing import TYPE_CHECKING, Any

from authlib.oidc.core.grants import OpenIDToken
from authlib.oidc.core.grants.util import validate_request_prompt
from joserfc.jwk import ECKey

from auth.issuer.accounts import Account
from auth.issuer.scopes import PROFILE
from auth.keys import ALGORITHM

if TYPE_CHECKING:
    from auth.issuer.server import Server

_LIFE = 600  # seconds


def user_claims(account: Account, scope: str) -> dict[str, str]:
    """Return the claims about an account that a client's scope covers."""
    claims = {"sub": account.username}
    if PROFILE in scope.split():
        claims["preferred_username"] = account.username
        if account.name is not None:
            claims["name"] = account.name
    return claims


class IdToken(OpenIDToken):
    """Adds an ID token if the scope has `openid`, and validates `prompt`."""

    def __init__(self, server: "Server") -> None:
        self._server = server

    def __call__(self, grant: Any) -> None:
        """Register the hooks of a grant."""
        super().__call__(grant)
        grant.register_hook("after_validate_consent_request", validate_request_prompt)

    def resolve_client_private_key(self, _client: Any) -> ECKey:
        """Return the signing key."""
        return self._server.key

    def get_client_algorithm(self, _client: Any) -> str:
        """Return the signing algorithm."""
        return ALGORITHM

    def get_encode_header(self, _client: Any) -> dict[str, str]:
        """Return the header of the JWT."""
        return {"alg": ALGORITHM, "typ": "JWT", "kid": str(self._server.key.kid)}

    def get_client_claims(self, client: Any) -> dict[str, Any]:
        """Return the claims that depend only on the client and the time."""
        now = int(self._server.now.timestamp())
        return {
            "iss": self._server.terms.issuer,
            "aud": client.client_id,
            "iat": now,
            "exp": now + _LIFE,
        }

    def generate_user_info(self, user: Account, _scope: str) -> dict[str, str]:
        """Return the subject only; other claims are available from the userinfo endpoint."""
        return {"sub": user.username}
