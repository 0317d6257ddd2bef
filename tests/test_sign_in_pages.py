"""The pages: signing in, passwords, invitations, signing out; and how they are guarded."""

import asyncio
import logging
import statistics
import time
from datetime import UTC, datetime

import psycopg
import pytest

from auth.issuer import invitations, passwords
from auth.issuer.attempts import of_address
from auth.issuer.passwords import BusyError, Passwords
from auth.issuer.sessions import IDLE, LONGEST
from db.seed import demo as demo_data
from tests.visitor import PASSWORD, Page, Visitor, query_of, site

SESSION, DEVICE = "__Host-sangkien-session", "__Host-sangkien-device"
NEW = "a longer passphrase"


@pytest.fixture
async def at(identity):
    """A site where nobody needs a second factor."""
    async with site(identity) as made:
        yield made


@pytest.fixture
async def visitor(at):
    """Somebody with a browser."""
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


async def test_an_unknown_name_is_answered_like_a_wrong_password(at, visitor, caplog):
    caplog.set_level(logging.INFO)
    answers = []
    for username in ("an", "nobody here", "invited", "robot", "public", "an\u0301"):
        page = await visitor.sign_in(username, "wrong")
        answers.append((page.response.status_code, page.alert))
    assert set(answers) == {(422, "There is a problem The username or the password is not right.")}
    assert (await Visitor(at).sign_in("robot")).response.status_code == 422


async def test_an_unknown_name_costs_the_work_of_a_wrong_password(at, visitor, monkeypatch):
    verified = []
    real = Passwords._verify

    def counted(self, password_hash, password):
        began = time.thread_time()
        right = real(self, password_hash, password)
        verified.append(time.thread_time() - began)
        return right

    monkeypatch.setattr(Passwords, "_verify", counted)
    for username in ("an", "nobody here"):
        for _ in range(4):
            await visitor.sign_in(username, "wrong")
    assert len(verified) == 8
    known, unknown = statistics.median(verified[:4]), statistics.median(verified[4:])
    assert 0.5 < known / unknown < 2
    assert not at.app.state.issuer.passwords._hasher.check_needs_rehash(passwords._NOBODY)


async def test_guesses_have_to_wait_ever_longer_but_never_long(at, visitor):
    waits = []
    for _ in range(14):
        page = await visitor.sign_in(password="wrong")
        while page.response.status_code == 429:
            waits.append(int(page.response.headers["retry-after"]))
            at.clock.now += waits[-1]
            page = await visitor.sign_in(password="wrong")
        assert page.response.status_code == 422
    assert [wait - 1 for wait in waits] == [1, 2, 4, 8, 16, 32, 60, 60]


async def test_while_one_waits_the_right_password_is_not_looked_at_either(at, visitor):
    for _ in range(6):
        await visitor.sign_in(password="wrong")
    page = await visitor.sign_in()
    assert page.response.status_code == 429
    assert page.alert.startswith("There is a problem There were too many tries.")
    at.clock.now += 2
    assert (await visitor.sign_in()).heading == "Account"


async def test_unknown_names_have_to_wait_like_known_ones(at, visitor):
    for _ in range(6):
        await visitor.sign_in("nobody here", "wrong")
    assert (await visitor.sign_in("nobody here")).response.status_code == 429


async def test_others_guesses_do_not_lock_out_a_device_that_signed_in_before(at, visitor):
    page = await visitor.sign_in()
    await visitor.submit(page)
    attacker = Visitor(at)  # from the same address
    for _ in range(6):
        await attacker.sign_in(password="wrong")
    assert (await attacker.sign_in()).response.status_code == 429
    assert (await Visitor(at, "198.51.100.9").sign_in()).response.status_code == 429
    assert (await visitor.sign_in()).heading == "Account"


async def test_an_address_that_tries_many_names_has_to_wait(at, visitor):
    for number in range(21):
        await visitor.sign_in(f"name {number}", "wrong")
    assert (await visitor.sign_in()).response.status_code == 429
    assert (await Visitor(at, "198.51.100.9").sign_in()).heading == "Account"


