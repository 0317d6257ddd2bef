"""Codes and tokens: their binding, and their end."""

from auth.issuer.codes import LIFE as CODE_LIFE
from auth.issuer.families import LIFE as FAMILY_LIFE
from auth.issuer.families import REFRESH_LIFE
from auth.issuer.grants import ACCESS_LIFE
from tests.asking import CHALLENGE, at, code_of, exchange, refreshing, visitor
from tests.visitor import Visitor

__all__ = ["at", "visitor"]


async def test_a_code_is_good_once_and_its_replay_ends_what_it_gave(at, visitor):
    code = await code_of(visitor)
    first = (await at.token(exchange(code))).json()
    bearer = {"Authorization": f"Bearer {first['access_token']}"}
    assert (await at.get("/oauth/userinfo", headers=bearer)).status_code == 200
    replayed = await at.token(exchange(code))
    refreshed = await at.token(refreshing(first["refresh_token"]))
    at.clock.now += 6
    assert replayed.status_code == 400
    assert replayed.json()["error"] == "invalid_grant"
    assert refreshed.json()["error"] == "invalid_grant"
    revoked = await at.get("/oauth/userinfo", headers=bearer)
    assert revoked.status_code == 401
    assert "revoked" in revoked.json()["error_description"]
    query = {"query": "{ viewer { account { username } } }"}
    refused = await at.get("/graphql", params=query, headers=bearer)
    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]


async def test_a_code_expires_after_a_minute(at, visitor):
    in_time, too_late = await code_of(visitor), await code_of(visitor)
    at.clock.now += CODE_LIFE.total_seconds() - 1
    assert (await at.token(exchange(in_time))).status_code == 200
    at.clock.now += 2
    assert (await at.token(exchange(too_late))).json()["error"] == "invalid_grant"


NOT_ITS_OWN = [
    ({"code_verifier": "w" * 43}, "invalid_grant"),
    ({"code_verifier": None}, "invalid_request"),
    ({"code_verifier": CHALLENGE}, "invalid_grant"),
    ({"code_verifier": "v"}, "invalid_request"),
    ({"redirect_uri": "https://app.test/other"}, "invalid_grant"),
    ({"redirect_uri": None}, "invalid_grant"),
    ({"client_id": "other"}, "invalid_grant"),
    ({"client_id": None}, "invalid_client"),
    ({"code": "' or true --"}, "invalid_grant"),
    ({"code": None}, "invalid_request"),
    ({"grant_type": "password"}, "unsupported_grant_type"),
    ({"grant_type": "implicit"}, "unsupported_grant_type"),
    ({"grant_type": None}, "unsupported_grant_type"),
]


async def test_a_code_is_bound_to_its_client_its_uri_and_its_verifier(at, visitor):
    at.register("other")
    code = await code_of(visitor)
    for changes, error in NOT_ITS_OWN:
        refused = await at.token(exchange(code, **changes))
        assert refused.json()["error"] == error, changes
        assert refused.status_code in {400, 401}, changes
        assert refused.headers["cache-control"] == "no-store", changes
    assert (await at.token(exchange(code))).status_code == 200, "the client's own try still counts"


async def test_a_refresh_token_used_twice_ends_the_family(at, visitor):
    first = (await at.token(exchange(await code_of(visitor)))).json()
    second = (await at.token(refreshing(first["refresh_token"]))).json()
    stolen = await at.token(refreshing(first["refresh_token"]))
    after = await at.token(refreshing(second["refresh_token"]))
    at.clock.now += 6
    bearer = {"Authorization": f"Bearer {second['access_token']}"}
    assert stolen.json()["error"] == after.json()["error"] == "invalid_grant"
    assert (await at.get("/oauth/userinfo", headers=bearer)).status_code == 401


async def test_a_refresh_token_is_for_its_client_and_no_wider_than_it_was(at, visitor):
    at.register("other")
    code = await code_of(visitor, scope="sangkien.read")
    token = (await at.token(exchange(code))).json()["refresh_token"]
    foreign = await at.token(refreshing(token, client_id="other"))
    wider = await at.token(refreshing(token, scope="sangkien.read sangkien.write"))
    assert foreign.json()["error"] == "invalid_grant"
    assert wider.json()["error"] == "invalid_scope"
    assert (await at.token(refreshing(token))).json()["scope"] == "sangkien.read"


async def test_refresh_tokens_end_by_disuse_and_families_by_age(at, visitor):
    token = (await at.token(exchange(await code_of(visitor)))).json()["refresh_token"]
    step, begun = REFRESH_LIFE.total_seconds() - 10, at.clock.now
    while at.clock.now + step < begun + FAMILY_LIFE.total_seconds():
        at.clock.now += step
        token = (await at.token(refreshing(token))).json()["refresh_token"]
    at.clock.now = begun + FAMILY_LIFE.total_seconds() + 1
    assert (await at.token(refreshing(token))).json()["error"] == "invalid_grant"
    again = Visitor(at)
    await again.sign_in()
    token = (await at.token(exchange(await code_of(again)))).json()["refresh_token"]
    at.clock.now += REFRESH_LIFE.total_seconds() + 1
    assert (await at.token(refreshing(token))).json()["error"] == "invalid_grant"


async def test_a_disabled_account_gets_no_more_tokens(at, visitor):
    code = await code_of(visitor)
    first = (await at.token(exchange(await code_of(visitor)))).json()
    at.sql("update account set disabled_at = now() where username = 'an'")
    for form in (exchange(code), refreshing(first["refresh_token"])):
        assert (await at.token(form)).json()["error"] == "invalid_grant"
    bearer = {"Authorization": f"Bearer {first['access_token']}"}
    assert (await at.get("/oauth/userinfo", headers=bearer)).status_code == 401
    assert (await visitor.go("/oauth/account")).heading == "Sign in"


async def test_an_access_token_expires(at, visitor):
    token = (await at.token(exchange(await code_of(visitor)))).json()
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    assert token["expires_in"] == ACCESS_LIFE
    at.clock.now += ACCESS_LIFE - 1
    assert (await at.get("/oauth/userinfo", headers=bearer)).status_code == 200
    at.clock.now += 60
    assert (await at.get("/oauth/userinfo", headers=bearer)).status_code == 401
