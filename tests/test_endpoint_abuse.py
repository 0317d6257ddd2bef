"""Attacks on the endpoints for applications, and their traces."""

import logging

import pytest

from api.logs import JsonLine
from auth.issuer.grants import ACCESS_LIFE
from db.rules import secret
from tests.asking import asked, at, code_of, exchange, refreshing, visitor
from tests.visitor import ALL, CLIENT_SECRET, Visitor, site

__all__ = ["at", "visitor"]


async def test_revoking_any_token_of_a_family_ends_them_all(at, visitor):
    at.register("other")
    for kind in ("access_token", "refresh_token"):
        tokens = (await at.token(exchange(await code_of(visitor)))).json()
        form = {"token": tokens[kind], "client_id": "app"}
        foreign = await at.post("/oauth/revoke", {**form, "client_id": "other"})
        assert foreign.json()["error"] == "invalid_grant"
        assert (await at.post("/oauth/revoke", form)).status_code == 200
        at.clock.now += 6
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert (await at.get("/oauth/userinfo", headers=bearer)).status_code == 401
        refused = await at.token(refreshing(tokens["refresh_token"]))
        assert refused.json()["error"] == "invalid_grant"
    unknown = await at.post("/oauth/revoke", {"token": "what is this", "client_id": "app"})
    assert unknown.status_code == 200


async def test_introspection_is_for_those_with_a_secret_and_of_tokens_that_concern_them(
    at, visitor
):
    at.register_robot("api", may_introspect=True)
    at.register_robot("web", grant_types=[])
    tokens = (await at.token(exchange(await code_of(visitor)))).json()

    async def told(token, client="api", password=CLIENT_SECRET):
        answer = await at.post("/oauth/introspect", {"token": token}, auth=(client, password))
        return answer.json()

    access, refresh = await told(tokens["access_token"]), await told(tokens["refresh_token"])
    assert access["active"] is refresh["active"] is True
    assert (access["username"], access["client_id"], access["scope"]) == ("an", "app", ALL)
    assert (access["token_type"], refresh["token_type"]) == ("access_token", "refresh_token")
    assert await told(tokens["access_token"], "web") == {"active": False}
    assert (await told(tokens["access_token"], password="guess"))["error"] == "invalid_client"
    public = await at.post(
        "/oauth/introspect", {"token": tokens["access_token"], "client_id": "app"}
    )
    assert public.status_code == 401
    for garbage in ("x", tokens["id_token"], tokens["access_token"][:-3], "a.b.c", "[" * 3_000):
        assert await told(garbage) == {"active": False}
    at.clock.now += ACCESS_LIFE + 1
    assert await told(tokens["access_token"]) == {"active": False}
    assert (await told(tokens["refresh_token"]))["active"] is True


BODIES = {
    b"grant_type=x&grant_type=y": 400,
    b"token=%00": 400,
    b"token=%ff": 400,
    b"\xff\xfe": 400,
    b"token=" + b"x" * 20_000: 413,
    b"a=1&" * 100: 400,
}


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke", "/oauth/introspect"])
async def test_a_body_that_is_no_form_is_refused_in_json(at, path):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for content, status in BODIES.items():
        answer = await at.post(path, None, content=content, headers=form)
        assert answer.status_code == status, content
        assert answer.json()["error"] == "invalid_request", content
    empty = await at.post(path, None, content=b"", headers=form)
    assert empty.json()["error"] in {"invalid_client", "unsupported_grant_type"}
    other = await at.post(path, None, content=b"{}", headers={"Content-Type": "application/json"})
    assert other.status_code == 415
    assert (await at.get(path)).status_code == 405


NO_CLIENTS = [
    "Basic",
    "Basic !!!",
    "Basic //79",
    "Basic YXBw",
    "Basic OmFwcA==",
    "Basic JTAwOng=",
    "Bearer x",
    "Basic " + "eA" * 5_000,
]