def test_an_address_of_ipv6_counts_with_its_network():
    assert of_address("2001:db8::1") == of_address("2001:db8::ffff")
    assert of_address("2001:db8::1") != of_address("2001:db8:0:1::1")
    assert of_address("::ffff:192.0.2.1") == of_address("192.0.2.1")
    assert of_address("") == of_address("nonsense")


async def test_many_guesses_at_once_do_not_slip_through(at):
    visitors = [Visitor(at) for _ in range(12)]
    pages = await asyncio.gather(*(v.sign_in(password="wrong") for v in visitors))
    statuses = sorted(page.response.status_code for page in pages)
    assert statuses == [422] * 6 + [429] * 6


async def test_more_sign_ins_at_once_than_can_be_worked_off_are_put_off(at, visitor, monkeypatch):
    monkeypatch.setattr(passwords, "_WAITING", 0)
    page = await visitor.sign_in()
    assert page.response.status_code == 503
    assert "busy" in page.alert
    with pytest.raises(BusyError):
        await at.app.state.issuer.passwords.hash("x")


async def test_a_session_from_before_signing_in_is_not_the_one_after(at, visitor):
    """Session fixation: a value that somebody else set or knows does not become a session."""
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


async def test_a_form_that_another_site_sends_does_nothing(at):
    at.register(trusted=False)
    token = invited_by(at)
    consent = (
        "/oauth/authorize?response_type=code&client_id=app&redirect_uri=https://app.test/back"
        "&scope=openid&code_challenge_method=S256&code_challenge=" + "c" * 43
    )
    filled = {
        "/oauth/sign-in": {"username": "admin", "password": PASSWORD},
        "/oauth/password": {"current": PASSWORD, "new": NEW, "repeat": NEW},
        "/oauth/second-factor/enrol": {"code": "123456"},
        "/oauth/end-session": {"any": "field"},
        consent: {"decision": "allow"},
        f"/oauth/invitation/{token}": {"new": NEW, "repeat": NEW},
    }
    visitor, other = Visitor(at), Visitor(at)
    await visitor.sign_in()
    await other.sign_in()
    for path, fields in filled.items():
        page = await visitor.go(path)
        proof = page.fields["csrf"]
        foreign = (await other.go(path)).fields["csrf"]
        tries = [
            (fields, {}),
            ({**fields, "csrf": ""}, {}),
            ({**fields, "csrf": "é"}, {}),
            ({**fields, "csrf": foreign}, {}),
            ({**fields, "csrf": proof}, {"Origin": "https://evil.test"}),
            ({**fields, "csrf": proof}, {"Origin": "null"}),
            ({**fields, "csrf": proof}, {"Origin": "https://issuer.test.evil.test"}),
        ]
        for given, headers in tries:
            answer = await visitor.post(path, given, **headers)
            assert answer.status_code == 403, (path, given, headers)
            assert Page(answer).alert.endswith("load the page again and retry.")
    assert "Signed in as an" in (await visitor.go("/oauth/account")).texts["all"]
    assert at.sql("select count(*) from consent") == [(0,)]
    assert at.sql("select count(*) from invitation") == [(1,)]
    assert (await Visitor(at).sign_in()).heading == "Account"


async def test_a_form_from_before_signing_in_does_nothing_after(visitor):
    before = await visitor.go("/oauth/sign-in")
    await visitor.sign_in()
    answer = await visitor.post("/oauth/end-session", before.fields)
    assert answer.status_code == 403


async def test_every_page_is_guarded_by_its_headers(at, visitor):
    signed_out = ["/oauth/sign-in", "/oauth/signed-out", "/oauth/end-session", "/oauth/authorize"]
    pages = [await visitor.go(path) for path in signed_out]
    pages.append(await visitor.sign_in(password="wrong"))
    pages.append(await visitor.go("/oauth/invitation/none"))
    await visitor.sign_in()
    signed_in = ["/oauth/account", "/oauth/password", "/oauth/second-factor/enrol"]
    pages += [await visitor.go(path) for path in signed_in]
    for page in pages:
        headers = page.response.headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self'" in policy
        assert "unsafe" not in policy
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"
        text = page.response.text
        assert "<script" not in text
        assert "<style" not in text
        assert " style=" not in text
        assert "onload" not in text
    style = await at.get("/oauth/style.css")
    assert style.headers["content-type"].startswith("text/css")


