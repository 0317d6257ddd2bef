"""What attackers try at the issuer's endpoints, and what they get."""

import logging
from urllib.parse import urlencode

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from auth.issuer import secret
from auth.issuer.clients import is_redirect_uri
from auth.issuer.codes import LIFE as CODE_LIFE
from auth.issuer.families import LIFE as FAMILY_LIFE
from auth.issuer.families import REFRESH_LIFE
from auth.issuer.grants import ACCESS_LIFE
from tests.visitor import ALL, BACK, CLIENT_SECRET, Visitor, query_of, site

VERIFIER = "v" * 43
CHALLENGE = create_s256_code_challenge(VERIFIER)


def asked(**changes):
    """An authorization request that is good but for the changes; None leaves out."""
    good = {
        "response_type": "code",
        "client_id": "app",
        "redirect_uri": BACK,
        "scope": ALL,
        "state": "a state",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    query = {name: value for name, value in {**good, **changes}.items() if value is not None}
    return f"/oauth/authorize?{urlencode(query)}"


def exchange(code, /, **changes):
    """A token request for a code."""
    good = {
        "grant_type": "authorization_code",
        "client_id": "app",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def refreshing(token, **changes):
    """A token request for a refresh token."""
    return {"grant_type": "refresh_token", "client_id": "app", "refresh_token": token, **changes}


async def code_of(visitor, **changes):
    return query_of(await visitor.go(asked(**changes)))["code"]


@pytest.fixture
async def at(identity):
    """A site with a public client."""
    async with site(identity) as made:
        made.register()
        yield made


@pytest.fixture
async def visitor(at):
    """Somebody who is signed in."""
    made = Visitor(at)
    await made.sign_in()
    return made


ELSEWHERE = [
    "https://evil.test/back",
    BACK + "/",
    BACK + "/../steal",
    BACK + "?x=1",
    BACK + "#x",
    BACK.upper(),
    BACK[:-1],
    "https://app.test.evil.test/back",
    "https://app.test@evil.test/back",
    "//evil.test",
    "javascript:alert(1)",
    BACK + "\\@evil.test",
    BACK + '"',
    "https://app.test/b%61ck",
    None,
]


async def test_nobody_is_sent_where_the_client_did_not_register(visitor):
    for uri in ELSEWHERE:
        page = await visitor.go(asked(redirect_uri=uri))
        assert page.response.status_code == 400, uri
        assert "location" not in page.response.headers, uri
        assert page.alert.startswith("There is a problem"), uri


NOT_RIGHT = [
    ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"code_challenge": "short"}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unsupported_response_type"),
    ({"scope": "root"}, "invalid_scope"),
    ({"scope": f"{ALL} root"}, "invalid_scope"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"request_uri": "https://evil.test"}, "request_uri_not_supported"),
    ({"prompt": "none login"}, "invalid_request"),
]


async def test_a_request_that_is_not_right_goes_back_with_its_error(visitor):
    for changes, error in NOT_RIGHT:
        page = await visitor.go(asked(**changes))
        assert page.response.headers["location"].startswith(BACK + "?"), changes
        answer = query_of(page)
        assert (answer["error"], answer["state"]) == (error, "a state"), changes
        assert "code" not in answer, changes


UNREADABLE = [
    asked(client_id="nobody"),
    asked(client_id="a'; drop table oauth_client --"),
    asked(client_id=None),
    asked(client_id="app\0"),
    asked(state="\0"),
    asked(state="é"),
    asked(state="x" * 20_000),
    asked() + "&state=another",
    asked() + "&client_id=app",
    asked() + "&nonce=1&nonce=2",
    asked() + "&x=1" * 50,
    asked() + "&%ff=1",
    "/oauth/authorize",
]


async def test_a_request_that_cannot_be_read_is_refused_on_a_page(visitor):
    for query in UNREADABLE:
        page = await visitor.go(query)
        assert page.response.status_code in {400, 413}, query
        assert page.alert, query
        assert "Traceback" not in page.response.text, query


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


async def test_an_answer_of_one_issuer_does_not_pass_for_anothers(at, visitor):
    """Mix-up: a client that compares `iss` notices that a code is not the other issuer's."""
    page = await visitor.go(asked())
    assert query_of(page)["iss"] != "https://honest.test"
    assert page.response.headers["location"].count("iss=") == 1
    twice = await visitor.go(asked() + "&iss=https://honest.test")
    assert query_of(twice)["iss"] == at.settings.issuer


@pytest.mark.parametrize(
    ("uri", "fits"),
    [
        ("https://app.test/back", True),
        ("https://app.test:8443/back?x=1", True),
        ("http://localhost:3000/back", True),
        ("http://127.0.0.1/back", True),
        ("http://[::1]:80/back", True),
        ("vn.example.app:/back", True),
        ("http://app.test/back", False),
        ("https://app.test/back#part", False),
        ("https://*.app.test/back", False),
        ("https://user@app.test/back", False),
        ("https:///back", False),
        ("https://app.test:port/", False),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("app:/back", False),
        ("/back", False),
        ("", False),
        ("https://app.test/é", False),
        ("https://app.test/ back", False),
        ('https://app.test/"', False),
        ("https://app.test\\@evil.test", False),
    ],
)
def test_redirect_uris_that_can_be_registered(uri, fits):
    assert is_redirect_uri(uri) is fits


async def test_logs_hold_neither_tokens_nor_passwords_nor_names(at, caplog):
    caplog.set_level(logging.DEBUG)
    visitor = Visitor(at)
    await visitor.sign_in(password="not the password")
    await visitor.sign_in()
    code = await code_of(visitor)
    tokens = (await at.token(exchange(code))).json()
    second = (await at.token(refreshing(tokens["refresh_token"]))).json()
    await at.token(refreshing(tokens["refresh_token"]))
    await at.token(exchange(code))
    said = "\n".join(record.getMessage() for record in caplog.records if record.name != "httpx")
    assert "used twice" in said
    hidden = [
        *("correct horse", "not the password", "203.0.113.5", "Nguyễn", code),
        *(tokens[name] for name in ("access_token", "refresh_token", "id_token")),
        *(second["access_token"], second["refresh_token"]),
        *visitor.http.cookies.values(),
    ]
    assert [text for text in hidden if text in said] == []


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
