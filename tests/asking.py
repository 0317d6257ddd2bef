"""Valid requests to the issuer, and their variations."""

from urllib.parse import urlencode

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from tests.visitor import ALL, BACK, Visitor, query_of, site

VERIFIER = "v" * 43
CHALLENGE = create_s256_code_challenge(VERIFIER)


@pytest.fixture
async def at(identity):
    """A site with a public client."""
    async with site(identity) as made:
        made.register()
        yield made


@pytest.fixture
async def visitor(at):
    """A visitor who is signed in."""
    made = Visitor(at)
    await made.sign_in()
    return made


def asked(**changes):
    """Return a valid authorization request with the changes; None omits a parameter."""
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
    """Return a token request for a code."""
    good = {
        "grant_type": "authorization_code",
        "client_id": "app",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def refreshing(token, **changes):
    """Return a token request for a refresh token."""
    return {"grant_type": "refresh_token", "client_id": "app", "refresh_token": token, **changes}


async def code_of(visitor, **changes):
    return query_of(await visitor.go(asked(**changes)))["code"]
