"""What every command of the command line rests on: a database, and one clear line on failure."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
import psycopg

from api import connecting, hosting, settings
from api.connecting import TooOldError
from api.settings import Settings, SettingsError
from db import embedded
from db.embedded import EmbeddedServerError
from db.migrate import MigrationError
from db.outages import is_outage
from db.roles import RolesError

_CONTEXT = """
    select set_config('sangkien.action', %s, false),
        set_config('sangkien.address', 'command line', false)
"""


class Failure(click.ClickException):
    """One clear line on standard error for each thing that is wrong, and exit code 1."""

    def show(self, _: object = None) -> None:
        """Print the lines."""
        for line in self.message.splitlines():
            click.echo(f"sangkien: {line}", err=True)


@contextmanager
def database(
    *,
    migrate: bool,
    create: bool = False,
    supervise: bool = False,
    check: Callable[[Settings], None] = lambda _: None,
) -> Iterator[Settings]:
    """Settings with a database URL: the one that is set, or the embedded server's.

    Only with `create` is an embedded server made where there is none. `check` looks at the
    settings before anything is done.
    """
    config = Settings.model_construct()
    try:
        config = settings.load()
        check(config)
        if not config.has_database and not embedded.exists(config.home):
            _make_embedded(config, create=create)
        with hosting.database(config, migrate=migrate, supervise=supervise) as ready:
            yield ready
    except (
        *(SettingsError, EmbeddedServerError, hosting.HostingError),
        *(MigrationError, RolesError, TooOldError),
    ) as error:
        raise Failure(str(error)) from error
    except psycopg.errors.UndefinedTable as error:
        raise Failure("the database is not migrated: run 'sangkien migrate'") from error
    except Exception as error:
        # A file that cannot be read is none of the database's.
        lacks = isinstance(error, psycopg.errors.InsufficientPrivilege)
        if isinstance(error, OSError) or not (lacks or is_outage(error)):
            raise
        raise Failure(f"the database cannot be used: {connecting.reason(config, error)}") from None


def _make_embedded(config: Settings, *, create: bool) -> None:
    """Print that an embedded server is made, or refuse to make one. Raises Failure."""
    if not create:
        raise Failure(
            "no database: set SANGKIEN_DATABASE_URL, or SANGKIEN_HOME to the folder of an "
            f"embedded one ({config.home} holds none; 'init', 'demo' and 'serve' make one)"
        )
    made = f"an embedded PostgreSQL is made in {config.home}"
    click.echo(f"sangkien: SANGKIEN_DATABASE_URL is not set: {made}", err=True)


@contextmanager
def owner(config: Settings, action: str) -> Iterator[psycopg.Connection]:
    """A connection of the owner, whose changes the audit log has under the command's name."""
    with psycopg.connect(config.owner_url()) as connection:
        connecting.check_version(connection)
        connection.execute(_CONTEXT, [action])
        connection.commit()
        yield connection
