"""The server processes and their configuration."""

import os
import signal
import socket
import sys
import tempfile
from typing import Any

from api import metrics_access
from api.app import trusted_documents
from api.bodies import LARGEST_BODY
from api.hosting import HostingError, export
from api.listening import is_loopback
from api.manifest import ManifestError
from api.protocols import HttpProtocol, SocketProtocol
from api.settings import Settings
from api.workers import SUPERVISOR, Config, run
from db.transactions import SECONDS

# uvicorn's HTTP and WebSocket options. Frames are not compressed: that would take 300 kB per
# connection, and could reveal secrets in them (see api/compression.py).
PROTOCOLS: dict[str, Any] = {
    "http": HttpProtocol,
    "ws": SocketProtocol,
    "ws_max_size": LARGEST_BODY + 1_000,
    "ws_ping_interval": 20.0,
    "ws_ping_timeout": 20.0,
    "ws_per_message_deflate": False,
    # Longer than a proxy keeps an idle connection (60 seconds by nginx's default): the side that
    # closes it should be the one that sends requests.
    "timeout_keep_alive": 75,
    # api/proxies.py decides which proxies are trusted, not the environment's FORWARDED_ALLOW_IPS.
    "proxy_headers": False,
}


def serve(config: Settings, *, port: int | None, workers: int) -> None:
    """Run the HTTP server until it is stopped. Raises HostingError."""
    config = config.model_copy(update={"port": port or config.port})
    if "issuer" not in config.model_fields_set:
        config.issuer = f"http://localhost:{config.port}"
    _check_port(config.host, config.port, "SANGKIEN_PORT")
    if config.metrics_port == config.port:
        raise HostingError("SANGKIEN_METRICS_PORT and SANGKIEN_PORT are the same; set two ports")
    if config.metrics_port is not None:
        _check_port(config.host, config.metrics_port, "SANGKIEN_METRICS_PORT")
    _check_documents(config)
    export(config)
    for name in ("home", "issuer", "host", "port", "today", "demo"):
        value = getattr(config, name)
        if value is not None:
            os.environ[f"SANGKIEN_{name.upper()}"] = str(value)
    print(f"sangkien: http://{config.host}:{config.port}/graphql", flush=True)  # noqa: T201 - for the operator
    # uvicorn raises the signal that ended it once more. The default handler would then end the
    # process before the embedded server.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory(prefix="sangkien-metrics-") as folder:
        if workers > 1:
            os.environ[SUPERVISOR] = str(os.getpid())
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        metrics_access.listen(config)
        run(
            Config(
                "api.app:from_environment",
                factory=True,
                host=config.host,
                port=config.port,
                workers=workers,
                loop="uvloop",
                **PROTOCOLS,
                # api/logs.py formats uvicorn's log lines too.
                log_config=None,
                log_level="error" if config.log_level == "error" else "warning",
                access_log=False,
                server_header=False,
                date_header=True,
                lifespan="on",
                # A worker responds once it has imported everything. On a busy machine that takes
                # longer than the five seconds after which uvicorn would kill it, again and again.
                timeout_worker_healthcheck=60,
                # Streams end by themselves when the server stops; this is for requests that do not
                # end.
                timeout_graceful_shutdown=SECONDS + 5,
                drain=config.drain,
            )
        )


def _check_documents(config: Settings) -> None:
    try:
        trusted_documents(config)
    except ManifestError as error:
        raise HostingError(f"SANGKIEN_TRUSTED_DOCUMENTS: {error}") from error


def check_reach(config: Settings) -> None:
    """Reject a demo that other machines can reach, and a public server without an issuer's URL.

    Raises HostingError.
    """
    if is_loopback(config.host):
        return
    if config.demo:
        raise HostingError(
            f"the demo gives anybody an administrator's token, and SANGKIEN_HOST={config.host} is "
            "not this machine alone; set it to 127.0.0.1"
        )
    if "issuer" not in config.model_fields_set:
        raise HostingError(
            f"SANGKIEN_ISSUER is not set, and SANGKIEN_HOST={config.host} is not this machine "
            "alone; set it to the https:// address by which people reach the API"
        )


def _check_port(host: str, port: int, setting: str) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "no such address"
        raise HostingError(
            f"port {port} at {host} cannot be used ({reason}); choose another by {setting}"
        ) from error
