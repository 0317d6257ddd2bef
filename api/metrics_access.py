"""Access to the metrics: everyone in the demo, the holder of the token, or a separate port."""

import hmac
import threading
from collections.abc import Callable, Iterable
from socketserver import TCPServer, ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.figures import Figures
from api.listening import family_of
from api.metrics import CONTENT_TYPE_LATEST, exposition
from api.settings import Settings

_SECONDS = 10.0  # for a request to arrive
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


async def metrics(request: Request) -> Response:
    """Return the metrics; callers without access get 404."""
    settings: Settings = request.app.state.settings
    given = request.headers.get("authorization")
    if not (_bears(settings.metrics_token, given) or (settings.demo and _is_open(settings))):
        raise HTTPException(404)
    figures: Figures = request.app.state.figures
    await figures.refresh()
    return Response(exposition(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def listen(settings: Settings) -> None:
    """Serve the metrics of all workers at the port in the settings, if there is one.

    The thread ends with the process.
    """
    if settings.metrics_port is None:
        return

    def answer(environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        given = environ.get("HTTP_AUTHORIZATION")
        if settings.metrics_token is not None and not _bears(settings.metrics_token, given):
            start("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
            return [b"Not Found"]
        start("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
        return [exposition()]

    server = _Server((settings.host, settings.metrics_port), _Quiet)
    server.set_app(answer)
    threading.Thread(target=server.serve_forever, daemon=True, name="metrics").start()


def _bears(token: str | None, header: str | None) -> bool:
    """Return whether a header contains the token, in constant time."""
    scheme, _, given = (header or "").partition(" ")
    same = hmac.compare_digest(given.strip().encode(), (token or "").encode())
    return token is not None and scheme.lower() == "bearer" and same


def _is_open(settings: Settings) -> bool:
    return settings.metrics_token is None and settings.metrics_port is None


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[WSGIRequestHandler]) -> None:
        self.address_family = family_of(address[0])
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Bind without HTTPServer's look-up of this machine's name at a name server."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()


class _Quiet(WSGIRequestHandler):
    timeout = _SECONDS

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's
        """Log nothing: scrapes arrive every few seconds."""
