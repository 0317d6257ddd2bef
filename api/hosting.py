"""The database that the application runs on."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from api.settings import Settings
from db import embedded
from db import migrate as migrations
from db.prepare import prepare

EMBEDDED = "SANGKIEN_SERVER_IS_EMBEDDED"
"""How the processes that serve are told so."""


class HostingError(Exception):
    """Something around the application is not as it must be; one line says what."""


@contextmanager
def database(config: Settings, *, migrate: bool) -> Iterator[Settings]:
    """Give settings that have a database: as set, or the embedded one while this lasts.

    The embedded server is migrated in any case; another one when asked to.
    """
    if config.database_url is not None:
        if migrate:
            migrations.upgrade(config.database_url, role_urls=config.urls()[1:])
        yield config
        return
    server = embedded.start(config.home)
    with _in_use(config.home.resolve()) as last:
        try:
            os.environ[EMBEDDED] = "1"
            url = prepare(server)
            migrations.upgrade(url)
            yield config.model_copy(update={"database_url": url})
        finally:
            if last():
                server.stop()


@contextmanager
def _in_use(home: Path) -> Iterator[Callable[[], bool]]:
    """Mark a home as used while this lasts; gives a function that says whether nobody else does.

    The mark is a file lock, which ends with the process however that ends.
    """
    with (home / "in-use.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)

        def last() -> bool:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        yield last


def check_roles(config: Settings) -> None:
    """Refuse to serve as a role that row-level security does not hold. Raises HostingError."""
    _, reader, writer = config.urls()
    for url in (reader, writer):
        with psycopg.connect(url) as connection:
            row = connection.execute(
                "select rolname, rolsuper or rolbypassrls or exists ("
                " select from pg_tables where schemaname = 'public' and tableowner = rolname)"
                " from pg_roles where rolname = current_user"
            ).fetchone()
        assert row is not None
        if row[1]:
            raise HostingError(
                f"the role {row[0]} passes row-level security; "
                "set SANGKIEN_READER_URL and SANGKIEN_WRITER_URL to roles that do not"
            )
