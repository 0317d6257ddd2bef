"""Applications registered with the issuer, as Authlib asks them and the command line lists them."""

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
_URI = re.compile(r"[!#-\[\]-~]{1,500}")  # what may stand in a URI, without quotes and backslash


@dataclass(frozen=True)
class Client(ClientMixin):
    """An application; without a secret it is public, and proves itself by PKCE alone.

    Its tokens hold no more than `permissions` (by name; None for all), below a unit (None for
    anywhere), and only to read if so, whoever they act for. Once revoked it gets none any more for
    its service account, until it is registered anew.
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
        """What Authlib's end-session endpoint reads."""
        return {"post_logout_redirect_uris": self.post_logout_redirect_uris}

    def get_client_id(self) -> str:
        """Return the name it goes by in requests."""
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """Return none: every request has to name its redirect URI."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Return the scope asked for; None where part of it is not for this client."""
        if not scope:
            return " ".join(part for part in self.scope.split() if part not in {OPENID, TOKENS})
        asked = list(dict.fromkeys(scope.split()))
        return " ".join(asked) if set(asked) <= set(self.scope.split()) else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Whether a redirect URI is registered, to the letter."""
        return redirect_uri in self.redirect_uris

    def is_sure(self, redirect_uri: str) -> bool:
        """Whether only this client can be behind a redirect URI.

        Any program of a machine may take up a port of it or an app's scheme (RFC 8252, 8.6).
        """
        return self.secret_hash is not None or urlsplit(redirect_uri).scheme == "https"

    def check_client_secret(self, client_secret: str) -> bool:
        """Whether this is the client's secret."""
        return self.secret_hash is not None and hmac.compare_digest(
            self.secret_hash, secret.hashed(client_secret)
        )

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """Whether the client may prove itself like this: with its secret wherever it has one."""
        return (method == "none") == (self.secret_hash is None)

    def check_response_type(self, response_type: str) -> bool:
        """Whether the client may be redirected to with this."""
        return response_type == "code" and CODE in self.grant_types

    def check_grant_type(self, grant_type: str) -> bool:
        """Whether the client may get tokens like this."""
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
    """Return the client of this name."""
    if CLIENT_ID.fullmatch(client_id) is None:
        return None
    row = connection.execute(
        f"select {_COLUMNS} from oauth_client where client_id = %s and removed_at is null",  # noqa: S608 - a constant
        (client_id,),
    ).fetchone()
    return None if row is None else Client(**row)


def register(connection: psycopg.Connection[Any], client: Client) -> None:
    """Register a client, or change the one of this name. Takes a connection of the owner."""
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
    """Write down that a client gets tokens as its service account; seldom, as of other uses.

    Nobody waits for it: whoever holds the row notes the same, or ends it.
    """
    connection.execute(_USED, {"client_id": client_id, "now": now, "every": NOTED_EVERY})


def remove(connection: psycopg.Connection[Any], client_id: str) -> bool:
    """End a client and all its tokens; whether there was one. Takes a connection of the owner."""
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
    """Whether a client may be redirected to here: https, this machine, or an app's own scheme.

    Nothing that runs in a page (javascript:), no fragment, no user name that hides the host.
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
    """Return what a page's policy calls a redirect URI: its origin, or an app's scheme."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