async def test_a_header_that_authenticates_no_client_is_refused(at):
    for authorization in NO_CLIENTS:
        answer = await at.token(
            {"grant_type": "client_credentials"}, headers={"Authorization": authorization}
        )
        assert answer.status_code == 401, authorization
        assert answer.json()["error"] == "invalid_client", authorization
        assert answer.headers["www-authenticate"].startswith("Basic"), authorization


async def test_a_client_proves_itself_in_one_way_and_with_its_own_secret(at):
    at.register_robot()
    form = {"grant_type": "client_credentials"}
    twice = await at.token(
        {**form, "client_id": "robot-app", "client_secret": CLIENT_SECRET},
        auth=("robot-app", CLIENT_SECRET),
    )
    wrong = await at.token(form, auth=("robot-app", "guess"))
    without = await at.token({**form, "client_id": "robot-app"})
    public = await at.token({**form, "client_id": "app"})
    not_its_scope = await at.token({**form, "scope": "openid"}, auth=("robot-app", CLIENT_SECRET))
    in_the_query = await at.post(
        "/oauth/token?client_id=robot-app&client_secret=" + CLIENT_SECRET, form
    )
    assert twice.json()["error"] == "invalid_request"
    for refused in (wrong, without, public, in_the_query):
        assert refused.json()["error"] == "invalid_client"
    assert not_its_scope.json()["error"] == "invalid_scope"


async def test_a_removed_client_gets_nothing_more(at, visitor):
    code = await code_of(visitor)
    at.sql("update oauth_client set removed_at = now()")
    assert (await visitor.go(asked())).response.status_code == 400
    assert (await at.token(exchange(code))).json()["error"] == "invalid_client"


async def test_logs_hold_neither_tokens_nor_passwords_nor_names(identity, caplog):
    caplog.set_level(logging.DEBUG)
    async with site(identity, access_log=True) as at:
        at.register()
        visitor = Visitor(at)
        await visitor.sign_in(password="not the password")
        await visitor.sign_in()
        code = await code_of(visitor)
        tokens = (await at.token(exchange(code))).json()
        second = (await at.token(refreshing(tokens["refresh_token"]))).json()
        await at.token(refreshing(tokens["refresh_token"]))
        await at.token(exchange(code))
    codes = at.sql("select after ->> 'code' from audit_event where kind = 'REFUSED'")
    recorded = str(at.sql("select e::text from audit_event e"))
    ours = [record for record in caplog.records if record.name not in {"httpx", "asyncio"}]
    said = "\n".join(JsonLine().format(record) for record in ours)
    assert said.count("/oauth/token") == 4
    # The account's audit log has the repeated token instead, by its code. The authorization code
    # came when that had ended the family.
    assert sorted(codes) == [("REFRESH_TOKEN_REUSED",), ("WRONG_PASSWORD",)]
    secrets = [
        *("correct horse", "not the password", code),
        *(tokens[name] for name in ("access_token", "refresh_token", "id_token")),
        *(second["access_token"], second["refresh_token"]),
        *visitor.http.cookies.values(),
    ]
    assert [text for text in secrets if text in recorded] == []
    assert [text for text in (*secrets, "203.0.113.5", "Nguyễn") if text in said] == []


async def test_the_database_holds_hashes_of_what_was_handed_out(at, visitor):
    at.register_robot()
    code = await code_of(visitor)
    tokens = (await at.token(exchange(code))).json()
    kept = {
        "authorization_code": ("code_hash", code),
        "refresh_token": ("token_hash", tokens["refresh_token"]),
        "browser_session": ("secret_hash", visitor.http.cookies["__Host-sangkien-session"]),
        "known_device": ("device_hash", visitor.http.cookies["__Host-sangkien-device"]),
        "oauth_client": ("secret_hash", CLIENT_SECRET),
    }
    for table, (column, given) in kept.items():
        rows = at.sql(f"select {column} from {table} where {column} is not null")
        assert secret.hashed(given) in [bytes(value) for (value,) in rows]
        everything = str(at.sql(f"select {table}::text from {table}"))
        assert given not in everything
        assert given.encode().hex() not in everything
