"""The pages for sign-in through an external provider: redirect, callback and linking."""

import logging
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from api.oauth import relying
from api.oauth.authorize import destination
from api.oauth.choices import PATH, named, providers
from api.oauth.cookies import DEVICE, EXTERNAL, SESSION
from api.oauth.relying import NotSignedInError
from api.oauth.sealing import seal, unseal
from api.oauth.sign_in import ENROL, SECOND_FACTOR, SIGN_IN, password_form
from api.oauth.visit import ACCOUNT, Visit, onward, wait
from auth.external import sign_in
from auth.external.provider import IssuerUnavailableError, Provider
from auth.external.sign_in import NotLinkedError, Somebody
from auth.external.trust import Link
from auth.issuer import trail
from auth.issuer.attempts import TooManyTriesError
from auth.issuer.sign_in import SignedIn, WrongError
from db.traces import trace

LINK = "/oauth/link"
_LONGEST = 3_500  # characters of a cookie's value; browsers accept 4,096 with its name
_SETTING_OUT, _LINKING = "external sign-in", "external link"

_LOG = logging.getLogger("sangkien.identity")


async def start(visit: Visit) -> Response:
    """Redirect to an external provider.

    It is a link and not a form, because the provider may redirect further.
    """
    provider, to = named(visit), visit.onward
    if provider is None:
        return visit.go(SIGN_IN, to)
    # A person who is signed in and comes here wants another account or must sign in again.
    wishes = {"prompt": "login"} if visit.session else {}
    wishes["ui_locales"] = visit.language
    back = f"{visit.issuer.terms.issuer}{PATH}/{provider.trust.key}/callback"
    try:
        location, kept = await relying.set_out(visit.request, provider, back, **wishes)
    except IssuerUnavailableError:
        return await _failed(visit, provider, to, "external_unavailable", 503)
    facts = {"key": provider.trust.key, "kept": kept, "to": to}
    await _keep(visit, _SETTING_OUT, facts)
    return visit.redirect(location)


async def callback(visit: Visit) -> Response:
    """Handle the callback of an external provider; it is accepted once."""
    facts = await unseal(visit.issuer, _SETTING_OUT, visit.cookie(EXTERNAL))
    visit.set_cookie(EXTERNAL, None)
    provider = named(visit)
    if provider is None or facts is None or facts["key"] != provider.trust.key:
        return await _failed(visit, provider, ACCOUNT, "external_failed", 400)
    to = onward(facts["to"])
    try:
        somebody = await relying.come_back(visit.request, provider, facts["kept"])
    except IssuerUnavailableError:
        return await _failed(visit, provider, to, "external_unavailable", 503)
    except NotSignedInError as error:
        trail.count_failure("signIn", "EXTERNAL")
        _LOG.info("a sign-in by %s was rejected: %s", provider.trust.key, trace(error))
        return await _failed(visit, provider, to, "external_failed", 400)
    try:
        signed_in = await sign_in.sign_in(visit.issuer, provider.trust, somebody, visit.browser)
    except NotLinkedError:
        return await _not_linked(visit, provider, somebody, to)
    return _go_on(visit, signed_in, to)


async def link(visit: Visit) -> Response:
    """Return the form for a link code, and process it."""
    facts = await unseal(visit.issuer, _LINKING, visit.cookie(EXTERNAL))
    provider = providers(visit).get(facts["key"]) if facts else None
    if facts is None or provider is None:
        return visit.go(SIGN_IN, visit.onward)
    to = onward(facts["to"])
    if visit.request.method != "POST":
        return await _link_form(visit, provider, to)
    fields = await visit.form()
    somebody = Somebody(facts["subject"], None, frozenset(facts["amr"]))
    try:
        signed_in = await sign_in.link(
            visit.issuer, provider.trust, somebody, fields.get("code", ""), visit.browser
        )
    except WrongError:
        text = visit.text("wrong_link_code")
        return await _link_form(visit, provider, to, status=422, error=text)
    except TooManyTriesError as error:
        text = visit.text("tries", seconds=error.seconds)
        return wait(await _link_form(visit, provider, to, status=429, error=text), error.seconds)
    visit.set_cookie(EXTERNAL, None)
    return _go_on(visit, signed_in, to)


async def _not_linked(visit: Visit, provider: Provider, somebody: Somebody, to: str) -> Response:
    if provider.trust.link is not Link.CODE:
        name = provider.trust.names[visit.language]
        text = visit.text("external_not_linked", name=name, subject=somebody.subject)
        _forget_way_back(visit, to)
        return visit.render("error", status=403, error=text, path=SIGN_IN)
    facts = {
        "key": provider.trust.key,
        "subject": somebody.subject,
        "amr": sorted(somebody.amr),
        "to": to,
    }
    await _keep(visit, _LINKING, facts)
    return visit.redirect(LINK)


async def _keep(visit: Visit, purpose: str, facts: Mapping[str, Any]) -> None:
    """Store facts in the cookie; without the target page where the cookie would be too long."""
    sealed = await seal(visit.issuer, purpose, facts)
    if len(sealed) > _LONGEST:
        sealed = await seal(visit.issuer, purpose, {**facts, "to": ACCOUNT})
    visit.set_cookie(EXTERNAL, sealed)


def _go_on(visit: Visit, signed_in: SignedIn, to: str) -> Response:
    visit.set_cookie(SESSION, signed_in.secret)
    visit.set_cookie(DEVICE, signed_in.device)
    if signed_in.complete:
        return visit.redirect(to)
    return visit.go(SECOND_FACTOR if signed_in.enrolled else ENROL, to)


async def _failed(
    visit: Visit, provider: Provider | None, to: str, key: str, status: int
) -> Response:
    name = provider.trust.names[visit.language] if provider else visit.text("another_issuer")
    _forget_way_back(visit, to)
    text = visit.text(key, name=name)
    return await password_form(visit, to=to, status=status, error=text, elsewhere=True)


def _forget_way_back(visit: Visit, to: str) -> None:
    """Make the language link lead to an empty form: a callback cannot be repeated."""
    visit.query = {} if to == ACCOUNT else {"to": to}


async def _link_form(
    visit: Visit, provider: Provider, to: str, *, status: int = 200, error: str | None = None
) -> Response:
    client, destinations = await destination(visit, to)
    return visit.render(
        "link",
        status=status,
        destinations=destinations,
        error=error,
        client=client,
        name=provider.trust.names[visit.language],
    )
