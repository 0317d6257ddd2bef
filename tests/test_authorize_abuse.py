"""Attacks on the authorization endpoint, and its responses."""

import pytest

from auth.issuer.clients import is_redirect_uri
from tests.asking import asked, at, visitor
from tests.visitor import ALL, BACK, query_of

__all__ = ["at", "visitor"]


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


async def test_an_answer_of_one_issuer_does_not_pass_for_anothers(at, visitor):
    """Mix-up attack: a client that compares `iss` rejects a code of another issuer."""
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
