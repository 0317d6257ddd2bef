"""Conditional GET: entity tags, and responses that the client already has."""

import hashlib

from starlette.requests import Request
from starlette.responses import Response

_KEEP = "private, no-cache"  # private to the client, which must revalidate it each time


def tag(response: Response, coding: str | None) -> str:
    """Return the strong entity tag of a response in one content coding."""
    digest = hashlib.blake2b(response.body, digest_size=16).hexdigest()
    return f'"{digest}-{coding}"' if coding else f'"{digest}"'


def mark(request: Request, response: Response, coding: str | None) -> bool:
    """Set the entity tag of a response, and return whether the client already has it."""
    response.headers["ETag"] = tag(response, coding)
    response.headers["Cache-Control"] = _KEEP
    known = request.headers.get("if-none-match", "")
    return known.strip() == "*" or response.headers["ETag"] in {
        name.strip().removeprefix("W/") for name in known.split(",")
    }


def not_modified(response: Response) -> Response:
    """Return 304 in place of a response that the client already has."""
    same = ("ETag", "Cache-Control", "Vary")
    return Response(status_code=304, headers={name: response.headers[name] for name in same})
