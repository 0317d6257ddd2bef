"""Watch totals and role grants in this process, and notify watchers of changes.

One statement returns the current marks of everything watched (db/sql/marks.sql). A check follows a
notification (db/announcing.py), with a delay that folds a burst of writes into one, and also runs
every few seconds, for writes without a notification. Without watchers there is neither a connection
nor a check.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from dataclasses import dataclass, field
from typing import NamedTuple

from db.announcing import Listener
from db.outages import OUTAGES, is_outage
from db.sessions import Reader
from db.unavailable import UnavailableError

_LOG = logging.getLogger("sangkien.live")
FOLD = 0.25  # seconds between a notification and the check that follows it
EVERY = 10.0  # seconds between two checks without a notification
_FIRST_LOOK = 10.0  # seconds that a new watcher waits for the first check
_MARKS = """
    select 0 as kind, place, mark from total_marks($1, $2, $3)
    union all
    select 1, place, mark from grant_marks($4)
    order by kind, place
"""


class Total(NamedTuple):
    """A unit's totals in a phase, by its ordinal, or in the whole campaign: 0."""

    unit: str
    campaign: str
    ordinal: int


class Grants(NamedTuple):
    """The role grants of an account, of the public account for None."""

    username: str | None


Thing = Total | Grants


def _future() -> "asyncio.Future[None]":
    return asyncio.get_running_loop().create_future()


@dataclass
class _Watched:
    """The watchers of a thing, and its mark at the last check; `known` after the first check."""

    mark: int | None = None
    known: "asyncio.Future[None]" = field(default_factory=_future)
    watchers: set[asyncio.Event] = field(default_factory=set)


class Watch:
    """Notifies watchers of changes."""

    def __init__(self, reader: Reader, listener: Listener) -> None:
        """Set the reader for the checks, and the listener for notifications of writes."""
        self._reader = reader
        self._listener = listener
        self._watched: dict[Thing, _Watched] = {}
        self._new: set[Thing] = set()
        self._look_at = 0.0
        self._sooner = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def on(self, *things: Thing) -> AsyncIterator[asyncio.Event]:
        """Return an event that is set when one of these changes after the context was entered.

        Raises UnavailableError.
        """
        changed = asyncio.Event()
        watched = [self._add(thing, changed) for thing in things]
        try:
            try:
                async with asyncio.timeout(_FIRST_LOOK):
                    for one in watched:
                        await asyncio.shield(one.known)
            except TimeoutError:
                raise UnavailableError("what is watched could not be looked at") from None
            yield changed
        finally:
            for thing in things:
                self._remove(thing, changed)

    async def close(self) -> None:
        """Stop the checks."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _add(self, thing: Thing, watcher: asyncio.Event) -> _Watched:
        watched = self._watched.get(thing)
        if watched is None or (watched.known.done() and watched.known.exception()):
            watched = self._watched[thing] = _Watched()
            self._new.add(thing)
            self._sooner.set()
        watched.watchers.add(watcher)
        if not self._tasks:
            listening = self._listener.listen(lambda: self._look_within(FOLD))
            # Counts against the server's own share of connections, not the first watcher's.
            self._tasks = [
                asyncio.create_task(work, context=Context()) for work in (self._run(), listening)
            ]
        return watched

    def _remove(self, thing: Thing, watcher: asyncio.Event) -> None:
        watched = self._watched.get(thing)
        if watched is None:
            return
        watched.watchers.discard(watcher)
        if not watched.watchers:
            del self._watched[thing]
            self._new.discard(thing)
        if not self._watched:
            for task in self._tasks:
                task.cancel()
            self._tasks = []

    def _look_within(self, seconds: float) -> None:
        at = asyncio.get_running_loop().time() + seconds
        if at < self._look_at:
            self._look_at = at
            self._sooner.set()

    async def _run(self) -> None:
        """Check new things at once, and all of them when it is time."""
        loop = asyncio.get_running_loop()
        self._look_at = loop.time() + EVERY
        while True:
            self._sooner.clear()
            if self._new:
                new, self._new = self._new, set()
                await self._look(list(new))
            elif (left := self._look_at - loop.time()) > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(left):
                        await self._sooner.wait()
            else:
                self._look_at = loop.time() + EVERY
                await self._look(list(self._watched))

    async def _look(self, things: Sequence[Thing]) -> None:
        looked_at = {thing: self._watched[thing] for thing in things if thing in self._watched}
        try:
            marks = await self._marks(list(looked_at))
        except Exception as error:  # noqa: BLE001 - whatever the error, the check is retried
            if is_outage(error):
                OUTAGES.note(error, "what is watched was not looked at")
            else:
                _LOG.warning("cannot look at what is watched: %s", type(error).__name__)
            for watched in looked_at.values():
                if not watched.known.done():
                    watched.known.set_exception(UnavailableError(str(error)))
                    watched.known.exception()  # marks it as retrieved, as nobody may await it
            return
        for thing, watched in looked_at.items():
            self._compare(watched, marks[thing])

    def _compare(self, watched: _Watched, mark: int | None) -> None:
        if watched.known.done() and watched.mark != mark:
            for watcher in watched.watchers:
                watcher.set()
        watched.mark = mark
        if not watched.known.done():
            watched.known.set_result(None)

    async def _marks(self, things: Sequence[Thing]) -> dict[Thing, int | None]:
        totals = [thing for thing in things if isinstance(thing, Total)]
        accounts = [thing for thing in things if isinstance(thing, Grants)]
        rows = await self._reader.fetch_rows(
            _MARKS,
            [total.unit for total in totals],
            [total.campaign for total in totals],
            [total.ordinal for total in totals],
            [account.username for account in accounts],
        )
        marks = [row["mark"] for row in rows]
        return dict(zip([*totals, *accounts], marks, strict=True))
