"""The caller of a GraphQL request: by a bearer token, or by a session of our own pages."""

import psycopg
import pytest

from auth import keys, tokens
from tests.visitor import Visitor, site

QUERY = {"query": "{ viewer { account { username } } }"}
CSRF = {"X-Sangkien-CSRF": "1"}


@pytest.fixture
async def at(identity):
    """A site that requires no second factor."""
    async with site(identity) as made:
        yield made


@pytest.fixture
async def visitor(at):
    """A visitor who is signed in."""
    made = Visitor(at)
    await made.sign_in()
    return made


def bearer(at, **claims):
    with psycopg.connect(at.settings.urls()[0]) as connection:
        key = keys.ensure(connection)
    good = {"issuer": at.settings.issuer, "audience": "sangkien", "ttl": 60}
    return {"Authorization": f"Bearer {tokens.issue(key, 'admin', **{**good, **claims})}"}


def username(answer):
    account = answer.json()["data"]["viewer"]["account"]
    return account and account["username"]


def code(answer):
    return answer.json()["errors"][0]["extensions"]["code"]


async def test_a_session_with_the_header_asks_as_its_account(visitor):
    answer = await visitor.http.post("/graphql", json=QUERY, headers=CSRF)
    assert username(answer) == "an"


async def test_without_cookie_and_token_it_is_nobody(at):
    answer = await Visitor(at).http.post("/graphql", json=QUERY)
    assert username(answer) is None


async def test_what_another_site_makes_a_browser_send_is_refused(visitor):
    tries = [
        {},
        {**CSRF, "Origin": "https://evil.test"},
        {**CSRF, "Origin": "null"},
        {**CSRF, "Sec-Fetch-Site": "cross-site"},
        {**CSRF, "Sec-Fetch-Site": "same-site"},
    ]
    for headers in tries:
        answer = await visitor.http.post("/graphql", json=QUERY, headers=headers)
        assert answer.status_code == 403, headers
        assert code(answer) == "CSRF", headers
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"}):
        got = await visitor.http.get(
            "/graphql", params=QUERY, headers={"Accept": "application/json", **headers}
        )
        assert got.status_code == 403
    own = {**CSRF, "Origin": "https://issuer.test", "Sec-Fetch-Site": "same-origin"}
    assert username(await visitor.http.post("/graphql", json=QUERY, headers=own)) == "an"


async def test_a_token_and_a_cookie_together_are_refused(at, visitor):
    answer = await visitor.http.post("/graphql", json=QUERY, headers={**CSRF, **bearer(at)})
    assert answer.status_code == 400
    assert "not both" in answer.json()["errors"][0]["message"]
    assert username(await Visitor(at).http.post("/graphql", json=QUERY, headers=bearer(at))) == (
        "admin"
    )


async def test_two_authorization_headers_are_refused(at):
    twice = [*bearer(at).items(), ("Authorization", "Bearer other")]
    answer = await Visitor(at).http.post("/graphql", json=QUERY, headers=twice)
    assert answer.status_code == 400


async def test_a_session_that_has_ended_is_told_and_not_taken_for_nobody(at, visitor):
    for end in ("update browser_session set ends_at = now() - interval '1 day'",):
        at.sql(end)
        answer = await visitor.http.post("/graphql", json=QUERY, headers=CSRF)
        assert answer.status_code == 401
        assert code(answer) == "UNAUTHENTICATED"
    made_up = Visitor(at)
    for value in ("x", "x" * 5_000, "%00"):
        made_up.http.cookies.set("__Host-sangkien-session", value, domain="issuer.test")
        answer = await made_up.http.post("/graphql", json=QUERY, headers=CSRF)
        assert answer.status_code == 401


async def test_another_scheme_than_bearer_is_401_with_a_challenge(at):
    for header in ("Basic YTpi", "Bearer", "bearer x", "Token x", ""):
        answer = await Visitor(at).http.post(
            "/graphql", json=QUERY, headers={"Authorization": header}
        )
        assert answer.status_code == 401, header
        assert answer.headers["www-authenticate"].startswith("Bearer realm="), header


async def test_on_this_machine_a_token_of_the_command_line_is_good_at_any_port(identity):
    async with site(identity, issuer="http://localhost:9999") as at:
        taken = bearer(at, issuer="http://localhost:8000")
        refused = bearer(at, issuer="http://localhost:7777")
        assert username(await Visitor(at).http.post("/graphql", json=QUERY, headers=taken))
        answer = await Visitor(at).http.post("/graphql", json=QUERY, headers=refused)
        assert answer.status_code == 401
    async with site(identity) as at:
        answer = await Visitor(at).http.post(
            "/graphql", json=QUERY, headers=bearer(at, issuer="http://localhost:8000")
        )
        assert answer.status_code == 401
