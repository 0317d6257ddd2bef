"""The server processes."""

import os
import signal
import socket
import sys
import tempfile
from typing import Any

from api.app import trusted_documents
from api.bodies import LARGEST_BODY
from api.hosting import HostingError
from api.manifest import ManifestError
from api.protocols import HttpProtocol, SocketProtocol
from api.settings import Settings
from api.workers import SUPERVISOR, Config, run
from db.transactions import SECONDS

# How uvicorn speaks HTTP and WebSocket. Frames are not compressed: that would take 300 kB a
# connection, and be a way to guess what is secret in them (as api/compression.py has it).
PROTOCOLS: dict[str, Any] = {
    "http": HttpProtocol,
    "ws": SocketProtocol,
    "ws_max_size": LARGEST_BODY + 1_000,
    "ws_ping_interval": 20.0,
    "ws_ping_timeout": 20.0,
    "ws_per_message_deflate": False,
    # Longer than a proxy keeps a connection that it does not use (60 seconds by nginx's default):
    # the one that closes it should be the one that sends requests.
    "timeout_keep_alive": 75,
}


def serve(config: Settings, *, port: int | None, workers: int) -> None:
    """Run the HTTP server until it is stopped. Raises HostingError."""
    config = config.model_copy(update={"port": port or config.port})
    if "issuer" not in config.model_fields_set:
        config.issuer = f"http://localhost:{config.port}"
    _check_port(config.host, config.port)
    _check_documents(config)
    for name in (
        "database_url",
        "reader_url",
        "writer_url",
        "home",
        "issuer",
        "host",
        "port",
        "today",
        "demo",
    ):
        value = getattr(config, name)
        if value is not None:
            os.environ[f"SANGKIEN_{name.upper()}"] = str(value)
    print(f"sangkien: http://{config.host}:{config.port}/graphql", flush=True)  # noqa: T201 - for whoever started it
    # uvicorn raises the signal that ended it once more; left to itself it would end the process
    # before the embedded server is.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory(prefix="sangkien-metrics-") as folder:
        if workers > 1:
            os.environ[SUPERVISOR] = str(os.getpid())
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        run(
            Config(
                "api.app:from_environment",
                factory=True,
                host=config.host,
                port=config.port,
                workers=workers,
                loop="uvloop",
                **PROTOCOLS,
                log_level="warning",
                access_log=False,
                server_header=False,
                date_header=True,
                lifespan="on",
                # A worker answers once it has imported everything, which on a busy machine takes
                # longer than the five seconds after which uvicorn would kill it, time and again.
                timeout_worker_healthcheck=60,
                # What lasts ends by itself when the server stops; this is for what does not.
                timeout_graceful_shutdown=SECONDS + 5,
                drain=config.drain,
            )
        )


def _check_documents(config: Settings) -> None:
    try:
        trusted_documents(config)
    except ManifestError as error:
        raise HostingError(f"SANGKIEN_TRUSTED_DOCUMENTS: {error}") from error


def _check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise HostingError(
                f"port {port} at {host} cannot be used ({error.strerror}); "
                "choose another with --port or SANGKIEN_PORT"
            ) from error
