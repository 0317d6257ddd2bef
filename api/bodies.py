"""What a GraphQL request says, read from HTTP strictly and within bounds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.requests import Request

LARGEST_BODY = 100_000  # bytes


class BodyError(Exception):
    """A request that is not one of GraphQL over HTTP; `status` is what HTTP calls that."""

    def __init__(
        self, status: int, code: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers or {}


@dataclass(frozen=True)
class GraphQLRequest:
    """A document, which of its operations to run, and the variables."""

    query: str
    operation_name: str | None
    variables: Mapping[str, Any]


async def read_body(request: Request) -> bytes:
    """Return the body of a POST, refused while it streams once it is too large.

    Raises BodyError, and ClientDisconnect where the caller has gone.
    """
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    if kind.strip().lower() != "application/json":
        raise BodyError(415, "UNSUPPORTED_MEDIA_TYPE", "Send a body of type application/json.")
    charset = parameters.lower().replace(" ", "").replace('"', "")
    if charset and charset not in {"charset=utf-8", "charset=utf8"}:
        raise BodyError(415, "UNSUPPORTED_MEDIA_TYPE", "Send the body in UTF-8.")
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared[:12]) > LARGEST_BODY:
        raise _too_large()
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise _too_large()
    return body


def parse_body(body: bytes) -> GraphQLRequest:
    """Return what a POST asks. Raises BodyError."""
    content = _json(body, "The body")
    if not isinstance(content, dict):
        raise BodyError(400, "BAD_REQUEST", "The body must be a JSON object.")
    return _request(
        content.get("query"),
        content.get("operationName"),
        content.get("variables"),
        content.get("extensions"),
    )


def parse_parameters(parameters: Mapping[str, str]) -> GraphQLRequest:
    """Return what a GET asks by its URL's parameters. Raises BodyError."""
    variables = parameters.get("variables")
    extensions = parameters.get("extensions")
    return _request(
        parameters.get("query"),
        parameters.get("operationName") or None,
        _json(variables.encode("utf-8", "replace"), "'variables'") if variables else None,
        _json(extensions.encode("utf-8", "replace"), "'extensions'") if extensions else None,
    )


def wants_page(headers: Headers, parameters: Mapping[str, str]) -> bool:
    """Whether it is a browser that opens the address, and not a client with a query."""
    return "text/html" in headers.get("accept", "") and "query" not in parameters


def _json(text: bytes, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BodyError(400, "BAD_REQUEST", f"{what} must be JSON in UTF-8.") from error


def _request(query: Any, name: Any, variables: Any, extensions: Any) -> GraphQLRequest:
    if not isinstance(query, str) or not query:
        raise BodyError(400, "BAD_REQUEST", "'query' must be a GraphQL document, as a string.")
    if name is not None and not isinstance(name, str):
        raise BodyError(400, "BAD_REQUEST", "'operationName' must be a string or null.")
    if variables is not None and not isinstance(variables, dict):
        raise BodyError(400, "BAD_REQUEST", "'variables' must be an object or null.")
    if extensions is not None and not isinstance(extensions, dict):
        raise BodyError(400, "BAD_REQUEST", "'extensions' must be an object or null.")
    return GraphQLRequest(query, name, variables or {})


def method_not_allowed(message: str) -> BodyError:
    """Return the error for a method that is not for this."""
    return BodyError(405, "METHOD_NOT_ALLOWED", message, {"Allow": "GET, POST"})


def _too_large() -> BodyError:
    return BodyError(
        413, "BODY_TOO_LARGE", f"The body exceeds the limit of {LARGEST_BODY:,} bytes."
    )
