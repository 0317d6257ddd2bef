"""Roles and rights on a shared server: `migrate`, and `roles` for its administrator."""

import os
import subprocess
import sys

import psycopg
import pytest

from db import migrate
from db.roles import RolesError
from db.url import with_role
from tests.postgres15 import OWNER_PASSWORD, new_name
from tests.test_cli import run

pytestmark = pytest.mark.postgres15

READER, WRITER = "reader-5b1e-Vt2m", "writer-8d4a-Zx6p"
TABLES = "select count(*) from pg_tables where schemaname = 'public'"


def named(url, name):
    """Return the settings of an installation with roles of its own."""
    return {
        "SANGKIEN_DATABASE_URL": url,
        "SANGKIEN_READER_URL": with_role(url, f"{name}_reader").replace(OWNER_PASSWORD, READER),
        "SANGKIEN_WRITER_URL": with_role(url, f"{name}-writer").replace(OWNER_PASSWORD, WRITER),
    }


def migrated(server, name):
    """The URLs of a migrated installation: the owner's, the reader's and the writer's."""
    urls = tuple(named(server.create(name), name).values())
    migrate.upgrade(urls[0], role_urls=urls[1:])
    return urls


def scalar(url, query, *parameters):
    with psycopg.connect(url) as connection:
        return connection.execute(query, parameters).fetchone()[0]


def refused(done, *lines):
    """Assert that the command failed with these lines, without a Python traceback."""
    assert done.returncode == 1
    assert done.stdout == ""
    told = done.stderr.splitlines()
    assert len(told) == len(lines), done.stderr
    for line, part in zip(told, lines, strict=True):
        assert line.startswith("sangkien: ")
        assert part in line


def test_an_owner_with_createrole_migrates_by_itself_and_twice_changes_nothing(postgres15):
    name = new_name()
    settings = named(postgres15.create(name), name)
    first, second = run("migrate", **settings), run("migrate", **settings)
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert first.stderr == second.stderr == ""
    reader = settings["SANGKIEN_READER_URL"]
    assert scalar(reader, "show default_transaction_read_only") == "on"
    assert scalar(reader, "select count(*) from unit") == 0


