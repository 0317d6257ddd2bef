"""The demo's accounts with tokens, for the account menu of the GraphiQL page; demo mode only."""

from datetime import datetime

from joserfc.jwk import ECKey
from starlette.requests import Request
from starlette.responses import JSONResponse

from api.settings import Settings
from auth import keys, tokens
from auth.issuer.issuer import Issuer
from db.issuing import Issuing
from db.seed.demo_accounts import ACCOUNTS

_TTL = 12 * 3600


async def demo_accounts(request: Request) -> JSONResponse:
    """Return every demo account with a token for it."""
    settings: Settings = request.app.state.settings
    issuer: Issuer = request.app.state.issuer
    key = await issuer.run(_key)
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


def _key(connection: Issuing, _: datetime) -> ECKey | None:
    return keys.current(connection)
