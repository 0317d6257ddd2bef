"""Readiness: whether the reader can read and the writer can write now.

The check uses connections of its own, as those of the requests may all be busy, and ends before a
probe times out. Its result is cached for a second, so that probes cost next to nothing.

The write check leaves no data: a message in the write-ahead log must reach its disk (and a
synchronous standby), and a temporary file needs room on the disk of the data. An insert that is
rolled back would check neither, and leave a dead row each time.
"""

import asyncio
import time
from dataclasses import dataclass

import asyncpg

from db.outages import OUTAGES

WITHIN = 1.8
"""Timeout of a check in seconds; a probe gets its response within two."""
_REMEMBERED = 1.0  # seconds
_REVISION = "select version_num from alembic_version"
_READ_ONLY = "select pg_is_in_recovery() or current_setting('transaction_read_only')::boolean"
# About 1 MB: with so little memory the function's rows go to a temporary file.
_WRITE = """
    begin;
    set local work_mem = '64kB';
    set local synchronous_commit = 'on';
    select count(*) from generate_series(1, 30000);
    select pg_logical_emit_message(true, 'sangkien.ready', '');
    commit
"""


@dataclass(frozen=True)
class Standing:
    """The result of a check: the schema's revision, and the fault, if any."""

    revision: str | None
    wrong: str | None = None


class _Connection:
    """A connection that is opened on first use, and again after a failure."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._open: asyncpg.Connection | None = None

    async def get(self) -> asyncpg.Connection:
        if self._open is None or self._open.is_closed():
            # Without named prepared statements, as a pooler may be in between.
            self._open = await asyncpg.connect(
                self._url,
                timeout=WITHIN,
                statement_cache_size=0,
                server_settings={"application_name": "sangkien-readiness"},
            )
        return self._open

    def drop(self) -> None:
        if self._open is not None:
            self._open.terminate()
            self._open = None


class Readiness:
    """Checks whether the database can be used."""

    def __init__(self, reader_url: str, writer_url: str) -> None:
        """Set the URLs of the roles that read and write."""
        self._reader, self._writer = _Connection(reader_url), _Connection(writer_url)
        self._known: tuple[float, Standing] | None = None
        self._finding: asyncio.Task[Standing] | None = None

    async def standing(self) -> Standing:
        """Return the result within `WITHIN` seconds; concurrent callers share one check."""
        if self._known is not None and time.monotonic() - self._known[0] < _REMEMBERED:
            return self._known[1]
        if self._finding is None:
            self._finding = asyncio.create_task(self._find())
        finding = self._finding
        await asyncio.wait([finding], timeout=WITHIN)
        if finding.done() and not finding.cancelled():
            return finding.result()
        self.close()
        return Standing(None, "down")

    def close(self) -> None:
        """Close the connections, and cancel a running check."""
        if self._finding is not None:
            self._finding.cancel()
            self._finding = None
        self._reader.drop()
        self._writer.drop()

    async def _find(self) -> Standing:
        try:
            found = await self._look()
        except Exception as error:  # noqa: BLE001 - whatever the error, no request can be served
            OUTAGES.note(error, "the server is not ready")
            self._reader.drop()
            self._writer.drop()
            found = Standing(None, "full" if isinstance(error, asyncpg.DiskFullError) else "down")
        self._known, self._finding = (time.monotonic(), found), None
        return found

    async def _look(self) -> Standing:
        revision = await (await self._reader.get()).fetchval(_REVISION)
        writer = await self._writer.get()
        if await writer.fetchval(_READ_ONLY):
            return Standing(revision, "read-only")
        await writer.execute(_WRITE)
        return Standing(revision)
