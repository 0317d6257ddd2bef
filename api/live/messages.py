"""The messages of graphql-transport-ws: parsing and formatting.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from typing import Any, NamedTuple

import orjson

PROTOCOL = "graphql-transport-ws"
ACK, PING, PONG = '{"type":"connection_ack"}', '{"type":"ping"}', '{"type":"pong"}'
LONGEST_ID = 128  # characters of an operation's id
_WITH_PAYLOAD = {"connection_init", "ping", "pong"}
_WITH_ID = {"subscribe", "complete"}


class ClosingError(Exception):
    """The server closes a connection, with a code of the protocol and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class GoneError(Exception):
    """The client has disconnected."""


class Message(NamedTuple):
    """A message of a client."""

    type: str
    id: str
    payload: dict[str, Any]


def parse(text: str) -> Message:
    """Return the message in a text. Raises ClosingError."""
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ClosingError(4400, "A message must be JSON") from None
    if not isinstance(content, dict):
        raise ClosingError(4400, "A message must be an object")
    type_, id_, payload = content.get("type"), content.get("id", ""), content.get("payload")
    if type_ not in _WITH_PAYLOAD | _WITH_ID:
        raise ClosingError(4400, "Unknown type of message")
    if type_ in _WITH_ID and not (isinstance(id_, str) and 0 < len(id_) <= LONGEST_ID):
        raise ClosingError(4400, f"'id' must be a string of 1 to {LONGEST_ID} characters")
    if type_ == "subscribe" and payload is None:
        raise ClosingError(4400, "'payload' must be an object")
    if payload is not None and not isinstance(payload, dict):
        raise ClosingError(4400, "'payload' must be an object")
    return Message(type_, id_, payload or {})


def next_(id_: str, data: bytes) -> str:
    """Return the message with one result of an operation; `data` is JSON."""
    return _message(id_, "next", b'{"data":' + data + b"}")


def error(id_: str, errors: bytes) -> str:
    """Return the message that ends an operation with errors; `errors` is a JSON list."""
    return _message(id_, "error", errors)


def complete(id_: str) -> str:
    """Return the message that ends an operation."""
    return orjson.dumps({"id": id_, "type": "complete"}).decode()


def _message(id_: str, type_: str, payload: bytes) -> str:
    return orjson.dumps({"id": id_, "type": type_, "payload": orjson.Fragment(payload)}).decode()
