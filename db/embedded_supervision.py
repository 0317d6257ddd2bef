"""Brings an embedded server back that has ended while it is in use.

One process of those that serve does so: the one that started the others. Several on one home do no
harm, as starting takes turns. How often it did is in a file of the home, for the metrics of the
others.
"""

import logging
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from db.embedded import EmbeddedServer, EmbeddedServerError

_EVERY = 0.5  # seconds between two looks
_SOONEST, _LATEST = 1.0, 30.0  # seconds between two attempts
_COUNT = "restarts"  # the file
_NUMBERS = re.compile("[0-9]+")  # times and process ids are others each time
_LOG = logging.getLogger("sangkien.database")


@contextmanager
def supervised(server: EmbeddedServer) -> Iterator[None]:
    """Bring a server back whenever it has ended, while this lasts."""
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
    """Return how often the server of a home was brought back since it is supervised."""
    try:
        return int((home / _COUNT).read_text() or 0)
    except (OSError, ValueError):
        return 0


def _count(home: Path, times: int) -> None:
    with suppress(OSError):  # a full disk, say: then the figure is late
        (home / _COUNT).write_text(str(times))


def _supervise(server: EmbeddedServer, over: threading.Event) -> None:
    while not over.wait(_EVERY):
        if not server.is_running:
            _bring_back(server, over)


def _bring_back(server: EmbeddedServer, over: threading.Event) -> None:
    """Start the server, as often as it takes; say so once, and why not for each new reason."""
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
