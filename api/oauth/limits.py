"""Limits of requests to the issuer, by client address and by application at an address.

An address has a rate limit and a concurrency limit, both far below the issuer's total. So an
address that uses up its own limit delays no other.
"""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import unquote_plus

from starlette.requests import Request

from api.limits import Crowd, Rate, stranger

EACH_SECOND, AT_ONCE = 20.0, 200  # requests of an address: per second, and in a burst
OF_CLIENT = (10.0, 100)  # the same for an application at an address
PLACES, EACH_PLACES = 256, 16  # concurrent requests: in total, and of an address


class Limits:
    """Applies the limits to requests."""

    def __init__(self) -> None:
        self._rate = Rate(EACH_SECOND, AT_ONCE)
        self._clients = Rate(*OF_CLIENT)
        self._places = Crowd(PLACES, EACH_PLACES, "requests")

    @contextmanager
    def admitted(self, request: Request) -> Iterator[None]:
        """Count a request and occupy a place while it is processed. Raises LimitedError."""
        caller = stranger(request.client)
        self._rate.take(caller)
        self._places.enter(caller)
        try:
            yield
        finally:
            self._places.leave(caller)

    def take_client(self, request: Request, form: Mapping[str, str]) -> None:
        """Count a request of an application. Raises LimitedError.

        The key includes the client address, because anyone can send an application's id.
        """
        client = form.get("client_id") or _basic(request.headers.get("authorization", ""))
        self._clients.take(f"{client[:64]} {stranger(request.client)}")


def _basic(authorization: str) -> str:
    """Return the client id in a Basic Authorization header; empty where there is none."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return unquote_plus(b64decode(encoded).decode().partition(":")[0])
    except ValueError:
        return ""
