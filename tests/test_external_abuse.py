"""Attacks on the sign-in at an external provider through our pages."""

from functools import partial
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from starlette.requests import Request

from api.oauth import relying
from auth.external.provider import Provider
from tests.provider import BACK, provider, set_out, sign_in, trusting
from tests.visitor import Visitor


@pytest.fixture(scope="module")
def sso():
    with provider() as made:
        yield made


@pytest.fixture
def at(identity, sso):
    """Creates a site that trusts the provider, with changes of the settings and of the trust."""
    return partial(trusting, identity, sso)


async def test_coming_back_is_for_the_browser_that_set_out(at):
    async with at() as made:
        victim, attacker = Visitor(made), Visitor(made)
        back = await sign_in(await set_out(attacker), "binh@sso")
        page = await victim.go(back)
        assert (page.response.status_code, page.heading) == (400, "Sign in")
        assert "did not work" in page.alert
        await set_out(victim)
        page = await victim.go(back)
        assert page.response.status_code == 400
        assert made.sql("select count(*) from browser_session") == [(0,)]


async def test_the_same_way_back_is_taken_once(at, sso):
    async with at() as made:
        made.sql(
            "insert into external_identity (issuer, subject, account_id, linked_by)"
            " values (%s, 'an@sso', 1, 'ADMIN')",
            sso.issuer,
        )
        visitor = Visitor(made)
        back = await sign_in(await set_out(visitor), "an@sso")
        cookies = dict(visitor.http.cookies)
        assert (await visitor.go(back)).heading == "Account"
        assert (await visitor.go(back)).response.status_code == 400
        thief = Visitor(made)
        thief.http.cookies.update(cookies)
        page = await thief.go(back)
        assert (page.response.status_code, page.heading) == (400, "Sign in")


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "x" * 30},
        {"state": None},
        {"code": "x" * 30},
        {"code": None},
        {"iss": "https://evil.test"},
        {"iss": None},
        {"error": "access_denied"},
    ],
    ids=str,
)
async def test_a_way_back_that_was_changed_is_refused(at, changes):
    async with at() as made:
        visitor = Visitor(made)
        back = urlsplit(await sign_in(await set_out(visitor), "an@sso"))
        said = {name: value for name, (value,) in parse_qs(back.query).items()}
        assert set(said) == {"code", "state", "iss"}
        said = {name: value for name, value in {**said, **changes}.items() if value is not None}
        page = await visitor.go(f"{back.path}?{urlencode(said)}")
        assert (page.response.status_code, page.heading) == (400, "Sign in")
        assert "did not work" in page.alert


def coming(url):
    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    return Request({**scope, "query_string": urlsplit(url).query.encode()})


@pytest.mark.parametrize("changed", ["nonce", "code_verifier", None])
async def test_what_was_kept_has_to_fit(at, sso, changed):
    async with at() as made:
        (trust,) = made.settings.oidc_issuers
        asked = Provider(trust)
        url, kept = await relying.set_out(coming(""), asked, BACK)
        if changed is not None:
            (entry,) = kept.values()
            entry["data"][changed] = "x" * 48
        back = coming(await sign_in(url, "an@sso"))
        if changed is None:
            assert (await relying.come_back(back, asked, kept)).subject == "an@sso"
        else:
            with pytest.raises(relying.NotSignedInError):
                await relying.come_back(back, asked, kept)


async def test_what_a_browser_keeps_cannot_be_made_up_or_put_to_another_use(at):
    async with at() as made:
        visitor = Visitor(made)
        await set_out(visitor)
        assert (await visitor.go("/oauth/link")).heading == "Sign in"
        visitor.http.cookies.set(
            "__Host-sangkien-external", "gAAAAA" + "A" * 90, domain="issuer.test", path="/"
        )
        assert (await visitor.go("/oauth/link")).heading == "Sign in"
