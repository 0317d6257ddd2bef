"""The database of a command, and error messages of one line."""

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
    """Prints one line on standard error for each error, and exits with code 1."""

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
    """Yield settings with a database URL: the configured one, or the embedded server's.

    An embedded server is created only with `create`. `check` validates the settings before any
    other step. Raises Failure.
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
        # An unreadable file is not an error of the database.
        lacks = isinstance(error, psycopg.errors.InsufficientPrivilege)
        if isinstance(error, OSError) or not (lacks or is_outage(error)):
            raise
        raise Failure(f"the database cannot be used: {connecting.reason(config, error)}") from None


def _make_embedded(config: Settings, *, create: bool) -> None:
    """Print that an embedded server is being created; without `create`, raise Failure."""
    if not create:
        raise Failure(
            "no database: set SANGKIEN_DATABASE_URL, or SANGKIEN_HOME to the folder of an "
            f"embedded one ({config.home} holds none; 'init', 'demo' and 'serve' make one)"
        )
    made = f"an embedded PostgreSQL is made in {config.home}"
    click.echo(f"sangkien: SANGKIEN_DATABASE_URL is not set: {made}", err=True)


@contextmanager
def owner(config: Settings, action: str) -> Iterator[psycopg.Connection]:
    """Yield a connection of the owner; audit events of its changes carry the command's name."""
    with psycopg.connect(config.owner_url()) as connection:
        connecting.check_version(connection)
        connection.execute(_CONTEXT, [action])
        connection.commit()
        yield connection
