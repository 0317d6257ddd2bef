"""What a GraphQL response looks like over HTTP.

With `application/graphql-response+json` the status says how it went; a client that accepts only
`application/json` gets 200 for every well-formed request, as the specification has it.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import orjson
from graphql import GraphQLError
from starlette.datastructures import Headers
from starlette.responses import Response

from db.request_context import CURRENT

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"
_DATA, _ERRORS, _END = b'{"data":', b'{"errors":', b"}"
_HEADERS = {
    "cache-control": "no-store",
    "vary": "Accept, Accept-Encoding, Authorization, Cookie, Origin",
}


def media_type(headers: Headers) -> str:
    """Return the media type that a client is to get."""
    accept = headers.get("accept", "")
    return f"{GRAPHQL_JSON if GRAPHQL_JSON in accept else JSON}; charset=utf-8"


class Data(Response):
    """The data of an operation that ran, and nothing but data."""

    def __init__(self, text: bytes, media: str) -> None:
        """Take the data as JSON text."""
        self.status_code = 200
        self.background = None
        self.body = _DATA + text + _END
        # Encoded once and not for each answer, as this is what nearly all answers are.
        length = str(len(self.body)).encode()
        self.raw_headers = [*_encoded(media), (b"content-length", length)]


@cache
def _encoded(media: str) -> list[tuple[bytes, bytes]]:
    headers = {"content-type": media, **_HEADERS}
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def batch(responses: Sequence[Response]) -> Response:
    """Return several answers in one, in order."""
    text = b"[" + b",".join(bytes(response.body) for response in responses) + b"]"
    return Response(text, media_type=f"{JSON}; charset=utf-8", headers=_HEADERS)


def refused(errors: Sequence[GraphQLError], media: str) -> Response:
    """Return why a well-formed request did not run."""
    status = 400 if media.startswith(GRAPHQL_JSON) else 200
    return _errors([error.formatted for error in errors], status, media)


def errors_in(response: Response) -> bytes:
    """Return the list of errors, as JSON, of an answer that has nothing else."""
    return bytes(response.body)[len(_ERRORS) : -len(_END)]


def failed(
    status: int,
    code: str,
    message: str,
    media: str,
    *,
    headers: dict[str, str] | None = None,
    **facts: Any,
) -> Response:
    """Return one error with a status of its own."""
    error = {"message": message, "extensions": {"code": code, **facts}}
    return _errors([error], status, media, headers)


def _errors(
    errors: Sequence[Any], status: int, media: str, headers: dict[str, str] | None = None
) -> Response:
    return Response(
        orjson.dumps({"errors": _marked(errors)}),
        status_code=status,
        media_type=media,
        headers={**_HEADERS, **(headers or {})},
    )


def _marked(errors: Sequence[Any]) -> list[Any]:
    """Return errors with the id of their request, and note the first one's code for the log."""
    context = CURRENT.get()
    if context is None:
        return list(errors)
    marked = []
    for error in errors:
        extensions = error.get("extensions") or {}
        context.code = context.code or extensions.get("code")
        marked.append({**error, "extensions": {**extensions, "requestId": context.id}})
    return marked
