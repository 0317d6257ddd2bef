"""GraphQL responses over HTTP.

With `application/graphql-response+json` the status reflects the result; a client that accepts only
`application/json` gets 200 for every well-formed request (GraphQL over HTTP).
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
    """Return the media type of the response, from the header `Accept`."""
    accept = headers.get("accept", "")
    return f"{GRAPHQL_JSON if GRAPHQL_JSON in accept else JSON}; charset=utf-8"


class Data(Response):
    """The response to an operation that ran: data without errors."""

    def __init__(self, text: bytes, media: str) -> None:
        """Set the data as JSON text."""
        self.status_code = 200
        self.background = None
        self.body = _DATA + text + _END
        # The headers are cached in encoded form, because nearly all responses have the same ones.
        length = str(len(self.body)).encode()
        self.raw_headers = [*_encoded(media), (b"content-length", length)]


@cache
def _encoded(media: str) -> list[tuple[bytes, bytes]]:
    headers = {"content-type": media, **_HEADERS}
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def batch(responses: Sequence[Response]) -> Response:
    """Return several responses as one, in order."""
    text = b"[" + b",".join(bytes(response.body) for response in responses) + b"]"
    return Response(text, media_type=f"{JSON}; charset=utf-8", headers=_HEADERS)


def refused(errors: Sequence[GraphQLError], media: str) -> Response:
    """Return the response to a well-formed request that was rejected."""
    status = 400 if media.startswith(GRAPHQL_JSON) else 200
    return _errors([error.formatted for error in errors], status, media)


def errors_in(response: Response) -> bytes:
    """Return the JSON list of errors of a response that contains only errors."""
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
    """Return a response with one error and an HTTP status of its own."""
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
    """Return errors with the request id added; record the first code in the request context."""
    context = CURRENT.get()
    if context is None:
        return list(errors)
    marked = []
    for error in errors:
        extensions = error.get("extensions") or {}
        context.code = context.code or extensions.get("code")
        marked.append({**error, "extensions": {**extensions, "requestId": context.id}})
    return marked
