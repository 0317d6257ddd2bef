"""Signing out, requested by the person or by an application."""

import pytest

from tests.visitor import Visitor, query_of, site

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


@pytest.fixture
async def signed_in(at):
    """A visitor who signed in to an application through the issuer."""
    at.register()
    made = Visitor(at)
    await made.sign_in()
    url = (
        "/oauth/authorize?response_type=code&client_id=app&redirect_uri=https://app.test/back"
        "&scope=openid&code_challenge_method=S256&code_challenge="
        "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"
    )
    code = query_of(await made.go(url))["code"]
    made.tokens = (
        await at.token(
            {
                "grant_type": "authorization_code",
                "client_id": "app",
                "redirect_uri": "https://app.test/back",
                "code": code,
                "code_verifier": "v" * 43,
            }
        )
    ).json()
    return made


async def test_an_application_signs_out_by_an_id_token_and_gets_the_person_back(at, signed_in):
    hint = signed_in.tokens["id_token"]
    bye = "&post_logout_redirect_uri=https://app.test/bye&state=s"
    page = await signed_in.go(f"/oauth/end-session?id_token_hint={hint}{bye}")
    assert page.response.headers["location"] == "https://app.test/bye?state=s"
    assert (await signed_in.go("/oauth/account")).heading == "Sign in"
    refresh = {"grant_type": "refresh_token", "client_id": "app"}
    refused = await at.token({**refresh, "refresh_token": signed_in.tokens["refresh_token"]})
    assert refused.json()["error"] == "invalid_grant", "tokens end with their session"


async def test_without_proof_one_is_asked_and_not_sent_elsewhere(at, signed_in):
    tokens = signed_in.tokens
    evil = "post_logout_redirect_uri=https://evil.test"
    for query in ("", evil, f"client_id=app&{evil}", "client_id=app"):
        page = await signed_in.go(f"/oauth/end-session?{query}")
        assert page.heading == "Sign out", query
    for hint in ("x", "a.b.c", tokens["access_token"], tokens["id_token"][:-4]):
        page = await signed_in.go(f"/oauth/end-session?id_token_hint={hint}")
        assert page.response.status_code == 400, hint
    other = await signed_in.go(f"/oauth/end-session?id_token_hint={tokens['id_token']}&client_id=x")
    assert other.response.status_code == 400
    page = await signed_in.go(f"/oauth/end-session?id_token_hint={tokens['id_token']}&{evil}")
    assert page.heading == "You are signed out"


async def test_an_id_token_of_somebody_else_does_not_sign_one_out(at, signed_in):
    visitor = Visitor(at)
    await visitor.sign_in("admin")
    page = await visitor.go(f"/oauth/end-session?id_token_hint={signed_in.tokens['id_token']}")
    assert page.heading == "Sign out"
    assert (await visitor.go("/oauth/account")).heading == "Account"


async def test_an_application_may_ask_to_sign_out_by_post(at, signed_in):
    form = {"id_token_hint": signed_in.tokens["id_token"]}
    answer = await signed_in.http.post(
        "/oauth/end-session", data=form, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.headers["location"].startswith("/oauth/end-session?id_token_hint=")
