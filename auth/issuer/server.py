"""Authlib's authorization server, bound to one database transaction."""

import base64
import binascii
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc9207 import IssuerParameter
from joserfc.jwk import ECKey, KeySet

from auth import keys
from auth.issuer import clients, endpoints
from auth.issuer.clients import Client
from auth.issuer.grants import CodeGrant, CredentialsGrant, Pkce, RefreshGrant
from auth.issuer.id_tokens import IdToken
from auth.issuer.scopes import SCOPES
from auth.issuer.sessions import Session
from auth.issuer.words import said
from db.issuing import Issuing

# At level DEBUG, Authlib logs the tokens that it issues.
logging.getLogger("authlib").setLevel(logging.WARNING)


class NoKeyError(Exception):
    """There is no signing key; `sangkien migrate` creates one."""


@dataclass(frozen=True)
class Terms:
    """The settings of the issuer."""

    issuer: str
    audience: str
    second_factor_required: bool
    demo: bool


@dataclass
class Answer:
    """A response of Authlib, before its conversion to HTTP."""

    status: int
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def location(self) -> str | None:
        """The redirect target, to which Authlib adds the parameter `iss`."""
        return self.headers.get("Location")

    @location.setter
    def location(self, uri: str) -> None:
        self.headers["Location"] = uri


class AuthorizationRequest(OAuth2Request):
    """A request to the issuer, with validated parameters: strings, at most one per name."""

    def __init__(
        self,
        uri: str,
        *,
        method: str = "GET",
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        authorization: str | None = None,
    ) -> None:
        readable = authorization if _is_readable(authorization) else None
        super().__init__(method, uri, headers={"Authorization": readable} if readable else {})
        self._query, self._form = dict(query or {}), dict(form or {})
        self.payload = BasicOAuth2Payload({**self._query, **self._form})
        self.user: Session | None = None

    @property
    def args(self) -> Mapping[str, str]:
        """The query parameters."""
        return self._query

    @property
    def form(self) -> Mapping[str, str]:
        """The form parameters."""
        return self._form


class Server(AuthorizationServer):
    """The authorization server in one transaction, with a fixed current time."""

    def __init__(self, connection: Issuing, terms: Terms, now: datetime) -> None:
        super().__init__(scopes_supported=SCOPES)
        self.connection = connection
        self.terms = terms
        self.now = now
        self.register_grant(CodeGrant, [Pkce(required=True), IdToken(self)])
        self.register_grant(RefreshGrant)
        self.register_grant(CredentialsGrant)
        for endpoint in (endpoints.Revocation, endpoints.Introspection, endpoints.EndSession):
            self.register_endpoint(endpoint)
        self._issuer_parameter = _IssuerParameter(terms.issuer)
        self._issuer_parameter(self)

    @cached_property
    def key(self) -> ECKey:
        """The signing key. Raises NoKeyError."""
        key = keys.current(self.connection)
        if key is None:
            raise NoKeyError
        return key

    @cached_property
    def published(self) -> KeySet:
        """The public keys."""
        rows = self.connection.execute(keys.PUBLISHED).fetchall()
        return KeySet.import_key_set({"keys": [json.loads(row["jwk"]) for row in rows]})

    def query_client(self, client_id: str) -> Client | None:
        """Return the client with this id; None where there is none."""
        return clients.find(self.connection, client_id)

    def save_token(self, token: Any, request: Any) -> None:
        """Do nothing: the grants store tokens when they create them (grants.py)."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Do nothing: there are no listeners."""

    def create_oauth2_request(self, request: AuthorizationRequest) -> AuthorizationRequest:
        """Return the request unchanged; it has Authlib's type already."""
        return request

    def handle_error_response(self, request: AuthorizationRequest, error: OAuth2Error) -> Answer:
        """Return the error response, with this issuer's error description."""
        error.description = said(error)
        answer: Answer = super().handle_error_response(request, error)
        return answer

    def handle_response(self, status: int, body: Any, headers: Any) -> Answer:
        """Return the response."""
        return Answer(status, body, dict(headers))

    def create_revocation_response(self, request: AuthorizationRequest) -> Answer:
        """Return the response of the revocation endpoint."""
        answer: Answer = self.create_endpoint_response("revocation", request)
        return answer

    def create_introspection_response(self, request: AuthorizationRequest) -> Answer:
        """Return the response of the introspection endpoint."""
        answer: Answer = self.create_endpoint_response("introspection", request)
        return answer

    def refused(self, request: AuthorizationRequest, error: OAuth2Error) -> Answer:
        """Return the error response, with the parameter `iss` in a redirect."""
        answer: Answer = self.handle_error_response(request, error)
        self._issuer_parameter.add_issuer_parameter(self, answer)
        return answer


class _IssuerParameter(IssuerParameter):
    """Adds the parameter `iss` to every redirect (RFC 9207)."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer

    def get_issuer(self) -> str:
        """Return the issuer."""
        return self._issuer


def _is_readable(authorization: str | None) -> bool:
    """Return whether Basic credentials are printable text; Authlib fails on others."""
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        return base64.b64decode(encoded).decode().isprintable()
    except (binascii.Error, ValueError):
        return False
