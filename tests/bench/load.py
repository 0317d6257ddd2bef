"""The load: clients that each send the next request as soon as they have a response, for a time.

`wrk` (Debian's package of that name) where it is installed, because it uses almost none of the
machine; otherwise clients on uvloop in a process of their own.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_LUA = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer {token}"
local bodies, turn = {{}}, 0
for line in io.lines("{file}") do bodies[#bodies + 1] = line end
function request()
    turn = turn % #bodies + 1
    return wrk.format(nil, nil, nil, bodies[turn])
end
function done(summary, latency)
    local e = summary.errors
    io.write(string.format("\\nmeasured %d %d %d %d %d\\n", summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99),
        e.connect + e.read + e.write + e.status + e.timeout))
end
"""
_FEW = 5  # responses to each client
_OWN = "own clients (uvloop)"


class Measured(NamedTuple):
    """Requests a second, and the median and 99th percentile in milliseconds."""

    rate: float
    p50: float
    p99: float


class LoadError(Exception):
    """Requests failed."""


class Target(NamedTuple):
    """The server and its requests in turn: bodies without line ends."""

    url: str
    token: str
    bodies: Sequence[str]


def generator() -> str:
    """Return the load generator of this machine."""
    return "wrk" if shutil.which("wrk") else _OWN


def measure(target: Target, *, clients: int, seconds: float) -> Measured:
    """Measure for some seconds, or four times as long with so few responses that the end counts.

    Raises LoadError.
    """
    measured = _measure(target, clients, seconds)
    if measured.rate * seconds >= _FEW * clients:
        return measured
    return _measure(target, clients, 4 * seconds)


def _measure(target: Target, clients: int, seconds: float) -> Measured:
    if generator() == "wrk":
        return _wrk(target, clients, seconds)
    command = [sys.executable, "-m", "tests.bench.clients"]
    request = {**target._asdict(), "clients": clients, "seconds": seconds}
    done = subprocess.run(
        command, input=json.dumps(request), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise LoadError(f"{target.url}: {done.stderr.strip()[-500:]}")
    return Measured(*json.loads(done.stdout))


def _wrk(target: Target, clients: int, seconds: float) -> Measured:
    with (
        tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as bodies,
        tempfile.NamedTemporaryFile("w", suffix=".lua", encoding="utf-8") as script,
    ):
        bodies.writelines(f"{body}\n" for body in target.bodies)
        bodies.flush()
        script.write(_LUA.format(file=bodies.name, token=target.token))
        script.flush()
        whole = str(max(1, round(seconds)))
        command = [str(shutil.which("wrk")), "-t1", f"-c{clients}", f"-d{whole}s", "--timeout=30s"]
        done = subprocess.run(
            [*command, "-s", script.name, target.url], capture_output=True, text=True, check=False
        )
    words = done.stdout.partition("\nmeasured ")[2].split()
    if done.returncode != 0 or not words:
        raise LoadError(f"{target.url}: {(done.stderr or done.stdout).strip()[-500:]}")
    requests, duration, p50, p99, errors = map(int, words[:5])
    if errors:
        raise LoadError(f"{target.url}: {errors} of {requests} requests failed")
    return Measured(requests / duration * 1e6, p50 / 1e3, p99 / 1e3)


def others(seconds: float) -> float | None:
    """Return the share of the machine in use while the benchmark is idle; None where unknown."""
    before = _ticks()
    time.sleep(seconds)
    after = _ticks()
    if before is None or after is None:
        return None
    idle, total = (then - now for then, now in zip(after, before, strict=True))
    return 1 - idle / total


def _ticks() -> tuple[int, int] | None:
    """Return the processors' idle time and total time so far, as Linux counts it."""
    try:
        first = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0]
    except OSError:
        return None
    ticks = [int(word) for word in first.split()[1:]]
    return ticks[3] + ticks[4], sum(ticks)


def ceiling(clients: int, seconds: float) -> float:
    """Return the requests a second against a server that does nothing."""
    command = [sys.executable, str(Path(__file__).parent / "nothing.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        try:
            target = Target(f"http://127.0.0.1:{port}/", "none", ["{}"])
            return measure(target, clients=clients, seconds=seconds).rate
        finally:
            server.terminate()
