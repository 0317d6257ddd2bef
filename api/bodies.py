"""Strict and bounded parsing of GraphQL requests from HTTP."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request

from api.persisted import Reference

LARGEST_BODY = 100_000  # bytes; also of a GET's parameters
BODY_SECONDS = 10.0  # for the whole body to arrive
LONGEST_ID = 256  # characters of a document's id
_CLOSE = {"Connection": "close"}  # the rest of the body is not read
_LATE = "The body did not arrive in time."
_DOCUMENT = {"query", "documentId", "extensions"}  # parameters that identify a document


class BodyError(Exception):
    """The request is not valid GraphQL over HTTP; `status` is the HTTP status."""

    def __init__(
        self, status: int, code: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers or {}


@dataclass(frozen=True)
class GraphQLRequest:
    """A document or a reference to one, the operation to run, and its variables."""

    query: str | None
    reference: Reference
    operation_name: str | None
    variables: Mapping[str, Any]


async def read_body(request: Request) -> bytes:
    """Return the body of a POST; an oversized body is rejected while it streams.

    Raises BodyError, and ClientDisconnect where the client has gone.
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
    task = asyncio.current_task()
    assert task is not None
    # Does the same as asyncio.timeout at a third of its cost; nearly every body has already
    # arrived.
    late = asyncio.get_running_loop().call_later(BODY_SECONDS, task.cancel, _LATE)
    try:
        return await _stream(request)
    except asyncio.CancelledError as cancelled:
        if cancelled.args != (_LATE,) or task.uncancel():
            raise
        raise BodyError(408, "BODY_TOO_SLOW", _LATE, _CLOSE) from None
    finally:
        late.cancel()


async def _stream(request: Request) -> bytes:
    body = b""
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            raise _too_large()
        more = message.get("more_body", False)
    return body


def parse_body(body: bytes) -> GraphQLRequest:
    """Return the request in the body of a POST. Raises BodyError."""
    return parse_object(_json(body, "The body"))


def is_batch(body: bytes) -> bool:
    """Return whether the body of a POST is a batch: a JSON array of operations."""
    return body.lstrip()[:1] == b"["


def parse_batch(body: bytes, limit: int) -> list[GraphQLRequest]:
    """Return the requests of a batch, in order: at most `limit` operations. Raises BodyError."""
    content = _json(body, "The body")
    if not 0 < len(content) <= limit:
        raise BodyError(400, "BAD_REQUEST", f"Send between 1 and {limit} operations in one body.")
    return [parse_object(item) for item in content]


def parse_parameters(parameters: Mapping[str, str]) -> GraphQLRequest:
    """Return the request in the URL parameters of a GET. Raises BodyError."""
    if sum(map(len, parameters.values())) > LARGEST_BODY:
        raise BodyError(414, "URL_TOO_LONG", "The URL is too long; use POST.")
    content: dict[str, Any] = {name: parameters.get(name) for name in ("query", "documentId")}
    content["operationName"] = parameters.get("operationName") or None
    for name in ("variables", "extensions"):
        text = parameters.get(name)
        content[name] = _json(text.encode("utf-8", "replace"), f"'{name}'") if text else None
    return parse_object(content)


def wants_page(headers: Headers, parameters: Mapping[str, str]) -> bool:
    """Return whether the client is a browser that opens the page, not a client with a query."""
    return "text/html" in headers.get("accept", "") and _DOCUMENT.isdisjoint(parameters)


def _json(text: bytes, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BodyError(400, "BAD_REQUEST", f"{what} must be JSON in UTF-8.") from error


def parse_object(content: Any) -> GraphQLRequest:
    """Return the request in the JSON value of a body or message. Raises BodyError."""
    if isinstance(content, list):
        raise BodyError(400, "BAD_REQUEST", "Send one operation: batches are not taken.")
    if not isinstance(content, dict):
        raise BodyError(400, "BAD_REQUEST", "The body must be a JSON object.")
    query, name = content.get("query"), content.get("operationName")
    variables, extensions = content.get("variables"), content.get("extensions")
    if name is not None and not isinstance(name, str):
        raise BodyError(400, "BAD_REQUEST", "'operationName' must be a string or null.")
    if variables is not None and not isinstance(variables, dict):
        raise BodyError(400, "BAD_REQUEST", "'variables' must be an object or null.")
    if extensions is not None and not isinstance(extensions, dict):
        raise BodyError(400, "BAD_REQUEST", "'extensions' must be an object or null.")
    document_id = content.get("documentId")
    reference = Reference(document_id, _hash((extensions or {}).get("persistedQuery")))
    if document_id is not None:
        _check_id(document_id, query)
    elif query is None and reference.sha256 is not None:
        pass
    elif not isinstance(query, str) or not query:
        raise BodyError(400, "BAD_REQUEST", "'query' must be a GraphQL document, as a string.")
    return GraphQLRequest(query, reference, name, variables or {})


def _check_id(document_id: Any, query: Any) -> None:
    if not isinstance(document_id, str) or not 0 < len(document_id) <= LONGEST_ID:
        raise BodyError(400, "BAD_REQUEST", "'documentId' must be the id of a document.")
    if query is not None:
        raise BodyError(400, "BAD_REQUEST", "Send either 'query' or 'documentId', not both.")


def _hash(persisted: Any) -> str | None:
    """Return the hash in Apollo's `persistedQuery` extension. Raises BodyError."""
    if persisted is None:
        return None
    if not isinstance(persisted, dict) or persisted.get("version") != 1:
        raise BodyError(400, "PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported")
    hash_ = persisted.get("sha256Hash")
    if not isinstance(hash_, str) or not 0 < len(hash_) <= LONGEST_ID:
        raise BodyError(400, "BAD_REQUEST", "'sha256Hash' must be the hash of a document.")
    return hash_


def method_not_allowed(message: str) -> BodyError:
    """Return the error for an HTTP method that the operation does not allow."""
    return BodyError(405, "METHOD_NOT_ALLOWED", message, {"Allow": "GET, POST"})


def _too_large() -> BodyError:
    return BodyError(
        413, "BODY_TOO_LARGE", f"The body exceeds the limit of {LARGEST_BODY:,} bytes.", _CLOSE
    )