async def test_what_was_typed_comes_back_as_text(visitor):
    page = await visitor.sign_in('"><script>alert(1)</script>', "wrong")
    assert "<script>alert" not in page.response.text
    assert "&lt;script&gt;" in page.response.text


async def test_what_no_field_can_hold_is_refused(visitor):
    page = await visitor.go("/oauth/sign-in")
    for username in ("a\0b", "a\nb"):
        answer = await visitor.post(
            "/oauth/sign-in", {**page.fields, "username": username, "password": "x"}
        )
        assert answer.status_code == 400
    large = await visitor.post("/oauth/sign-in", {**page.fields, "username": "x" * 20_000})
    assert large.status_code == 413
    empty = await visitor.submit(page, username="", password="")
    assert empty.alert == "There is a problem Fill in every field."
    text = await visitor.http.post("/oauth/sign-in", content=b"x")
    assert text.status_code == 415


async def test_sql_in_a_field_is_text(at, visitor):
    page = await visitor.sign_in("' or 1=1; delete from browser_session; --", "' or '1'='1")
    assert page.response.status_code == 422
    assert (await visitor.sign_in()).heading == "Account"


@pytest.mark.parametrize(
    ("accepted", "query", "language"),
    [
        ("", "", "vi"),
        ("fr-FR", "", "vi"),
        ("en-GB,en;q=0.9,vi;q=0.8", "", "en"),
        ("fr, en;q=0.5", "", "en"),
        ("en", "?ui_locales=vi", "vi"),
        ("vi", "?ui_locales=fr%20en-US", "en"),
    ],
)
async def test_pages_speak_vietnamese_or_english(visitor, accepted, query, language):
    response = await visitor.http.get(
        f"/oauth/sign-in{query}", headers={"Accept-Language": accepted}
    )
    assert response.headers["content-language"] == language
    assert f'<html lang="{language}">' in response.text
    assert ("Đăng nhập" in response.text) == (language == "vi")
    after = await visitor.http.get("/oauth/account", follow_redirects=True)
    if query:
        assert f'<html lang="{language}">' in after.text, "the choice is kept"


async def test_changing_the_password_ends_every_other_session_and_token(at, visitor):
    elsewhere = Visitor(at)
    await elsewhere.sign_in()
    await visitor.sign_in()
    page = await visitor.go("/oauth/password")
    problems = [
        ({"current": PASSWORD, "new": "short", "repeat": "short"}, "at least 12"),
        ({"current": PASSWORD, "new": "x" * 201, "repeat": "x" * 201}, "longer than 200"),
        ({"current": PASSWORD, "new": "an" + NEW, "repeat": "an" + NEW}, "contain the username"),
        ({"current": PASSWORD, "new": "1" * 12, "repeat": "1" * 12}, "5 different"),
        ({"current": PASSWORD, "new": NEW, "repeat": NEW + "x"}, "differ"),
        ({"current": PASSWORD}, "Fill in"),
        (
            {"current": "wrong", "new": "sufficiently long", "repeat": "sufficiently long"},
            "current password is not right",
        ),
    ]
    for fields, told in problems:
        page = await visitor.submit(page, **fields)
        assert told in page.alert, fields
    fresh = "sufficiently long"
    before = visitor.http.cookies[SESSION]
    page = await visitor.submit(page, current=PASSWORD, new=fresh, repeat=fresh)
    assert "password was changed" in page.texts["all"]
    assert visitor.http.cookies[SESSION] != before
    assert (await visitor.go("/oauth/account")).heading == "Account"
    assert (await elsewhere.go("/oauth/account")).heading == "Sign in"
    assert (await elsewhere.sign_in()).response.status_code == 422
    assert (await elsewhere.sign_in(password=fresh)).heading == "Account"


