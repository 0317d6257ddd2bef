"""Strict and bounded parsing of query and form parameters."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

LARGEST = 16_384  # bytes of a query or a body
_MOST = 40
_FORM = "application/x-www-form-urlencoded"


class ParametersError(Exception):
    """The parameters are invalid; the text uses only the characters that RFC 6749 allows."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def query_of(request: Request) -> dict[str, str]:
    """Return the query parameters. Raises ParametersError."""
    return parsed(request.scope["query_string"])


async def form_of(request: Request) -> dict[str, str]:
    """Return the form parameters. Raises ParametersError, ClientDisconnect."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise ParametersError(f"Send a body of type {_FORM}.", 415)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise ParametersError("The request is too large.", 413)
    return parsed(body)


def parsed(text: bytes) -> dict[str, str]:
    """Return parameters by name, without empty ones. Raises ParametersError."""
    if len(text) > LARGEST:
        raise ParametersError("The request is too large.", 413)
    try:
        pairs = parse_qsl(
            text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST
        )
    except ValueError as error:
        raise ParametersError("The parameters are not well-formed.") from error
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise ParametersError("A parameter was given more than once.")
        if any(ord(character) < ord(" ") or character == "\x7f" for character in name + value):
            raise ParametersError("A parameter holds a control character.")
        found[name] = value
    return {name: value for name, value in found.items() if value}


def check_protocol(parameters: Mapping[str, str]) -> None:
    """Reject characters that OAuth parameters must not contain. Raises ParametersError.

    Authlib repeats some parameters in its error descriptions, where RFC 6749 allows neither quotes
    nor backslashes.
    """
    if not all(value.isascii() for value in parameters.values()):
        raise ParametersError("A parameter holds a character that is not ASCII.")
    for name in ("redirect_uri", "response_type", "client_id"):
        if '"' in parameters.get(name, "") or "\\" in parameters.get(name, ""):
            raise ParametersError(f"The {name} holds a character that it cannot.")
