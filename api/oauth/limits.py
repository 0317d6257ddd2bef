"""How much one address, and one application at an address, may ask of the issuer.

An address has a rate of its own and a few places at once, fewer by far than the issuer has: so
whoever fills its own share keeps nobody else waiting.
"""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import unquote_plus

from starlette.requests import Request

from api.limits import Crowd, Rate, stranger

EACH_SECOND, AT_ONCE = 20.0, 200  # requests of an address: lasting, and after a pause
OF_CLIENT = (10.0, 100)  # the same of an application at an address
PLACES, EACH_PLACES = 256, 16  # requests that are answered at once: of all, of an address


class Limits:
    """Admits requests to the issuer's addresses."""

    def __init__(self) -> None:
        self._rate = Rate(EACH_SECOND, AT_ONCE)
        self._clients = Rate(*OF_CLIENT)
        self._places = Crowd(PLACES, EACH_PLACES, "requests")

    @contextmanager
    def admitted(self, request: Request) -> Iterator[None]:
        """Hold a place of the request's address while it is answered. Raises LimitedError."""
        caller = stranger(request.client)
        self._rate.take(caller)
        self._places.enter(caller)
        try:
            yield
        finally:
            self._places.leave(caller)

    def take_client(self, request: Request, form: Mapping[str, str]) -> None:
        """Count a request of an application. Raises LimitedError.

        It is counted by its address too: anybody can name it.
        """
        client = form.get("client_id") or _basic(request.headers.get("authorization", ""))
        self._clients.take(f"{client[:64]} {stranger(request.client)}")


def _basic(authorization: str) -> str:
    """Return the name that a header of Basic authentication gives, nothing where it is none."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return unquote_plus(b64decode(encoded).decode().partition(":")[0])
    except ValueError:
        return ""
