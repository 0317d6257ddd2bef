"""The endpoints for applications: tokens, revocation, introspection, userinfo, discovery."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from api.addresses import address_of
from api.limits import LimitedError
from api.oauth.limits import Limits
from api.oauth.parameters import ParametersError, check_protocol, form_of
from api.refusals import AGAIN, correlation, note
from auth.issuer import accounts, metadata
from auth.issuer.id_tokens import user_claims
from auth.issuer.issuer import Issuer
from auth.issuer.scopes import OPENID
from auth.issuer.server import Answer, AuthorizationRequest, Server
from auth.tokens import Claims, TokenError, Verifier
from db.issuing import Issuing
from db.request_context import refused
from db.sessions import TooSlowError
from db.traces import trace
from db.unavailable import UnavailableError

_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_PUBLIC = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}

_LOG = logging.getLogger("sangkien.identity")

Endpoint = Callable[[Request], Awaitable[Response]]


def _answered(handle: Endpoint) -> Endpoint:
    """Convert errors to OAuth responses: JSON without internals."""

    async def endpoint(request: Request) -> Response:
        limits: Limits = request.app.state.oauth_limits
        try:
            with limits.admitted(request):
                return await handle(request)
        except LimitedError as error:
            headers = {"Retry-After": str(error.retry_after)}
            return _refusal(error.status, "temporarily_unavailable", str(error), headers)
        except ClientDisconnect:
            return Response(status_code=400)  # the client has disconnected
        except ParametersError as error:
            return _refusal(error.status, "invalid_request", str(error))
        except (UnavailableError, TooSlowError) as error:
            note(error)
            return _refusal(503, "temporarily_unavailable", "Try again.", AGAIN)
        except Exception as error:  # noqa: BLE001 - every error gets a response
            correlation_id = correlation()
            _LOG.error("unexpected error %s: %s", correlation_id, trace(error))
            return _refusal(500, "server_error", f"It was logged as {correlation_id}.")

    return endpoint


@_answered
async def token(request: Request) -> Response:
    """Return tokens for a code, a refresh token or client credentials."""
    return await _by_authlib(request, "token", Server.create_token_response)


@_answered
async def revoke(request: Request) -> Response:
    """Revoke a token and its family."""
    return await _by_authlib(request, "revoke", Server.create_revocation_response)


@_answered
async def introspect(request: Request) -> Response:
    """Return the introspection of a token."""
    return await _by_authlib(request, "introspect", Server.create_introspection_response)


@_answered
async def userinfo(request: Request) -> Response:
    """Return the claims about the account of an access token."""
    verifier: Verifier = request.app.state.verifier
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return _refusal(401, "", "", {"WWW-Authenticate": 'Bearer realm="sangkien"'})
    try:
        claims = await verifier.verify(text.strip())
    except TokenError as error:
        return _challenge(401, "invalid_token", str(error))
    if OPENID not in claims.scope:
        return _challenge(403, "insufficient_scope", "The scope openid is needed.")
    told = await _issuer(request, "userinfo").run(_userinfo, claims)
    if told is None:
        return _challenge(401, "invalid_token", "The account is disabled.")
    return JSONResponse(told, headers=_NO_STORE)


@_answered
async def discovery(request: Request) -> Response:
    """Return the issuer's metadata (OpenID Connect Discovery, RFC 8414)."""
    issuer: Issuer = request.app.state.issuer
    return JSONResponse(metadata.of(issuer.terms.issuer), headers=_PUBLIC)


@_answered
async def jwks(request: Request) -> Response:
    """Return the public keys."""
    return JSONResponse(await _issuer(request, "jwks").serve(_jwks), headers=_PUBLIC)


def _issuer(request: Request, action: str) -> Issuer:
    issuer: Issuer = request.app.state.issuer
    return issuer.asked(action, address_of(request))


async def _by_authlib(
    request: Request, action: str, work: Callable[[Server, AuthorizationRequest], Answer]
) -> Response:
    issuer = _issuer(request, action)
    form = await form_of(request)
    limits: Limits = request.app.state.oauth_limits
    limits.take_client(request, form)
    check_protocol(form)
    authorization = request.headers.get("authorization")
    if authorization and "client_secret" in form:
        raise ParametersError("Send the client's secret in one way, not in two.")
    asked = AuthorizationRequest(
        f"{issuer.terms.issuer}{request.scope['path']}",
        method="POST",
        form=form,
        authorization=authorization,
    )
    answer = await issuer.serve(work, asked)
    if isinstance(answer.body, dict) and "error" in answer.body:
        refused(str(answer.body["error"]))
    return JSONResponse(answer.body, answer.status, headers={**_NO_STORE, **answer.headers})


def _userinfo(connection: Issuing, now: datetime, claims: Claims) -> dict[str, str] | None:
    account = accounts.by_name(connection, claims.subject, now)
    if account is None or account.disabled:
        return None
    return user_claims(account, " ".join(claims.scope))


def _jwks(server: Server) -> Mapping[str, Any]:
    return server.published.as_dict(private=False)


def _challenge(status: int, error: str, description: str) -> Response:
    challenge = f'Bearer realm="sangkien", error="{error}", error_description="{description}"'
    return _refusal(status, error, description, {"WWW-Authenticate": challenge})


def _refusal(
    status: int, error: str, description: str, headers: Mapping[str, str] | None = None
) -> Response:
    if error:
        refused(error)
    body = {"error": error, "error_description": description} if error else {}
    return JSONResponse(body, status, headers={**_NO_STORE, **(headers or {})})
