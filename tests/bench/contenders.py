"""The compared servers, each with the same number of processes and connections."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests import binding, node
from tests.bench.load import Target
from tests.bench.place import AUDIENCE, ISSUER, ROOT, Place
from tests.bench.questions import (
    IDIOMATIC,
    OURS,
    POSTGRAPHILE,
    Question,
    Subject,
    Words,
    questions,
)
from tests.node import NodeError

PROCESSES = 2
_POOL = 8  # connections of each process
_PATIENCE = 60.0  # seconds for a server to start
_NODE = Path(__file__).parent / "postgraphile"


class ContenderError(Exception):
    """A contender does not start, or its response is not as expected."""


class Contender(NamedTuple):
    """A server under test."""

    name: str
    words: Words
    url: str
    token: str

    def targets(self, subject: Subject, **size: int) -> dict[str, Target]:
        """Return the requests with all questions for this contender."""
        asked = questions(self.words, subject, **size)
        return {name: self.target(question) for name, question in asked.items()}

    def target(self, question: Question) -> Target:
        """Return the request with one question for this contender."""
        return Target(self.url, self.token, [json.dumps(question._asdict())])


class Launch(NamedTuple):
    """The command that starts a server, and its address."""

    name: str
    words: Words
    port: int
    command: Sequence[str]
    environment: Mapping[str, str]


def ask(target: Target) -> Any:
    """Send the question once and return the data. Raises ContenderError."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {target.token}"}
    address = urlsplit(target.url)
    connection = HTTPConnection(address.netloc, timeout=60)
    with contextlib.closing(connection):
        connection.request("POST", address.path, target.bodies[0].encode(), headers)
        response = connection.getresponse()
        text = response.read()
    if response.status != HTTPStatus.OK:
        raise ContenderError(f"{target.url}: {response.status} {text[:500]!r}")
    answer = json.loads(text)
    if "errors" in answer or None in answer["data"].values():
        raise ContenderError(f"{target.url}: {json.dumps(answer)[:500]}")
    return answer["data"]


def install_postgraphile() -> None:
    """Install PostGraphile by its lock file, unless it is installed. Raises ContenderError."""
    try:
        node.install(_NODE)
    except NodeError as error:
        raise ContenderError(str(error)) from error


@contextlib.contextmanager
def ours(place: Place, log: Path) -> Iterator[Contender]:
    """Serve this project."""
    port = _free_port()
    command = [sys.executable, "-m", "api.cli", "serve"]
    command += ["--workers", str(PROCESSES), "--port", str(port)]
    launch = Launch("sangkien", OURS, port, command, _settings(place))
    with _serving(launch, place, log) as contender:
        yield contender


@contextlib.contextmanager
def variant(
    factory: str, place: Place, log: Path, environment: Mapping[str, str]
) -> Iterator[Contender]:
    """Serve this project from an application factory, with one process.

    With two processes, one could get most of the connections.
    """
    port = _free_port()
    settings = {**_settings(place), **environment}
    launch = Launch(factory.rpartition(":")[2], OURS, port, _uvicorn(factory, port, 1), settings)
    with _serving(launch, place, log) as contender:
        yield contender


@contextlib.contextmanager
def idiomatic(place: Place, log: Path) -> Iterator[Contender]:
    """Serve the idiomatic contender."""
    port = _free_port()
    command = _uvicorn("tests.bench.idiomatic_app:from_environment", port)
    environment = {"BENCH_CONFIG": str(_config(place, port, log))}
    launch = Launch("idiomatic", IDIOMATIC, port, command, environment)
    with _serving(launch, place, log) as contender:
        yield contender


@contextlib.contextmanager
def postgraphile(place: Place, log: Path, *, writing: bool = False) -> Iterator[Contender]:
    """Serve PostGraphile, which must be installed; with mutations for the write benchmark."""
    port = _free_port()
    config = _config(place, port, log, writing=writing)
    command = [node.NODE, str(_NODE / "server.mjs"), str(config)]
    environment = {"NODE_ENV": "production", "GRAPHILE_ENV": "production"}
    launch = Launch("PostGraphile", POSTGRAPHILE, port, command, environment)
    with _serving(launch, place, log) as contender:
        yield contender


def _settings(place: Place) -> dict[str, str]:
    return {
        "SANGKIEN_DATABASE_URL": place.url,
        "SANGKIEN_ISSUER": ISSUER,
        "SANGKIEN_AUDIENCE": AUDIENCE,
        "SANGKIEN_POOL_SIZE": str(_POOL),
        "SANGKIEN_RATE": "0",  # one account sends all of the load
    }


def _uvicorn(factory: str, port: int, processes: int = PROCESSES) -> list[str]:
    command = [sys.executable, "-m", "uvicorn", factory, "--factory", "--port", str(port)]
    command += ["--workers", str(processes), "--loop", "uvloop", "--http", "httptools"]
    return [*command, "--no-access-log", "--log-level", "warning"]


def _config(place: Place, port: int, log: Path, *, writing: bool = False) -> Path:
    """Write the settings that bind a caller as our server does: keys, accounts, settings."""
    file = log.with_suffix(".json")
    config = {
        "databaseUrl": place.writer_url if writing else place.reader_url,
        "writing": writing,
        "port": port,
        "processes": PROCESSES,
        "poolSize": _POOL,
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "keys": [place.jwk],
        "settings": {place.account: place.settings(writing=writing)},
        "bindings": {place.account: binding.binding(place.caller.reading)},
    }
    file.write_text(json.dumps(config), encoding="utf-8")
    return file


@contextlib.contextmanager
def _serving(launch: Launch, place: Place, log: Path) -> Iterator[Contender]:
    url = f"http://127.0.0.1:{launch.port}/graphql"
    contender = Contender(launch.name, launch.words, url, place.token)
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            launch.command,
            cwd=ROOT,
            env={**os.environ, **launch.environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait(process, contender, place, log)
            yield contender
        finally:
            _stop(process)


def _wait(
    process: "subprocess.Popen[bytes]", contender: Contender, place: Place, log: Path
) -> None:
    target = contender.targets(place.subject)["small"]
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            ask(target)
        except (OSError, HTTPException, ContenderError) as error:
            if process.poll() is not None or time.monotonic() > end:
                said = log.read_text(encoding="utf-8").strip()[-500:]
                raise ContenderError(f"{contender.name}: {error}: {said}") from error
            time.sleep(0.2)
        else:
            return


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Stop a server and its process group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
