"""Sign-out, requested by the person or by an application (RP-initiated logout)."""

from typing import Any
from urllib.parse import urlencode

from authlib.oauth2.rfc6749 import OAuth2Error
from starlette.responses import Response

from api.oauth.cookies import SESSION
from api.oauth.parameters import check_protocol, form_of
from api.oauth.visit import Visit
from auth.issuer.clients import origin_of
from auth.issuer.server import Answer, AuthorizationRequest, Server
from auth.issuer.sessions import Session
from auth.issuer.words import said

PATH = "/oauth/end-session"


async def end_session(visit: Visit) -> Response:
    """End the session; without a confirmation if an ID token of its account is sent."""
    confirmed = False
    if visit.request.method == "POST":
        if visit.request.headers.get("sec-fetch-site") == "cross-site":
            return visit.redirect(f"{PATH}?{urlencode(await form_of(visit.request))}")
        await visit.form()
        confirmed = True
    check_protocol(visit.query)
    asked = await visit.issuer.serve(_ended, visit.query, visit.session, confirmed=confirmed)
    if isinstance(asked, str):
        return visit.render("error", status=400, error=visit.text("refused", reason=asked))
    ended, location = asked
    if not ended:
        return visit.render(
            "sign_out",
            destinations=[origin_of(location)] if location else [],
            action=f"{PATH}?{urlencode(visit.query)}",
        )
    visit.set_cookie(SESSION, None)
    return visit.redirect(location or "/oauth/signed-out")


async def signed_out(visit: Visit) -> Response:
    """Return the page after sign-out."""
    return visit.render("signed_out")


def _ended(
    server: Server, query: dict[str, str], session: Session | None, *, confirmed: bool
) -> tuple[bool, str | None] | str:
    """Return whether the session has ended and the redirect target; a text if it is rejected."""
    request = AuthorizationRequest(f"{server.terms.issuer}{PATH}", query=query)
    request.user = session
    try:
        asked: Any = server.validate_endpoint_request("end_session", request)
    except OAuth2Error as error:
        return said(error)
    is_of_session = asked.id_token_claims and (
        session is None or asked.id_token_claims.get("sub") == session.account.username
    )
    if not confirmed and not is_of_session:
        return False, asked.redirect_uri
    answer: Answer | None = server.create_endpoint_response("end_session", asked)
    return True, answer.location if answer else None
