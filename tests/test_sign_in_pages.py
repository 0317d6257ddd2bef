"""Signing in by the pages: sessions, their cookies, and the redirect afterwards."""

import pytest

from auth.issuer.sessions import IDLE, LONGEST
from tests.visitor import PASSWORD, Visitor, site

SESSION, DEVICE = "__Host-sangkien-session", "__Host-sangkien-device"
NEW = "a longer passphrase"


@pytest.fixture
async def at(identity):
    """A site that requires no second factor."""
    async with site(identity) as made:
        yield made


@pytest.fixture
async def visitor(at):
    """A visitor with a browser."""
    return Visitor(at)


async def test_one_signs_in_and_out(at, visitor):
    page = await visitor.sign_in()
    assert page.heading == "Account"
    assert "Signed in as an" in page.texts["all"]
    page = await visitor.submit(page)
    assert page.heading == "You are signed out"
    assert SESSION not in visitor.http.cookies
    assert at.sql("select count(*) from browser_session") == [(0,)]
    assert (await visitor.go("/oauth/account")).heading == "Sign in"


async def test_a_cookie_of_a_session_that_was_signed_out_is_worth_nothing(visitor):
    page = await visitor.sign_in()
    kept = visitor.http.cookies[SESSION]
    await visitor.submit(page)
    visitor.http.cookies.set(SESSION, kept)
    assert (await visitor.go("/oauth/account")).heading == "Sign in"


async def test_cookies_are_out_of_reach_of_scripts_other_sites_and_other_hosts(visitor):
    page = await visitor.go("/oauth/sign-in")
    fields = {**page.fields, "username": "an", "password": PASSWORD}
    response = await visitor.post("/oauth/sign-in", fields)
    cookies = [*page.response.headers.get_list("set-cookie")]
    cookies += response.headers.get_list("set-cookie")
    assert len(cookies) == 3
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        attributes = {part.strip().lower() for part in cookie.split(";")}
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= attributes
        assert not any(attribute.startswith("domain") for attribute in attributes)


async def test_on_localhost_without_https_the_names_are_plain(identity):
    async with site(identity, issuer="http://localhost:8000") as at:
        visitor = Visitor(at)
        page = await visitor.go("/oauth/sign-in")
        fields = {**page.fields, "username": "an", "password": PASSWORD}
        response = await visitor.post("/oauth/sign-in", fields)
    cookie = response.headers.get_list("set-cookie")[0].lower()
    assert cookie.startswith("sangkien-session=")
    assert "secure" not in cookie


async def test_a_session_from_before_signing_in_is_not_the_one_after(at, visitor):
    """Session fixation: a value that an attacker set or saw does not become a session."""
    visitor.http.cookies.set(SESSION, "planted", domain="issuer.test")
    await visitor.sign_in()
    first = visitor.http.cookies.get(SESSION, domain="issuer.test")
    assert first != "planted"
    await visitor.sign_in()
    assert visitor.http.cookies.get(SESSION, domain="issuer.test") != first
    assert at.sql("select count(*) from browser_session") == [(1,)]


async def test_sessions_end_by_disuse_and_by_age(at, visitor):
    await visitor.sign_in()
    at.clock.now += IDLE.total_seconds() + 1
    assert (await visitor.go("/oauth/account")).heading == "Sign in"
    await visitor.sign_in()
    begun = at.clock.now
    while at.clock.now < begun + LONGEST.total_seconds() - 4_000:
        at.clock.now += 3_600
        assert (await visitor.go("/oauth/account")).heading == "Account"
    at.clock.now = begun + LONGEST.total_seconds() + 1
    assert (await visitor.go("/oauth/account")).heading == "Sign in"


ONWARD = {
    "/graphql": "/graphql",
    "/oauth/password": "/oauth/password",
    "https://evil.test": "/oauth/account",
    "//evil.test": "/oauth/account",
    "/\\evil.test": "/oauth/account",
    "/graphql@evil.test": "/oauth/account",
    "/graphql/../evil": "/oauth/account",
    "javascript:alert(1)": "/oauth/account",
    "/oauth/authorize?\r\nX: y": "/oauth/account",
}


async def test_after_signing_in_one_stays_on_the_site(at):
    for to, where in ONWARD.items():
        visitor = Visitor(at)
        page = await visitor.go("/oauth/sign-in")
        fields = {**page.fields, "to": to, "username": "an", "password": PASSWORD}
        response = await visitor.post("/oauth/sign-in", fields)
        assert response.headers.get("location", "/oauth/account") == where, to


async def test_expired_rows_are_deleted_as_one_goes_along(identity):
    async with site(identity) as at:
        await Visitor(at).sign_in()
        at.invite()
        at.clock.now += IDLE.total_seconds() + 72 * 3_600
        assert at.sql("select count(*) from browser_session") == [(1,)]
        await Visitor(at).sign_in("admin")
    assert at.sql("select account_id from browser_session") == [(2,)]
    assert at.sql("select count(*) from invitation") == [(0,)]


async def test_to_look_at_a_page_without_its_text_does_no_more(visitor):
    answer = await visitor.http.head("/oauth/sign-in")
    assert answer.status_code == 200
    assert (await visitor.http.put("/oauth/sign-in")).status_code == 405
