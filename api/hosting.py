"""The database that the application uses: an external server, or the embedded one."""

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
"""The environment variable by which serving processes detect the embedded server."""
_OWNER = ("DATABASE_URL", "DATABASE_URL_FILE", "DATABASE_PASSWORD", "DATABASE_PASSWORD_FILE")


class HostingError(Exception):
    """A precondition of serving is not met; the text is one line."""


@contextmanager
def database(config: Settings, *, migrate: bool, supervise: bool = False) -> Iterator[Settings]:
    """Yield settings with a database: the configured one, or the embedded one within the block.

    The embedded database is always migrated, a configured one only if `migrate`. With `supervise`
    this process restarts the embedded server when it ends.
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
    """Validate that the database is migrated.

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
    """Remove the owner's URL from this process and from those that it starts.

    Python can change the environment of new processes, but not the one that this process was
    started with, which other processes of the user can read. So if that contains the URL, the
    program restarts itself without it.
    """
    held = [f"SANGKIEN_{name}" for name in _OWNER if f"SANGKIEN_{name}" in os.environ]
    if held:
        export(config)
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], dict(os.environ))  # noqa: S606 - this program


def export(config: Settings) -> None:
    """Pass the URLs of the reader and the writer to serving processes, but not the owner's."""
    for name, url in zip(("reader_url", "writer_url"), config.serving_urls(), strict=True):
        # A role's own URL or password stays as it was set, so that secrets in files stay in files.
        if getattr(config, name) is None:
            os.environ[f"SANGKIEN_{name.upper()}"] = url
    for name in _OWNER:
        os.environ.pop(f"SANGKIEN_{name}", None)


@contextmanager
def _in_use(home: Path) -> Iterator[Callable[[], bool]]:
    """Mark a home folder as in use; yield a function that returns whether no other process is.

    The mark is a file lock, which ends with the process, however it ends.
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
