"""The demo's accounts with tokens, for the picker of the GraphiQL page; demo mode only."""

import psycopg
from starlette.requests import Request
from starlette.responses import JSONResponse

from api.settings import Settings
from auth import keys, tokens
from db.seed.demo_accounts import ACCOUNTS

_TTL = 12 * 3600


def demo_accounts(request: Request) -> JSONResponse:
    """Answer every demo account with a token for it."""
    settings: Settings = request.app.state.settings
    _, _, writer_url = settings.urls()
    with psycopg.connect(writer_url) as connection:
        key = keys.current(connection)
    if key is None:
        return JSONResponse([])
    issued = [
        {
            "username": account.username,
            "description": account.description,
            "token": tokens.issue(
                key, account.username, issuer=settings.issuer, audience=settings.audience, ttl=_TTL
            ),
        }
        for account in ACCOUNTS
    ]
    return JSONResponse(issued, headers={"Cache-Control": "no-store"})
