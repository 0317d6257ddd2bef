"""OAuth clients: applications registered with the issuer, in the form that Authlib requires."""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import psycopg
from authlib.oauth2.rfc6749 import ClientMixin

from auth.issuer.scopes import OPENID
from auth.tokens import TOKENS
from auth.uses import NOTED_EVERY
from db.issuing import Issuing
from db.rules import secret

CODE, REFRESH, CREDENTIALS = "authorization_code", "refresh_token", "client_credentials"
CLIENT_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_URI = re.compile(r"[!#-\[\]-~]{1,500}")  # the characters of a URI, without quotes and backslash


@dataclass(frozen=True)
class Client(ClientMixin):
    """An application; a client without a secret is public and authenticates by PKCE only.

    Its tokens are limited to `permissions` (names; None for all), to the subtree of a unit (None
    for all units), and to reading if `read_only`, for every account. A revoked client gets no more
    tokens for its service account until it is registered again.
    """

    client_id: str
    name: str
    secret_hash: bytes | None = field(repr=False)
    redirect_uris: Sequence[str]
    post_logout_redirect_uris: Sequence[str]
    grant_types: Sequence[str]
    scope: str
    account_id: int | None
    trusted: bool
    may_introspect: bool
    permissions: Sequence[str] | None = None
    unit_id: int | None = None
    read_only: bool = False
    revoked_at: datetime | None = None

    @property
    def client_metadata(self) -> dict[str, Any]:
        """The metadata that Authlib's end-session endpoint reads."""
        return {"post_logout_redirect_uris": self.post_logout_redirect_uris}

    def get_client_id(self) -> str:
        """Return the client id."""
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """Return None: every request must name its redirect URI."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Return the allowed part of a requested scope: all of it, or None.

        Without a requested scope, return the registered one except `openid` and TOKENS.
        """
        if not scope:
            return " ".join(part for part in self.scope.split() if part not in {OPENID, TOKENS})
        asked = list(dict.fromkeys(scope.split()))
        return " ".join(asked) if set(asked) <= set(self.scope.split()) else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Return whether a redirect URI is registered; the comparison is exact."""
        return redirect_uri in self.redirect_uris

    def is_sure(self, redirect_uri: str) -> bool:
        """Return whether only this client can receive a response at a redirect URI.

        Any program on a device can open a loopback port or register an app's scheme (RFC 8252,
        8.6).
        """
        return self.secret_hash is not None or urlsplit(redirect_uri).scheme == "https"

    def check_client_secret(self, client_secret: str) -> bool:
        """Return whether a secret is the client's, in constant time."""
        return self.secret_hash is not None and hmac.compare_digest(
            self.secret_hash, secret.hashed(client_secret)
        )

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """Return whether the client may use an authentication method: its secret if it has one."""
        return (method == "none") == (self.secret_hash is None)

    def check_response_type(self, response_type: str) -> bool:
        """Return whether the client may request a response type; only `code` exists."""
        return response_type == "code" and CODE in self.grant_types

    def check_grant_type(self, grant_type: str) -> bool:
        """Return whether the client may use a grant type."""
        revoked = grant_type == CREDENTIALS and self.revoked_at is not None
        return grant_type in self.grant_types and not revoked


_COLUMNS = (
    "client_id, name, secret_hash, redirect_uris, post_logout_redirect_uris, grant_types, scope,"
    " account_id, trusted, may_introspect, permissions, unit_id, read_only, revoked_at"
)
_USED = """
    update oauth_client set last_used_at = %(now)s where client_id = (
        select client_id from oauth_client
        where client_id = %(client_id)s
            and (last_used_at is null or last_used_at <= %(now)s - %(every)s)
        for no key update skip locked)
"""


def find(connection: Issuing, client_id: str) -> Client | None:
    """Return the client with this id; None where it is unknown or removed."""
    if CLIENT_ID.fullmatch(client_id) is None:
        return None
    row = connection.execute(
        f"select {_COLUMNS} from oauth_client where client_id = %s and removed_at is null",  # noqa: S608 - a constant
        (client_id,),
    ).fetchone()
    return None if row is None else Client(**row)


def register(connection: psycopg.Connection[Any], client: Client) -> None:
    """Insert a client, or update the one with its id. Requires a connection of the owner."""
    connection.execute(
        f"insert into oauth_client ({_COLUMNS})"  # noqa: S608 - a constant
        " values (%(client_id)s, %(name)s, %(secret_hash)s, %(redirect_uris)s,"
        " %(post_logout_redirect_uris)s, %(grant_types)s, %(scope)s, %(account_id)s, %(trusted)s,"
        " %(may_introspect)s, %(permissions)s, %(unit_id)s, %(read_only)s, %(revoked_at)s)"
        " on conflict (client_id) do update set"
        " (name, secret_hash, redirect_uris, post_logout_redirect_uris, grant_types, scope,"
        " account_id, trusted, may_introspect, permissions, unit_id, read_only, revoked_at,"
        " removed_at)"
        " = (excluded.name, excluded.secret_hash, excluded.redirect_uris,"
        " excluded.post_logout_redirect_uris, excluded.grant_types, excluded.scope,"
        " excluded.account_id, excluded.trusted, excluded.may_introspect, excluded.permissions,"
        " excluded.unit_id, excluded.read_only, excluded.revoked_at, null)",
        {
            **vars(client),
            "redirect_uris": list(client.redirect_uris),
            "post_logout_redirect_uris": list(client.post_logout_redirect_uris),
            "permissions": None if client.permissions is None else list(client.permissions),
        },
    )


def note_use(connection: Issuing, client_id: str, now: datetime) -> None:
    """Record that a client got a token for its service account, at most once per NOTED_EVERY.

    It never waits for a lock: a transaction that has the row locked records a use, too, or removes
    the client.
    """
    connection.execute(_USED, {"client_id": client_id, "now": now, "every": NOTED_EVERY})


def remove(connection: psycopg.Connection[Any], client_id: str) -> bool:
    """Remove a client and revoke its tokens; return whether it existed.

    Requires a connection of the owner.
    """
    removed = connection.execute(
        "update oauth_client set removed_at = now() where client_id = %s and removed_at is null"
        " returning client_id",
        (client_id,),
    ).fetchone()
    connection.execute(
        "update token_family set revoked_at = now() where client_id = %s and revoked_at is null",
        (client_id,),
    )
    return removed is not None


def is_redirect_uri(uri: str) -> bool:
    """Return whether a URI may be registered: https, http on this machine, or an app's own scheme.

    Rejected are schemes that run in a page (javascript:), fragments, and user names, which can hide
    the real host.
    """
    if _URI.fullmatch(uri) is None or "#" in uri:
        return False
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if "@" in parts.netloc or "*" in parts.netloc:
        return False
    if parts.scheme == "https":
        return bool(host)
    if parts.scheme == "http":
        return host in _LOOPBACK
    return "." in parts.scheme  # RFC 8252: a reversed domain name, such as vn.example.app:/back


def origin_of(uri: str) -> str:
    """Return the source of a redirect URI in a content security policy: origin or app scheme."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
