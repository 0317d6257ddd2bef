"""Databases for tests: one embedded server for a run, a template, a clone for each test."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from argon2 import PasswordHasher

from auth import keys
from db import embedded, migrate
from db.embedded import EmbeddedServer
from db.prepare import prepare
from db.seed import demo as demo_data
from tests import postgres15 as debian

# No proxy stands before the servers that tests start.
os.environ["SANGKIEN_DRAIN_SECONDS"] = "0"
_numbers = count()
# Databases are hundreds of files, created and removed for each test, which is slow on a disk.
_MEMORY, _ENOUGH = Path("/dev/shm"), 4 << 30  # noqa: S108 - folders of our own are made there
_LOSSY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """A PostgreSQL without durability, for speed."""
    roomy = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ENOUGH
    home = Path(tempfile.mkdtemp(prefix="sangkien-tests-", dir=_MEMORY if roomy else None))
    home.chmod(0o755)
    running = embedded.start(home, settings=_LOSSY)
    yield running
    running.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres15() -> Iterator[debian.Server]:
    """Debian's PostgreSQL 15, with passwords; tests skip where it is not installed."""
    if not (debian.PROGRAMS / "initdb").exists():
        pytest.skip(
            f"POSTGRESQL 15 IS NOT TESTED: apt-get install postgresql-15 ({debian.PROGRAMS})"
        )
    with debian.running() as server:
        yield server


@pytest.fixture(scope="session")
def template(server: EmbeddedServer) -> str:
    """The name of a migrated, empty database."""
    migrate.upgrade(prepare(server, "template_empty"))
    return "template_empty"


@pytest.fixture
def database(server: EmbeddedServer, template: str) -> Iterator[str]:
    """The owner's URL of a migrated, empty database for one test."""
    name = f"test_{next(_numbers)}"
    yield prepare(server, name, template)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="session")
def _demo_template(server: EmbeddedServer, template: str) -> str:
    """The name of a database with the demo's data that nobody connects to."""
    with psycopg.connect(prepare(server, "template_demo", template)) as connection:
        demo_data.load(connection)
        connection.commit()
        connection.autocommit = True
        connection.execute("vacuum (full, analyze)")
    return "template_demo"


@pytest.fixture(scope="session")
def demo(server: EmbeddedServer, _demo_template: str) -> str:
    """The owner's URL of a database with the demo's data, which tests only read."""
    return prepare(server, "demo_data", _demo_template)


@pytest.fixture
def programme(server: EmbeddedServer, _demo_template: str) -> Iterator[str]:
    """The owner's URL of a database with the demo's data, for one test."""
    name = f"test_{next(_numbers)}"
    yield prepare(server, name, _demo_template)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="session")
def identity_template(server: EmbeddedServer, template: str) -> str:
    """The name of a database with a unit, a signing key and an account of each kind."""
    with psycopg.connect(prepare(server, "template_identity", template)) as connection:
        keys.ensure(connection)
        connection.execute(
            "insert into unit (id, code, name, level, valid_from)"
            " values (1, 'TLD', 'TLD', 'CONFEDERATION', '2020-01-01')"
        )
        connection.execute(
            "insert into person (id, code, name, unit_id, sector)"
            " values (1, 'NV1', 'Nguyễn Văn An', 1, 'PUBLIC')"
        )
        connection.execute(
            "insert into account (id, username, kind, person_id, password_hash)"
            " values (1, 'an', 'PERSON', 1, %(hash)s), (2, 'admin', 'PERSON', null, %(hash)s),"
            " (3, 'robot', 'SERVICE', null, %(hash)s), (4, 'invited', 'PERSON', null, null)",
            {"hash": PasswordHasher().hash("correct horse")},
        )
        connection.execute("alter table account alter column id restart with 100")
        connection.execute(
            "insert into role_grant (account_id, role, unit_id, valid_from)"
            " values (1, 'MEMBER', 1, '2020-01-01'), (2, 'ADMIN', 1, '2020-01-01'),"
            " (3, 'SUPPORT', 1, '2020-01-01')"
        )
    return "template_identity"


@pytest.fixture
def identity(server: EmbeddedServer, identity_template: str) -> Iterator[str]:
    """The owner's URL of a database with a few accounts, for one test."""
    name = f"test_{next(_numbers)}"
    yield prepare(server, name, identity_template)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")
