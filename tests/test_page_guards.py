"""The guards of the pages: forms, headers, input, errors."""

import pytest

from tests.visitor import PASSWORD, Page, Visitor, site

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


async def test_a_form_that_another_site_sends_does_nothing(at):
    at.register(trusted=False)
    token = at.invite()
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
