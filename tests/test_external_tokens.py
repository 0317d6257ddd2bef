"""Access tokens of a real external provider: which are accepted, for whom, and outages.

The provider is npm's `oidc-provider`, certified by the OpenID Foundation, in a process of its own.
"""

import base64
import json
import time

import psycopg
import pytest
from joserfc import jwt

from auth import keys
from tests.provider import AUDIENCE, ec_key, provider, rsa_key
from tests.visitor import site

WHO = {"query": "{ viewer { account { username } } }"}


@pytest.fixture
def sso():
    with provider() as made:
        yield made


@pytest.fixture
async def at(identity, sso):
    """A site that trusts the provider, where an and the robot are linked."""
    async with site(identity, oidc_issuers=json.dumps([sso.trust()])) as made:
        link(made, sso, "an@sso", 1)
        link(made, sso, "robot@sso", 3)
        yield made


def link(at, sso, subject, account_id):
    at.sql(
        "insert into external_identity (issuer, subject, account_id, linked_by)"
        " values (%s, %s, %s, 'ADMIN')",
        sso.issuer,
        subject,
        account_id,
    )


async def ask(at, token, **body):
    return await at.post(
        "/graphql", None, json={**WHO, **body}, headers={"Authorization": f"Bearer {token}"}
    )


async def who(at, token):
    """Return the account of a token, or the status and the code of the rejection."""
    answer = await ask(at, token)
    if answer.status_code == 200:
        return answer.json()["data"]["viewer"]["account"]["username"]
    return answer.status_code, answer.json()["errors"][0]["extensions"]["code"]


