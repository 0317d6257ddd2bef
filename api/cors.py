"""Which other sites' pages may call the API from a browser: those on a list, by exact origin."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

_TAKEN = (
    "Accept",
    "Accept-Language",
    "Authorization",
    "Content-Type",
    "If-None-Match",
    "X-Request-Id",
    "X-Sangkien-CSRF",
)
_SHOWN = ("ETag", "Retry-After", "WWW-Authenticate", "X-Request-Id")
_KEPT = 600  # seconds that a browser goes by the answer to its preflight


def origin(text: str) -> str:
    """Return an origin as browsers write it. Raises ValueError.

    There is no wildcard: answers depend on who asks, and cookies may say who that is.
    """
    problem = f"{text!r} is not an origin such as https://app.example.org"
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError(problem) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in text or "*" in text:
        raise ValueError(problem)
    if f"{parts.scheme}://{parts.netloc}" != text or text != text.lower():
        raise ValueError(problem)
    return text


def cors(origins: Sequence[str]) -> list[Middleware]:
    """Return the middleware that lets pages of these origins in; none for none.

    Without it no answer names an origin, and so browsers give none to another site's page.
    """
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=("GET", "POST"),
            allow_headers=_TAKEN,
            allow_credentials=True,
            expose_headers=_SHOWN,
            max_age=_KEPT,
        )
    ]