async def test_a_wrong_current_password_cannot_be_guessed_at_either(at, visitor):
    await visitor.sign_in()
    page = await visitor.go("/oauth/password")
    for _ in range(6):
        page = await visitor.submit(
            page, current="wrong", new="sufficiently long", repeat="sufficiently long"
        )
    page = await visitor.submit(
        page, current=PASSWORD, new="sufficiently long", repeat="sufficiently long"
    )
    assert "too many tries" in page.alert


def invited_by(at, username="invited"):
    ((account_id,),) = at.sql("select id from account where username = %s", username)
    with psycopg.connect(at.settings.urls()[0]) as connection:
        return invitations.invite(connection, account_id, datetime.fromtimestamp(at.clock.now, UTC))


async def test_an_invitation_sets_a_password_once(at, visitor):
    path = f"/oauth/invitation/{invited_by(at)}"
    await visitor.go(path)  # as a mail scanner might: nothing is used up by looking
    page = await visitor.go(path)
    assert "Your account: invited" in page.texts["all"]
    assert "at least 12" in (await visitor.submit(page, new="short", repeat="short")).alert
    done = await visitor.submit(page, new=NEW, repeat=NEW)
    assert done.heading == "Sign in"
    assert "The password is set" in done.texts["all"]
    assert (await visitor.sign_in("invited", NEW)).heading == "Account"
    again = await visitor.go(path)
    assert again.response.status_code == 404
    assert "was used or has expired" in again.alert


async def test_an_invitation_expires_and_a_newer_one_replaces_it(at, visitor):
    first = f"/oauth/invitation/{invited_by(at)}"
    page = await visitor.go(first)
    second = f"/oauth/invitation/{invited_by(at)}"
    assert (await visitor.go(first)).response.status_code == 404
    assert (await visitor.submit(page, new=NEW, repeat=NEW)).response.status_code == 404
    at.clock.now += invitations.VALID_FOR.total_seconds() - 1
    page = await visitor.go(second)
    assert page.response.status_code == 200
    at.clock.now += 2
    assert (await visitor.submit(page, new=NEW, repeat=NEW)).response.status_code == 404
    assert (await visitor.go("/oauth/invitation/%00")).response.status_code == 404


async def test_the_demos_password_is_good_in_the_demo_alone(database):
    with psycopg.connect(database) as connection:
        demo_data.load(connection)
    async with site(database, demo=True) as at:
        page = await Visitor(at).sign_in("tttt-admin", "demo")
        assert page.heading == "Account"
        assert "“demo”" in (await Visitor(at).go("/oauth/sign-in")).texts["all"]
    async with site(database) as at:
        page = await Visitor(at).sign_in("tttt-admin", "demo")
        assert page.response.status_code == 422
        assert "demo" not in (await Visitor(at).go("/oauth/sign-in")).texts["all"]


async def test_without_a_database_the_pages_say_so(identity):
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    async with site(identity, writer_url=nowhere) as at:
        visitor = Visitor(at)
        shown = await visitor.go("/oauth/sign-in")
        failed = await visitor.submit(shown, username="an", password=PASSWORD)
        token = await at.token({"grant_type": "client_credentials"}, auth=("x", "y"))
    assert failed.response.status_code == 503
    assert "127.0.0.1" not in failed.response.text
    assert token.status_code == 503
    assert token.json()["error"] == "temporarily_unavailable"


async def test_an_unexpected_error_is_masked_and_carries_a_correlation_id(
    at, visitor, monkeypatch, caplog
):
    async def broken(*_: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr("auth.issuer.sign_in.by_password", broken)
    monkeypatch.setattr("auth.issuer.server.Server.create_token_response", None)
    page = await visitor.sign_in()
    token = await at.token({"grant_type": "client_credentials"})
    assert page.response.status_code == token.status_code == 500
    assert "secret" not in page.response.text
    assert page.alert.rsplit(" ", 1)[1] in caplog.text
    assert token.json()["error"] == "server_error"


@pytest.fixture
async def signed_in(at):
    """Somebody who went to an application through the issuer."""
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