def signed(sso, key, header=None, **changes):
    now = int(time.time())
    claims = {
        "iss": sso.issuer,
        "aud": AUDIENCE,
        "sub": "an@sso",
        "client_id": "app",
        "scope": "sangkien.read",
        "iat": now,
        "exp": now + 7200,
        **changes,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    head = {"alg": key.alg, "typ": "at+jwt", "kid": key.kid, **(header or {})}
    return jwt.encode(head, claims, key, algorithms=[head["alg"]])


async def test_a_token_asks_as_the_account_that_its_subject_is_linked_to(at, sso):
    assert await who(at, await sso.token("an@sso")) == "an"
    assert await who(at, await sso.token()) == "robot"


async def test_a_token_of_somebody_who_is_not_linked_is_refused_by_a_code_of_its_own(at, sso):
    token = await sso.token("binh@sso")
    assert await who(at, token) == (403, "NOT_LINKED")
    link(at, sso, "binh@sso", 4)
    assert await who(at, token) == (403, "NOT_LINKED")
    at.clock.now += 6
    assert await who(at, token) == "invited"
    at.sql("delete from external_identity where account_id = 4")
    at.clock.now += 6
    assert await who(at, token) == (403, "NOT_LINKED")


async def test_a_disabled_account_is_not_asked_as(at, sso):
    at.sql("update account set disabled_at = now() where id = 1")
    assert await who(at, await sso.token("an@sso")) == (401, "UNAUTHENTICATED")


async def test_the_same_subject_of_another_issuer_is_somebody_else(identity, sso):
    with provider() as second:
        trusted = json.dumps([sso.trust(), second.trust(key="second")])
        async with site(identity, oidc_issuers=trusted) as at:
            link(at, sso, "an@sso", 1)
            assert await who(at, await sso.token("an@sso")) == "an"
            assert await who(at, await second.token("an@sso")) == (403, "NOT_LINKED")
            forged = signed(sso, second.keys[0])
            assert await who(at, forged) == (401, "UNAUTHENTICATED")


async def test_an_issuer_that_is_not_trusted_is_never_asked(identity, sso):
    async with site(identity) as at:
        assert await who(at, await sso.token("an@sso")) == (401, "UNAUTHENTICATED")


async def test_a_token_for_another_audience_is_refused(identity, sso):
    trusted = json.dumps([sso.trust(audiences=["https://other.test"])])
    async with site(identity, oidc_issuers=trusted) as at:
        link(at, sso, "an@sso", 1)
        assert await who(at, await sso.token("an@sso")) == (401, "UNAUTHENTICATED")


async def test_what_a_token_is_for_bounds_it(at, sso):
    narrow = await sso.token("an@sso", scope="sangkien.read")
    assert await who(at, narrow) == "an"
    mutation = 'mutation { withdrawInitiative(input: {number: "x", idempotencyKey: "k"})'
    answer = await ask(at, narrow, query=mutation + " { __typename } }")
    assert answer.json()["errors"][0]["extensions"]["code"] == "INSUFFICIENT_SCOPE"
    nothing = signed(sso, sso.keys[0], scope="openid")
    assert await who(at, nothing) == (403, "INSUFFICIENT_SCOPE")


async def test_a_setting_says_what_tokens_are_for_that_do_not(identity, sso):
    trusted = json.dumps([sso.trust(scope="sangkien.read")])
    async with site(identity, oidc_issuers=trusted) as at:
        link(at, sso, "an@sso", 1)
        assert await who(at, signed(sso, sso.keys[0], scope="profile")) == "an"


async def test_forged_tokens_are_refused(at, sso):
    with psycopg.connect(at.settings.urls()[0]) as connection:
        ours = keys.ensure(connection)
    good = await sso.token("an@sso")
    head, body, signature = good.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt","kid":"first"}').decode()
    forged = {
        "no algorithm": f"{none.rstrip('=')}.{body}.",
        "no algorithm, with a signature": f"{none.rstrip('=')}.{body}.{signature}",
        "a key of somebody else under its kid": signed(sso, ec_key("first")),
        "our own key, for it": signed(sso, ours),
        "its key, for us": signed(sso, sso.keys[0], iss=at.settings.issuer, aud="sangkien"),
        "of another type": signed(sso, sso.keys[0], {"typ": "JWT"}),
        "for everybody": signed(sso, sso.keys[0], aud=None),
        "of nobody": signed(sso, sso.keys[0], sub=None),
        "expired": signed(sso, sso.keys[0], exp=int(time.time()) - 60),
        "not yet": signed(sso, sso.keys[0], nbf=int(time.time()) + 60),
        "cut": f"{head}.{body}.",
    }
    for what, token in forged.items():
        assert await who(at, token) == (401, "UNAUTHENTICATED"), what
    assert await who(at, good) == "an"


async def test_a_clock_may_be_half_a_minute_off(at, sso):
    now = int(time.time())
    assert await who(at, signed(sso, sso.keys[0], exp=now - 20)) == "an"
    assert await who(at, signed(sso, sso.keys[0], nbf=now + 20)) == "an"


async def test_plain_jwts_are_taken_where_the_setting_says_so(identity, sso):
    trusted = json.dumps([sso.trust(plain_jwt=True)])
    async with site(identity, oidc_issuers=trusted) as at:
        link(at, sso, "an@sso", 1)
        assert await who(at, signed(sso, sso.keys[0], {"typ": "JWT"})) == "an"
        id_token = signed(sso, sso.keys[0], {"typ": "JWT"}, aud="sangkien")
        assert await who(at, id_token) == (401, "UNAUTHENTICATED")


async def test_keys_of_rsa_verify_too(identity):
    with provider(started=False) as sso:
        sso.restart(rsa_key("rsa"))
        async with site(identity, oidc_issuers=json.dumps([sso.trust()])) as at:
            link(at, sso, "an@sso", 1)
            assert await who(at, await sso.token("an@sso")) == "an"


async def test_an_admin_needs_a_second_factor_that_counts(identity, sso):
    for changes, expected in (
        ({}, (403, "SECOND_FACTOR_NEEDED")),
        ({"second_factor": ["hwk"]}, (403, "SECOND_FACTOR_NEEDED")),
        ({"second_factor": ["hwk", "mfa"]}, "admin"),
    ):
        trusted = json.dumps([sso.trust(**changes)])
        async with site(identity, oidc_issuers=trusted, totp_required=True) as at:
            at.sql("delete from external_identity")
            link(at, sso, "chi@sso", 2)
            link(at, sso, "an@sso", 1)
            assert await who(at, await sso.token("chi@sso")) == expected
            assert await who(at, await sso.token("an@sso")) == "an"


async def test_a_new_key_is_taken_while_running_and_the_removed_one_refused(at, sso):
    first = await sso.token("an@sso")
    assert await who(at, first) == "an"
    at.clock.now += 61  # a pause since the keys were fetched
    old = sso.keys[0]
    sso.restart(ec_key("second"), old)
    assert await who(at, await sso.token("an@sso")) == "an"
    assert await who(at, first) == "an"
    sso.restart(sso.keys[0])
    at.clock.now += 400
    assert await who(at, await sso.token("an@sso")) == "an"
    assert await who(at, first) == (401, "UNAUTHENTICATED")


async def test_while_it_is_down_keys_that_are_known_go_on(at, sso):
    token, other = await sso.token("an@sso"), await sso.token()
    assert await who(at, token) == "an"
    sso.stop()
    for _ in range(3):
        at.clock.now += 600
        assert await who(at, token) == "an"
    assert await who(at, other) == "robot"
    assert await who(at, signed(sso, ec_key("unknown"))) == (401, "UNAUTHENTICATED")


async def test_down_from_the_start_its_tokens_wait_and_all_else_works(identity, sso):
    token = await sso.token("an@sso")
    sso.stop()
    async with site(identity, oidc_issuers=json.dumps([sso.trust()])) as at:
        link(at, sso, "an@sso", 1)
        answer = await ask(at, token)
        assert answer.status_code == 503
        assert answer.json()["errors"][0]["extensions"]["code"] == "ISSUER_UNAVAILABLE"
        assert int(answer.headers["retry-after"]) > 0
        with psycopg.connect(identity) as connection:
            key = keys.ensure(connection)
        ours = signed(sso, key, iss=at.settings.issuer, aud="sangkien", sub="admin", client_id="x")
        assert await who(at, ours) == "admin"
        sso.start()
        assert await who(at, token) == (503, "ISSUER_UNAVAILABLE")
        at.clock.now += 61
        assert await who(at, token) == "an"


async def test_a_description_of_another_issuer_is_not_taken(identity, sso):
    """The provider's issuer is at 127.0.0.1, whatever name reaches it."""
    false = sso.issuer.replace("127.0.0.1", "localhost")
    async with site(identity, oidc_issuers=json.dumps([sso.trust(issuer=false)])) as at:
        token = signed(sso, sso.keys[0], iss=false)
        assert await who(at, token) == (503, "ISSUER_UNAVAILABLE")
        assert await who(at, await sso.token("an@sso")) == (401, "UNAUTHENTICATED")
