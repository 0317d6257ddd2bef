"""The first process of an embedded PostgreSQL: found, started and ended."""

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
PANIC_SECONDS = 5  # that a server which cannot start may take to end
POLL_SECONDS = 0.01
# glibc's malloc gives memory back to the kernel whenever a statement ends, and the next one takes a
# page fault for each 4 KiB: a quarter of the time of an answer of half a megabyte. So up to 16 MiB
# stay with a session.
MEMORY = {"MALLOC_TRIM_THRESHOLD_": "16777216", "MALLOC_MMAP_THRESHOLD_": "16777216"}


@dataclass(frozen=True)
class Postmaster:
    """A live server's first process, as its `postmaster.pid` tells of it."""

    pid: int
    data: Path
    socket_folder: Path
    status: str  # starting, ready, stopping or standby

    @property
    def can_be_reached(self) -> bool:
        """Tell whether its socket is where it made it; /tmp may have been swept."""
        return (self.socket_folder / SOCKET_NAME).exists()

    def end(self) -> None:
        """End the server in fast mode (SIGINT) and wait for it.

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
    """Return the live server of a data directory, if there is one."""
    try:
        lines = (data / "postmaster.pid").read_text(errors="surrogateescape").splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return None
    if not _serves(pid, data):
        return None
    lines += [""] * 8  # a server that is only starting has written the first lines
    return Postmaster(pid, data, Path(lines[4].strip()), lines[7].strip())


def find_ready(place: Place) -> Postmaster | None:
    """Return the server that runs in a place once it is ready; end one that cannot be reached.

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
        EmbeddedServerError: with the server's own last complaint, when it does not start.
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
        # A killed server's sessions hold its memory until they notice, which takes them a moment.
        if "shared memory block" not in complaint or time.monotonic() > orphans_deadline:
            raise place.failure(f"did not start: {complaint}")
        time.sleep(POLL_SECONDS)
    raise place.failure(f"was not ready after {START_SECONDS} s")


def _wait_until_ready(place: Place, pid: int, deadline: float, logged: int) -> Postmaster | None:
    """Return the server just started once it is ready, or nothing when it has ended instead.

    It ends by itself once it cannot recover, but for one whose checkpointer found no room.
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
    """Remove the lock files of a server that is no more.

    PostgreSQL looks only whether the process number in them is in use: it would take a zombie, or
    after a restart of the machine some other program of the same user, for a server.
    """
    for lock in (place.data / "postmaster.pid", place.folder / "socket" / f"{SOCKET_NAME}.lock"):
        try:
            line = _command_line(int(lock.read_text(errors="replace").splitlines()[0]))
        except (OSError, ValueError, IndexError):
            continue  # there is none, or PostgreSQL has something to say about it
        if not line or not line[0].endswith(b"postgres"):
            lock.unlink()


def _spawn(place: Place, command: Sequence[str | Path]) -> int:
    """Start a server that outlives us, in its own session, and return its process id.

    The shell in between hands it over to init, so that it is nobody's zombie when it ends; its own
    session keeps a terminal's Ctrl-C from it.
    """
    script = 'log=$1; shift; "$@" </dev/null >>"$log" 2>&1 & echo $!'
    start = ["sh", "-c", script, "sh", place.log, *command]
    result = place.account.run(start, own_session=True, environment=MEMORY)
    if result.returncode != 0:
        raise place.failure(f"did not start: {result.stderr}")
    return int(result.stdout)


def _serves(pid: int, data: Path) -> bool:
    """Tell whether a process is a server on a data directory.

    Its number alone would not do: after a restart of the machine it may be anyone's.
    """
    line = _command_line(pid)
    return bool(line) and line[0].endswith(b"postgres") and os.fsencode(data) in line


def _command_line(pid: int) -> list[bytes]:
    """Return the arguments of a live process, and nothing for a dead one or a zombie."""
    try:
        return [part for part in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") if part]
    except OSError:
        return []


def _last_complaint(log: Path, start: int) -> str:
    """Return the last line of a log that says why a server gave up, from an offset on."""
    try:
        with log.open("rb") as lines:
            lines.seek(start)
            written = lines.read().decode(errors="replace").splitlines()
    except OSError:
        written = []
    fatal = [line for line in written if "FATAL" in line or "PANIC" in line]
    return (fatal or written or ["it left no word"])[-1]
