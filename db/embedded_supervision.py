"""Restart an embedded server that ends while it is in use.

Only one of the serving processes does this: the one that started the others. Several on one home do
no harm, as a lock serialises the start. The number of restarts is in a file of the home, for the
metrics of the other processes.
"""

import logging
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from db.embedded import EmbeddedServer, EmbeddedServerError

_EVERY = 0.5  # seconds between two checks
_SOONEST, _LATEST = 1.0, 30.0  # seconds between two attempts
_COUNT = "restarts"  # name of the file
_NUMBERS = re.compile("[0-9]+")  # times and process ids, which differ in each message
_LOG = logging.getLogger("sangkien.database")


@contextmanager
def supervised(server: EmbeddedServer) -> Iterator[None]:
    """Restart a server whenever it has ended, until the context exits."""
    _count(server.home, 0)
    over = threading.Event()
    thread = threading.Thread(target=_supervise, args=(server, over), name="supervision")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def revivals(home: Path) -> int:
    """Return how often the server of a home was restarted since its supervision began."""
    try:
        return int((home / _COUNT).read_text() or 0)
    except (OSError, ValueError):
        return 0


def _count(home: Path, times: int) -> None:
    with suppress(OSError):  # a full disk, say: the count then lags
        (home / _COUNT).write_text(str(times))


def _supervise(server: EmbeddedServer, over: threading.Event) -> None:
    while not over.wait(_EVERY):
        if not server.is_running:
            _bring_back(server, over)


def _bring_back(server: EmbeddedServer, over: threading.Event) -> None:
    """Start the server, retrying until it runs; log this once, and each new reason of a failure."""
    _LOG.warning("embedded PostgreSQL has ended (log: %s); it is started again", server.log_file)
    began, pause, said = time.monotonic(), _SOONEST, ""
    while True:
        try:
            revived = server.revive(lambda: not over.is_set())
        except (EmbeddedServerError, OSError) as error:
            reason = _NUMBERS.sub("", str(error))
            if reason != said:
                _LOG.warning("%s; trying again", str(error))
            said = reason
        else:
            if revived:
                _count(server.home, revivals(server.home) + 1)
                _LOG.warning("embedded PostgreSQL is back after %.1f s", time.monotonic() - began)
            return
        if over.wait(pause):
            return
        pause = min(2 * pause, _LATEST)
