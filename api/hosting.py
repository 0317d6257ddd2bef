"""The database that the application runs on."""

import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import psycopg

from api.role_checks import check_owner
from api.settings import Settings
from auth import keys
from db import embedded
from db import migrate as migrations
from db.embedded_supervision import supervised
from db.prepare import prepare

EMBEDDED = "SANGKIEN_SERVER_IS_EMBEDDED"
"""How the processes that serve are told so."""
_OWNER = ("DATABASE_URL", "DATABASE_URL_FILE", "DATABASE_PASSWORD", "DATABASE_PASSWORD_FILE")


class HostingError(Exception):
    """Something around the application is not as it must be; one line says what."""


@contextmanager
def database(config: Settings, *, migrate: bool, supervise: bool = False) -> Iterator[Settings]:
    """Give settings that have a database: as set, or the embedded one while this lasts.

    The embedded server is migrated in any case; another one when asked to. It is brought back when
    it ends where this process is to `supervise` it.
    """
    if config.has_database:
        if migrate:
            check_owner(config)
            migrations.upgrade(config.urls()[0], role_urls=config.urls()[1:])
        yield config
        return
    server = embedded.start(config.home)
    with _in_use(config.home.resolve()) as last:
        try:
            os.environ[EMBEDDED] = "1"
            url = prepare(server)
            migrations.upgrade(url)
            with psycopg.connect(url) as owner:
                keys.ensure(owner)
            with supervised(server) if supervise else nullcontext():
                yield config.model_copy(update={"database_url": url})
        finally:
            if last():
                server.stop()


def check_migrated(config: Settings) -> None:
    """Refuse to serve a database that lacks what `migrate` makes.

    Raises HostingError, psycopg.errors.UndefinedTable.
    """
    reader_url, _ = config.serving_urls()
    with psycopg.connect(reader_url) as reader:
        try:
            reader.execute(keys.PUBLISHED.encode())
        except psycopg.errors.InsufficientPrivilege:
            raise HostingError(
                f"the role {reader.info.user} has no rights in the database; run 'sangkien migrate'"
            ) from None


def give_up_owner(config: Settings) -> None:
    """Take the owner's URL out of this process, and with it out of those that it starts.

    Python can change what it hands on but not the environment that the process was given, which
    others of the same user can read. So where that has the URL, the program starts itself again
    without it.
    """
    held = [f"SANGKIEN_{name}" for name in _OWNER if f"SANGKIEN_{name}" in os.environ]
    if held:
        export(config)
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], dict(os.environ))  # noqa: S606 - this program


def export(config: Settings) -> None:
    """Leave the reader's and the writer's URLs to the processes that serve, and not the owner's."""
    for name, url in zip(("reader_url", "writer_url"), config.serving_urls(), strict=True):
        # A URL or password of its own stays as it was given, so that what is in files stays there.
        if getattr(config, name) is None:
            os.environ[f"SANGKIEN_{name.upper()}"] = url
    for name in _OWNER:
        os.environ.pop(f"SANGKIEN_{name}", None)


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
