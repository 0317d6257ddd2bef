"""Answers to a GET that the client has already."""

import hashlib

from starlette.requests import Request
from starlette.responses import Response

_KEEP = "private, no-cache"  # the client may keep it, for itself, and asks again each time


def tag(response: Response, coding: str | None) -> str:
    """Return the strong entity tag of an answer in one of its encodings."""
    digest = hashlib.blake2b(response.body, digest_size=16).hexdigest()
    return f'"{digest}-{coding}"' if coding else f'"{digest}"'


def mark(request: Request, response: Response, coding: str | None) -> bool:
    """Mark an answer with its tag and return whether the client has it already."""
    response.headers["ETag"] = tag(response, coding)
    response.headers["Cache-Control"] = _KEEP
    known = request.headers.get("if-none-match", "")
    return known.strip() == "*" or response.headers["ETag"] in {
        name.strip().removeprefix("W/") for name in known.split(",")
    }


def not_modified(response: Response) -> Response:
    """Return an answer in place of one that the client has."""
    same = ("ETag", "Cache-Control", "Vary")
    return Response(status_code=304, headers={name: response.headers[name] for name in same})
