"""Create the owner's role and database on the embedded server."""

import psycopg
from psycopg import sql

from db.embedded import EmbeddedServer

OWNER = "sangkien_owner"
DATABASE = "sangkien"


def prepare(server: EmbeddedServer, database: str = DATABASE, template: str | None = None) -> str:
    """Create the owner's role and a database where missing; return the owner's URL of it."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        # Two processes may start on a fresh server at once.
        connection.execute("select pg_advisory_lock(hashtext('sangkien.prepare'))")
        if not _exists(connection, "select from pg_roles where rolname = %s", OWNER):
            connection.execute(
                sql.SQL("create role {} login createrole").format(sql.Identifier(OWNER))
            )
        if not _exists(connection, "select from pg_database where datname = %s", database):
            like = (
                sql.SQL(" template {} strategy file_copy").format(sql.Identifier(template))
                if template
                else sql.SQL("")
            )
            connection.execute(
                sql.SQL("create database {} owner {}").format(
                    sql.Identifier(database), sql.Identifier(OWNER)
                )
                + like
            )
    return server.url_for(user=OWNER, database=database)


def _exists(connection: psycopg.Connection, query: str, name: str) -> bool:
    return connection.execute(query.encode(), (name,)).fetchone() is not None