def test_two_that_migrate_at_once_follow_one_another(postgres15):
    name = new_name()
    environment = {**os.environ, **named(postgres15.create(name), name)}
    command = [sys.executable, "-m", "api.cli", "migrate"]
    both = [
        subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [(process.communicate()[1], process.returncode) for process in both] == [("", 0)] * 2


def test_a_plain_owner_is_told_each_missing_right_and_nothing_is_half_migrated(postgres15):
    name = new_name()
    url = postgres15.create(name, attributes="nocreaterole")
    settings = named(url, name)
    refused(
        run("migrate", **settings),
        f"role {name}_reader does not exist, and CREATEROLE is missing: "
        "a database administrator runs what 'sangkien roles' prints",
        f"role {name}-writer does not exist",
    )
    assert scalar(url, TABLES) == 0
    assert scalar(url, "select count(*) from pg_extension where extname = 'ltree'") == 0


def test_what_roles_prints_lets_a_plain_owner_migrate(postgres15):
    name = new_name()
    url = postgres15.create(name, attributes="nocreaterole", owns=False)
    settings = named(url, name)
    refused(
        run("migrate", **settings),
        f"role {name}_reader does not exist",
        f"role {name}-writer does not exist",
        f"role {name} may not create in schema public",
        f"every role may connect to the database {name}",
        f"every role may use schema public of {name}",
        "extension ltree needs the right CREATE on the database",
        "extension pg_trgm needs the right CREATE on the database",
        "extension btree_gist needs the right CREATE on the database",
    )
    printed = run("roles", **settings)
    assert printed.stderr == ""
    assert OWNER_PASSWORD not in printed.stdout
    words = f"\\set reader_password {READER}\n\\set writer_password {WRITER}\n"
    postgres15.administer(words + printed.stdout, name)
    postgres15.administer(words + printed.stdout, name)
    done = run("migrate", **settings)
    assert (done.returncode, done.stderr) == (0, "")
    assert scalar(settings["SANGKIEN_READER_URL"], "select count(*) from unit") == 0
    assert scalar(settings["SANGKIEN_WRITER_URL"], "select count(*) from unit") == 0


def test_roles_prints_sql_without_any_setting():
    done = run("roles", SANGKIEN_DATABASE_URL="")
    assert done.returncode == 0
    assert 'create role "sangkien_reader" login' in done.stdout
    assert 'on database "sangkien"' in done.stdout


@pytest.mark.parametrize(
    ("statement", "lines"),
    [
        ('alter role "{0}_reader" reset jit', ["role {0}_reader lacks the settings jit=off"]),
        ('alter role "{0}_reader" nologin', ['run: alter role "{0}_reader" login']),
        ('alter role "{0}_reader" bypassrls', ["role {0}_reader passes row-level security"]),
        ('grant "{0}" to "{0}-writer"', ["role {0}-writer passes row-level security"]),
        (
            "create schema other; alter extension ltree set schema other",
            ["extension ltree is in schema other"],
        ),
        (
            "alter schema public owner to dba; revoke create on schema public from {0}",
            ["role {0} may not create in schema public"],
        ),
        # The owner of a schema is its only role with CREATE: a new owner takes it from the old one.
        (
            "alter schema public owner to dba; grant usage on schema public to public",
            ["role {0} may not create in schema public", "every role may use schema public"],
        ),
        (
            "alter schema public owner to dba; grant all on schema public to {0}, public",
            ["every role may use schema public"],
        ),
    ],
)
def test_each_right_that_is_gone_is_one_line(postgres15, statement, lines):
    name = new_name()
    urls = migrated(postgres15, name)
    postgres15.administer(f"alter role {name} nocreaterole; {statement.format(name)}", name)
    with pytest.raises(RolesError) as error:
        migrate.upgrade(urls[0], role_urls=urls[1:])
    assert len(error.value.problems) == len(lines), error.value.problems
    for problem, line in zip(error.value.problems, lines, strict=True):
        assert line.format(name) in problem


def test_the_password_of_a_role_that_exists_stays_unless_it_is_to_be_set(postgres15):
    name = new_name()
    settings = named(postgres15.create(name), name)
    assert run("migrate", **settings).returncode == 0
    reader = settings["SANGKIEN_READER_URL"]
    changed = {**settings, "SANGKIEN_READER_URL": reader.replace(READER, "another-2c7f-Hn3w")}
    assert run("migrate", **changed).returncode == 0
    assert scalar(reader, "select 1") == 1
    assert run("migrate", "--set-passwords", **changed).returncode == 0
    assert scalar(changed["SANGKIEN_READER_URL"], "select 1") == 1
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(reader)


def test_two_installations_share_a_server_and_neither_reads_the_other(postgres15):
    one, other = (migrated(postgres15, name) for name in (new_name(), new_name()))
    name = one[0].rpartition("/")[2]
    for url in other:
        foreign = url.rpartition("/")[0] + f"/{name}"
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(foreign)
    # Even if they could connect, the schema would be closed to them.
    reader = other[1].rpartition("/")[0] + f"/{name}"
    postgres15.administer(f"grant connect on database {name} to public")
    for call in ("select * from public.unit", "select public.today()"):
        with (
            psycopg.connect(reader) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(call)


@pytest.mark.parametrize(
    ("reader", "told"),
    [
        ("postgresql://a%22b@host/x", "names the role 'a\"b'"),
        ("postgresql://host/x", "names the role ''"),
        ("postgresql://both@host/x", "name one role, 'both'"),
    ],
)
def test_a_role_that_cannot_be_is_told(database, reader, told):
    done = run(
        "migrate",
        SANGKIEN_DATABASE_URL=database,
        SANGKIEN_READER_URL=reader,
        SANGKIEN_WRITER_URL="postgresql://both@host/x",
    )
    refused(done, told)


def test_an_older_revision_is_gone_to_only_on_agreement_and_what_is_lost_is_named(postgres15):
    name = new_name()
    settings = named(postgres15.create(name), name)
    assert run("migrate", **settings).returncode == 0
    url = settings["SANGKIEN_DATABASE_URL"]
    refused_by = run("migrate", "--to", "0002", **settings)
    assert refused_by.returncode == 1
    assert "sangkien: going to 0002 loses what is listed; run it with --yes" in refused_by.stderr
    for lost in ("table access_token: 0 rows", "table external_identity", "oauth_client.read_only"):
        assert lost in refused_by.stderr
    assert scalar(url, "select version_num from alembic_version") == migrate.head()
    everything = run("migrate", "--to", "base", **settings)
    assert "lost: table signing_key: 1 rows" in everything.stderr
    assert scalar(url, TABLES) > 40
    done = run("migrate", "--to", "base", "--yes", **settings)
    assert (done.returncode, done.stdout) == (0, "migrated to base\n")
    assert scalar(url, TABLES) == 1
    assert run("migrate", **settings).returncode == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--to", "0099"], "cannot go to revision '0099': there are base, 0001, 0002"),
        (["--to", "-1"], "cannot go to revision '-1'"),
        (["--to", "'; drop table"], "cannot go to revision"),
    ],
)
def test_a_revision_that_is_not_there_is_told(database, words, told):
    refused(run("migrate", *words, SANGKIEN_DATABASE_URL=database), told)


def test_a_database_of_a_newer_version_is_told(database):
    with psycopg.connect(database) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(migrate.MigrationError, match="revision 9999, which this version does not"):
        migrate.upgrade(database)


def test_a_role_that_does_not_own_the_tables_is_told(postgres15):
    name, other = new_name(), new_name()
    urls = migrated(postgres15, name)
    foreign = postgres15.create(other).rpartition("/")[0] + f"/{name}"
    postgres15.administer(
        f"grant connect on database {name} to {other}; grant usage, create on schema public to"
        f" {other}; grant all on all tables in schema public to {other}",
        name,
    )
    with pytest.raises(migrate.MigrationError, match="as the role that owns the database's tables"):
        migrate.downgrade(foreign, "base", role_urls=urls[1:])


@pytest.mark.parametrize("command", ["migrate", "init", "verify"])
def test_a_server_that_is_not_there_is_one_line(command):
    words = ("--code", "A", "--name", "A", "--admin", "a", "--admin-name", "A")
    url = "postgresql://x@127.0.0.1:1/x"
    done = run(command, *(words if command == "init" else ()), SANGKIEN_DATABASE_URL=url)
    refused(done, "SANGKIEN_DATABASE_URL: no PostgreSQL answers at its host and port")


def test_an_empty_database_is_told_to_be_migrated_before_it_is_verified(postgres15):
    name = new_name()
    settings = named(postgres15.create(name), name)
    refused(run("verify", **settings), "run 'sangkien migrate'")
    refused(run("migrate", "--to", "base", **settings), "at revision base already")
