"""Error texts of the issuer are its own: by code, never with the sent values."""

import html

import pytest

from auth.issuer import words
from tests.asking import asked, at, code_of, exchange, visitor
from tests.test_authorize_abuse import NOT_RIGHT
from tests.test_token_abuse import NOT_ITS_OWN
from tests.visitor import query_of

__all__ = ["at", "visitor"]

OURS = {*words.Words, *words._BY_CODE.values()}


async def test_of_tokens(at, visitor):
    code = await code_of(visitor)
    for changes, error in [*NOT_ITS_OWN, ({"grant_type": "Zz<9>"}, "unsupported_grant_type")]:
        answer = (await at.token(exchange(code, **changes))).json()
        # One of these uses the code up.
        assert answer["error"] in {error, "invalid_grant", "invalid_client"}, changes
        assert answer["error_description"] in OURS, answer


@pytest.mark.parametrize("path", ["/oauth/revoke", "/oauth/introspect"])
async def test_of_what_tokens_are(at, path):
    for form in ({"token": "x"}, {"token": "x", "token_type_hint": "Zz9", "client_id": "pub"}):
        answer = await at.post(path, form)
        body = answer.json()
        assert "error" not in body or body["error_description"] in OURS, body
        assert "Zz9" not in answer.text


async def test_of_authorizations(visitor):
    for changes, error in NOT_RIGHT:
        page = await visitor.go(asked(**changes))
        answer = query_of(page)
        assert answer["error"] == error
        assert answer["error_description"] in OURS, answer


async def test_of_pages(visitor):
    for url in (
        asked(client_id="Zz9"),
        asked(redirect_uri="https://zz9.test"),
        "/oauth/end-session?id_token_hint=Zz9",
    ):
        page = await visitor.go(url)
        text = html.unescape(page.response.text)
        assert page.response.status_code == 400
        assert any(sentence in text for sentence in OURS), text
        assert "zz9" not in page.alert.lower()
