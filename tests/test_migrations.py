"""Migrations: up, down, up again, and no drift from the models or the SQL files."""

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from db import migrate
from db.migrations.load import SQL
from db.models import Base
from db.prepare import prepare
from db.roles import set_passwords
from db.url import sqlalchemy_url


def contents(url):
    """Return a database's objects: relations, columns, functions, triggers, policies."""
    queries = (
        """select table_name, column_name, data_type, is_nullable, column_default
           from information_schema.columns where table_schema = 'public' order by 1, 2""",
        """select oid::regprocedure::text, prosrc, pg_get_function_sqlbody(oid) from pg_proc
           where pronamespace = 'public'::regnamespace order by 1""",
        """select tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) from pg_trigger
           where not tgisinternal order by 1, 2""",
        "select tablename, policyname, cmd, qual, with_check from pg_policies order by 1, 2",
        "select indexname, indexdef from pg_indexes where schemaname = 'public' order by 1",
        """select conrelid::regclass::text, conname, pg_get_constraintdef(oid)
           from pg_constraint where connamespace = 'public'::regnamespace order by 1, 2""",
    )
    with psycopg.connect(url) as connection:
        return [connection.execute(query).fetchall() for query in queries]


def test_going_down_and_up_again_ends_where_it_began(server):
    url = prepare(server, "up_and_down")
    migrate.upgrade(url)
    first = contents(url)
    migrate.downgrade(url, "base")
    with psycopg.connect(url) as connection:
        left = connection.execute(
            "select tablename from pg_tables where schemaname = 'public'"
        ).fetchall()
    migrate.upgrade(url)
    assert left == [("alembic_version",)]
    assert contents(url) == first


def test_migrating_a_migrated_database_changes_nothing(database):
    before = contents(database)
    migrate.upgrade(database)
    assert contents(database) == before


def test_the_models_and_the_migrations_agree(database):
    engine = create_engine(sqlalchemy_url(database))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()
    assert differences == []


REPEATABLE = sorted(
    path.stem
    for path in SQL.glob("*.sql")
    if not any(word in path.read_text() for word in ("create policy", "create type", "aggregate"))
)


@pytest.mark.parametrize("name", REPEATABLE)
def test_a_file_of_sql_is_what_the_database_runs(database, name):
    before = contents(database)
    with psycopg.connect(database) as connection:
        text = (SQL / f"{name}.sql").read_text()
        connection.execute(
            text.replace("sangkien_database", psycopg.conninfo.conninfo_to_dict(database)["dbname"])
        )
    assert contents(database) == before


def test_passwords_that_are_set_are_those_of_the_urls_passwords_of_their_urls(server, database):
    reader = "postgresql://sangkien_reader:it%27s%20secret@host/name"
    with psycopg.connect(server.url) as connection:
        set_passwords(connection, reader, "postgresql://sangkien_writer@host/name")
    with psycopg.connect(server.url) as connection:
        kept = dict(
            connection.execute(
                "select rolname, rolpassword from pg_authid where rolname like 'sangkien_%er'"
            ).fetchall()
        )
    assert kept["sangkien_reader"].startswith("SCRAM-SHA-256$")
    assert kept["sangkien_writer"] is None


@pytest.mark.parametrize("revision", ["0001", "0002", "0004"])
def test_going_down_to_a_revision_leaves_nothing_of_later_ones(server, revision):
    url = prepare(server, f"down_to_{revision}")
    migrate.upgrade(url, revision)
    first = contents(url)
    migrate.upgrade(url)
    assert contents(url) != first
    migrate.downgrade(url, revision)
    assert contents(url) == first


@pytest.mark.parametrize(
    ("revision", "column", "plain", "special"),
    [("0004", "revoked_at", "null", "now()"), ("0002", "read_only", "false", "true")],
)
def test_a_client_ends_where_that_it_is_revoked_or_limited_is_not_known(
    server, revision, column, plain, special
):
    url = prepare(server, f"down_from_{column}")
    migrate.upgrade(url)
    with psycopg.connect(url) as connection:
        connection.execute(
            f"insert into oauth_client (client_id, name, grant_types, scope, {column})"
            f" values ('plain', '', '{{}}', '', {plain}), ('special', '', '{{}}', '', {special})"
        )
    migrate.downgrade(url, revision)
    with psycopg.connect(url) as connection:
        rows = connection.execute("select client_id from oauth_client where removed_at is null")
        assert rows.fetchall() == [("plain",)]
