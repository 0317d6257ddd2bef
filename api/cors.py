"""CORS: the exact origins whose pages may call the API from a browser."""

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
_KEPT = 600  # seconds that a browser caches the result of a preflight


def origin(text: str) -> str:
    """Return a validated origin, as browsers write it. Raises ValueError.

    There is no wildcard, because responses depend on the caller, and cookies can identify it.
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
    """Return the CORS middleware for these origins; an empty list for none.

    Without it no response names an origin, so browsers hide responses from other sites' pages.
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
