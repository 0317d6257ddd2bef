"""Brings a database to the schema of this code, and tells whether it is there."""

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from db.url import sqlalchemy_url

_NOTE = """
    select set_config('sangkien.action', 'migrate', true),
        set_config('sangkien.address', 'command line', true),
        audit_note('NOTED', null, null, null,
            jsonb_build_object('revision', cast(:revision as text)))
"""


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate up to a revision; `url` is that of the role that owns the schema."""
    _run(url, command.upgrade, revision)


def downgrade(url: str, revision: str) -> None:
    """Migrate down to a revision; `base` drops everything."""
    _run(url, command.downgrade, revision)


def set_passwords(owner_url: str, *role_urls: str) -> None:
    """Give the roles of these URLs the passwords in them; those without one stay as they are."""
    with psycopg.connect(owner_url) as connection:
        for url in map(make_url, role_urls):
            if url.username and url.password:
                connection.execute(
                    sql.SQL("alter role {} password {}").format(
                        sql.Identifier(url.username), sql.Literal(str(url.password))
                    )
                )


def head() -> str:
    """Return the revision that this code needs."""
    revision = ScriptDirectory.from_config(_config(None)).get_current_head()
    assert revision is not None
    return revision


def current(connection: Connection) -> str | None:
    """Return the revision that a database is at; None where nothing was migrated."""
    return MigrationContext.configure(connection).get_current_revision()


def _run(url: str, action: object, revision: str) -> None:
    engine = create_engine(sqlalchemy_url(url))
    try:
        with engine.begin() as connection:
            # Two processes that start together migrate one after the other.
            connection.execute(text("select pg_advisory_xact_lock(hashtext('sangkien.migrate'))"))
            before = current(connection)
            action(_config(connection), revision)  # type: ignore[operator]
            _note(connection, before)
    finally:
        engine.dispose()


def _note(connection: Connection, before: str | None) -> None:
    """Note in the audit log that the schema was changed; not once the log is gone with the rest."""
    after = current(connection)
    if after not in (None, before):
        connection.execute(text(_NOTE), {"revision": after})


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", "db:migrations")
    config.attributes["connection"] = connection
    return config
