"""The postmaster of an embedded PostgreSQL, its first process: find, start and stop it."""

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from db.embedded_place import SOCKET_NAME, EmbeddedServerError, Place

START_SECONDS = 300  # a crash recovery after a large load can take minutes
STOP_SECONDS = 120  # a fast shutdown writes a checkpoint
ORPHAN_SECONDS = 10  # sessions of a killed server end within milliseconds
PANIC_SECONDS = 5  # time for a server that cannot start to exit by itself
POLL_SECONDS = 0.01
# glibc's malloc returns memory to the kernel whenever a statement ends, and the next statement has
# a page fault for each 4 KiB: a quarter of the time of a response of half a megabyte. So each
# session keeps up to 16 MiB.
MEMORY = {"MALLOC_TRIM_THRESHOLD_": "16777216", "MALLOC_MMAP_THRESHOLD_": "16777216"}


@dataclass(frozen=True)
class Postmaster:
    """The postmaster of a running server, as described in its `postmaster.pid`."""

    pid: int
    data: Path
    socket_folder: Path
    status: str  # starting, ready, stopping or standby

    @property
    def can_be_reached(self) -> bool:
        """Return whether its socket still exists; /tmp may have been cleaned."""
        return (self.socket_folder / SOCKET_NAME).exists()

    def end(self) -> None:
        """Stop the server in fast mode (SIGINT) and wait for its end.

        Raises:
            EmbeddedServerError: when it still runs after `STOP_SECONDS`.
        """
        deadline = time.monotonic() + STOP_SECONDS
        os.kill(self.pid, signal.SIGINT)
        while _serves(self.pid, self.data):
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"embedded PostgreSQL: process {self.pid} still runs on {self.data} "
                    f"{STOP_SECONDS} s after it was asked to stop; look into its log"
                )
            time.sleep(POLL_SECONDS)


def find(data: Path) -> Postmaster | None:
    """Return the running server of a data directory, None where there is none."""
    try:
        lines = (data / "postmaster.pid").read_text(errors="surrogateescape").splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return None
    if not _serves(pid, data):
        return None
    lines += [""] * 8  # a starting server has written only the first lines
    return Postmaster(pid, data, Path(lines[4].strip()), lines[7].strip())


def find_ready(place: Place) -> Postmaster | None:
    """Return a place's running server once it is ready, else None; stop one without a socket.

    Raises:
        EmbeddedServerError: when it is not ready after `START_SECONDS`.
    """
    deadline = time.monotonic() + START_SECONDS
    while (postmaster := find(place.data)) is not None:
        if postmaster.status == "ready":
            if postmaster.can_be_reached:
                return postmaster
            postmaster.end()
        elif time.monotonic() > deadline:
            status = postmaster.status or "starting"
            raise place.failure(f"is still {status} after {START_SECONDS} s")
        time.sleep(POLL_SECONDS)
    return None


def launch(place: Place, command: Sequence[str | Path]) -> Postmaster:
    """Start a server in a place where none runs, and wait until it is ready.

    Raises:
        EmbeddedServerError: with the last error in the server's log, when it does not start.
    """
    _forget_dead(place)
    deadline = time.monotonic() + START_SECONDS
    orphans_deadline = time.monotonic() + ORPHAN_SECONDS
    while time.monotonic() < deadline:
        logged = place.log.stat().st_size if place.log.exists() else 0
        postmaster = _wait_until_ready(place, _spawn(place, command), deadline, logged)
        if postmaster is not None:
            return postmaster
        complaint = _last_complaint(place.log, logged)
        # A killed server's sessions keep its shared memory for the moment until they notice.
        if "shared memory block" not in complaint or time.monotonic() > orphans_deadline:
            raise place.failure(f"did not start: {complaint}")
        time.sleep(POLL_SECONDS)
    raise place.failure(f"was not ready after {START_SECONDS} s")


def _wait_until_ready(place: Place, pid: int, deadline: float, logged: int) -> Postmaster | None:
    """Return the started server once it is ready, or None if it has ended.

    A server that cannot recover exits by itself, except one whose checkpointer found no disk space:
    that one is killed.
    """
    panicked = 0.0
    while _command_line(pid) and time.monotonic() < deadline:
        postmaster = find(place.data)
        if postmaster is not None and postmaster.pid == pid and postmaster.status == "ready":
            return postmaster
        if not panicked and "PANIC" in _last_complaint(place.log, logged):
            panicked = time.monotonic()
        elif panicked and time.monotonic() > panicked + PANIC_SECONDS:
            os.kill(pid, signal.SIGKILL)
        time.sleep(POLL_SECONDS)
    return None


def _forget_dead(place: Place) -> None:
    """Remove the lock files of a server that no longer runs.

    PostgreSQL checks only whether the process number in them is in use: it would mistake a zombie,
    or after a reboot another program of the same user, for a running server.
    """
    for lock in (place.data / "postmaster.pid", place.folder / "socket" / f"{SOCKET_NAME}.lock"):
        try:
            line = _command_line(int(lock.read_text(errors="replace").splitlines()[0]))
        except (OSError, ValueError, IndexError):
            continue  # no lock file, or one that PostgreSQL itself rejects
        if not line or not line[0].endswith(b"postgres"):
            lock.unlink()


def _spawn(place: Place, command: Sequence[str | Path]) -> int:
    """Start a server that outlives this process, in its own session, and return its process id.

    The shell in between makes init its parent, so that it does not remain as a zombie; its own
    session keeps a terminal's Ctrl-C from it.
    """
    script = 'log=$1; shift; "$@" </dev/null >>"$log" 2>&1 & echo $!'
    start = ["sh", "-c", script, "sh", place.log, *command]
    result = place.account.run(start, own_session=True, environment=MEMORY)
    if result.returncode != 0:
        raise place.failure(f"did not start: {result.stderr}")
    return int(result.stdout)


def _serves(pid: int, data: Path) -> bool:
    """Return whether a process is a server on a data directory.

    The process number is not enough: after a reboot it may belong to another program.
    """
    line = _command_line(pid)
    return bool(line) and line[0].endswith(b"postgres") and os.fsencode(data) in line


def _command_line(pid: int) -> list[bytes]:
    """Return the arguments of a running process, an empty list for a dead one or a zombie."""
    try:
        return [part for part in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") if part]
    except OSError:
        return []


def _last_complaint(log: Path, start: int) -> str:
    """Return the log line with the reason of a failed start, read from an offset on."""
    try:
        with log.open("rb") as lines:
            lines.seek(start)
            written = lines.read().decode(errors="replace").splitlines()
    except OSError:
        written = []
    fatal = [line for line in written if "FATAL" in line or "PANIC" in line]
    return (fatal or written or ["it left no word"])[-1]
