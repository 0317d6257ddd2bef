"""Migrate a database to this version's schema, and check its revision."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError

from db.roles import Roles, prepare_database, set_passwords
from db.url import sqlalchemy_url

_NOTE = """
    select set_config('sangkien.action', 'migrate', true),
        set_config('sangkien.address', 'command line', true),
        audit_note('NOTED', null, null, null,
            jsonb_build_object('revision', cast(:revision as text)))
"""
_LOCK = "select pg_advisory_xact_lock(hashtext('sangkien.migrate'))"
_TABLES = """
    select c.relname, (xpath('/row/c/text()', query_to_xml(
        format('select count(*) as c from %I', c.relname), false, true, '')))[1]::text::bigint
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
        and c.relname <> 'alembic_version'
    order by 1
"""
_COLUMNS = """
    select c.relname || '.' || attname
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and attnum > 0
        and not attisdropped and c.relname <> 'alembic_version'
    order by c.relname, attnum
"""


class MigrationError(Exception):
    """The database cannot migrate to the revision; the message is one line."""


def upgrade(
    url: str,
    revision: str = "head",
    *,
    role_urls: tuple[str, ...] = (),
    change_passwords: bool = False,
) -> None:
    """Migrate up to a revision; `url` is that of the role that owns the schema.

    Missing roles, rights and tables are created in one transaction. New roles get the passwords of
    `role_urls`, the reader's and the writer's; with `change_passwords`, existing ones too.

    Raises:
        MigrationError, RolesError: with nothing changed.
    """
    roles = _roles(role_urls)
    with _transaction(url) as (connection, driver):
        before = _known(connection)
        if revision == "base":
            raise MigrationError("the database is at revision base already")
        prepare_database(driver, roles, *role_urls)
        if change_passwords:
            set_passwords(driver, *role_urls)
        _run(connection, command.upgrade, revision, roles)
        _note(connection, before)


def downgrade(url: str, revision: str, *, role_urls: tuple[str, ...] = ()) -> None:
    """Migrate down to a revision; `base` drops everything. Raises MigrationError."""
    with _transaction(url) as (connection, _):
        before = _known(connection)
        _run(connection, command.downgrade, revision, _roles(role_urls))
        _note(connection, before)


def losses(url: str, revision: str, *, role_urls: tuple[str, ...] = ()) -> list[str]:
    """Return a line for each table and column that a downgrade drops, without changing anything.

    The downgrade runs and is rolled back, so it takes its locks. Raises MigrationError.
    """
    with _transaction(url) as (connection, _):
        rows: dict[str, int] = dict(connection.execute(text(_TABLES)).tuples().all())
        columns = list(connection.scalars(text(_COLUMNS)))
        _run(connection, command.downgrade, revision, _roles(role_urls))
        lost = _lost(connection, rows, columns)
        connection.rollback()
    return lost


def is_below(url: str, revision: str) -> bool:
    """Return whether a revision is older than the database's. Raises MigrationError."""
    with _transaction(url) as (connection, _):
        before = _known(connection)
    if before is None:
        return False
    if revision == "base":
        return True
    older = _scripts().iterate_revisions(before, "base")
    return revision in {script.revision for script in older} - {before}


def head() -> str:
    """Return the revision that this code needs."""
    revision = _scripts().get_current_head()
    assert revision is not None
    return revision


def current(connection: Connection) -> str | None:
    """Return the revision of a database; None where nothing was migrated."""
    return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def _transaction(url: str) -> Iterator[tuple[Connection, psycopg.Connection[tuple[Any, ...]]]]:
    """Open one transaction for SQLAlchemy and psycopg, under a lock across processes."""
    engine = create_engine(sqlalchemy_url(url))
    try:
        with engine.begin() as connection:
            connection.execute(text(_LOCK))
            driver = connection.connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            yield connection, driver
    except psycopg.errors.InsufficientPrivilege as error:
        raise _not_the_owner(error) from error
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise _not_the_owner(error.orig) from error
        if isinstance(error.orig, psycopg.OperationalError):
            raise error.orig from error
        raise
    finally:
        engine.dispose()


def _not_the_owner(error: psycopg.Error) -> MigrationError:
    reason = str(error).splitlines()[0]
    return MigrationError(f"{reason}: migrate as the role that owns the database's tables")


def _known(connection: Connection) -> str | None:
    """Return the database's revision. Raises MigrationError for one of a newer version."""
    revision = current(connection)
    known = {script.revision for script in _scripts().walk_revisions()}
    if revision is not None and revision not in known:
        raise MigrationError(
            f"the database is at revision {revision}, which this version does not know: "
            "a newer version of sangkien migrated it"
        )
    return revision


def _run(
    connection: Connection, action: Callable[[Config, str], None], revision: str, roles: Roles
) -> None:
    try:
        action(_config(connection, roles), revision)
    except CommandError as error:
        known = ", ".join(script.revision for script in reversed(list(_scripts().walk_revisions())))
        raise MigrationError(
            f"the database cannot go to revision '{revision}': there are base, {known}"
        ) from error


def _lost(connection: Connection, rows: dict[str, int], columns: list[str]) -> list[str]:
    """Return a line for each table and column that no longer exists."""
    tables = set(connection.scalars(text("select relname from pg_class where relkind = 'r'")))
    gone = [name for name in rows if name not in tables]
    left = set(connection.scalars(text(_COLUMNS)))
    return [
        *(f"table {name}: {rows[name]:,} rows" for name in gone),
        *(
            f"column {name}"
            for name in columns
            if name not in left and name.partition(".")[0] not in gone
        ),
    ]


def _note(connection: Connection, before: str | None) -> None:
    """Record the change of the schema in the audit log, unless the log was dropped as well."""
    after = current(connection)
    if after not in (None, before):
        connection.execute(text(_NOTE), {"revision": after})


def _roles(urls: tuple[str, ...]) -> Roles:
    return Roles.of(*urls) if urls else Roles()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(None, Roles()))


def _config(connection: Connection | None, roles: Roles) -> Config:
    config = Config()
    config.set_main_option("script_location", "db:migrations")
    config.attributes["connection"] = connection
    config.attributes["roles"] = roles
    return config
