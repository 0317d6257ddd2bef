"""The authorization endpoint: from a request through sign-in and consent to a code."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error
from authlib.oidc.core.errors import (
    ConsentRequiredError,
    RequestNotSupportedError,
    RequestURINotSupportedError,
)
from starlette.responses import Response

from api.oauth.parameters import LARGEST, ParametersError, check_protocol, form_of, parsed
from api.oauth.visit import Visit
from auth.issuer import clients, consents
from auth.issuer.clients import origin_of
from auth.issuer.server import Answer, AuthorizationRequest, Server
from auth.issuer.sessions import Session
from auth.issuer.words import Words
from auth.tokens import TOKENS
from db.issuing import Issuing

PATH = "/oauth/authorize"


@dataclass(frozen=True)
class Ask:
    """The page needed before the response: sign-in or consent."""

    client_name: str
    scopes: list[str]
    origin: str
    to_sign_in: bool


async def authorize(visit: Visit) -> Response:
    """Return the response to an authorization request, or the page that must come first."""
    allowed: bool | None = None
    if visit.request.method == "POST":
        if "client_id" not in visit.query:
            # An application may send its request by POST, too. It is redirected to GET, for which a
            # browser sends the cookies that it omits from another site's form.
            return visit.redirect(f"{PATH}?{urlencode(await form_of(visit.request))}")
        allowed = (await visit.form()).get("decision") == "allow"
    check_protocol(visit.query)
    outcome = await visit.issuer.serve(_outcome, visit.query, visit.signed_in, allowed=allowed)
    if isinstance(outcome, Ask):
        return _ask(visit, outcome)
    if outcome.location is not None:
        return visit.redirect(outcome.location)
    reason = outcome.body["error_description"]
    text, code = visit.text("refused", reason=reason), str(outcome.body["error"])
    return visit.render("error", status=400, error=text, code=code)


def _ask(visit: Visit, ask: Ask) -> Response:
    if ask.to_sign_in:
        return visit.go("/oauth/sign-in", f"{PATH}?{urlencode(_fulfilled(visit.query))}")
    assert visit.session is not None
    return visit.render(
        "consent",
        destinations=[ask.origin],
        client=ask.client_name,
        scopes=ask.scopes,
        origin=ask.origin,
        username=visit.session.account.username,
        action=f"{PATH}?{urlencode(visit.query)}",
        other_account="/oauth/sign-in?" + urlencode({"to": f"{PATH}?{urlencode(visit.query)}"}),
    )


def _fulfilled(query: dict[str, str]) -> dict[str, str]:
    """Return a request without the parameters that demand the sign-in which follows."""
    wishes = [wish for wish in query.get("prompt", "").split() if wish == "consent"]
    kept = {name: value for name, value in query.items() if name not in {"prompt", "max_age"}}
    return {**kept, "prompt": "consent"} if wishes else kept


def _outcome(
    server: Server, query: dict[str, str], session: Session | None, *, allowed: bool | None
) -> Answer | Ask:
    connection, now = server.connection, server.now
    request = AuthorizationRequest(f"{server.terms.issuer}{PATH}", query=query)
    if session is not None and _is_too_old(query, session, now):
        session = None
    try:
        grant = server.get_consent_grant(request, session)
        _refuse_what_is_not_there(query, grant.redirect_uri)
        if session is None or grant.prompt in {"login", "select_account"}:
            return _question(grant, to_sign_in=True)
        if allowed is None and _must_ask(server, grant, session, query):
            return _question(grant, to_sign_in=False)
    except OAuth2Error as error:
        error.state = query.get("state")
        return server.refused(request, error)
    if allowed:
        consents.give(connection, session.account.id, grant.client.client_id, request.scope, now)
    user = session if allowed is not False else None
    answer: Answer = server.create_authorization_response(request, user, grant)
    return answer


def _must_ask(server: Server, grant: Any, session: Session, query: dict[str, str]) -> bool:
    wishes = query.get("prompt", "").split()
    client, scope = grant.client, grant.request.scope
    trusted = client.trusted and TOKENS not in scope.split()
    given = trusted or consents.covers(
        server.connection, session.account.id, client.client_id, scope
    )
    ours = origin_of(grant.redirect_uri) == server.terms.issuer or server.terms.demo
    sure = client.is_sure(grant.redirect_uri) or (client.trusted and ours)
    if given and sure and "consent" not in wishes:
        return False
    if "none" in wishes:
        raise ConsentRequiredError(redirect_uri=grant.redirect_uri)
    return True


def _question(grant: Any, *, to_sign_in: bool) -> Ask:
    return Ask(
        grant.client.name,
        grant.request.scope.split(),
        origin_of(grant.redirect_uri),
        to_sign_in,
    )


def _is_too_old(query: dict[str, str], session: Session, now: datetime) -> bool:
    """Return whether a newer sign-in is needed: by `max_age` (seconds), or for TOKENS."""
    if TOKENS in query.get("scope", "").split() and not session.is_recent(now.timestamp()):
        return True
    age = query.get("max_age", "")
    return age.isdecimal() and now - session.signed_in_at > timedelta(seconds=int(age[:9]))


def _refuse_what_is_not_there(query: dict[str, str], redirect_uri: str) -> None:
    """Reject features of OpenID Connect that this issuer does not support. Raises OAuth2Error."""
    if "request" in query:
        raise RequestNotSupportedError(redirect_uri=redirect_uri)
    if "request_uri" in query:
        raise RequestURINotSupportedError(redirect_uri=redirect_uri)
    if query.get("response_mode", "query") != "query":
        raise InvalidRequestError(Words.OTHER_MODE, redirect_uri=redirect_uri)


async def destination(visit: Visit, to: str) -> tuple[str, list[str]]:
    """Return the name and the origin of the application that the person will return to.

    Both are empty if one of our own pages comes next.
    """
    path, _, query = to.partition("?")
    if path != PATH or len(query) > LARGEST:
        return "", []
    try:
        asked = parsed(query.encode())
    except ParametersError:
        return "", []
    return await visit.issuer.run(_destination, asked)


def _destination(
    connection: Issuing, _now: datetime, asked: dict[str, str]
) -> tuple[str, list[str]]:
    client = clients.find(connection, asked.get("client_id", ""))
    if client is None or not client.check_redirect_uri(asked.get("redirect_uri", "")):
        return "", []
    return client.name, [origin_of(asked["redirect_uri"])]
