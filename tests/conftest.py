"""Databases for tests: one embedded server a run, a template, a clone for each test."""

import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

from db import embedded, migrate
from db.embedded import EmbeddedServer
from db.prepare import prepare
from db.seed import demo as demo_data

_numbers = count()


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """A PostgreSQL that may lose everything, and so is fast."""
    home = Path(tempfile.mkdtemp(prefix="sangkien-tests-"))
    home.chmod(0o755)
    running = embedded.start(
        home, settings={"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    )
    yield running
    running.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def template(server: EmbeddedServer) -> str:
    """The name of a migrated, empty database."""
    migrate.upgrade(prepare(server, "template_empty"))
    return "template_empty"


@pytest.fixture
def database(server: EmbeddedServer, template: str) -> Iterator[str]:
    """The owner's URL of a migrated, empty database of the test's own."""
    name = f"test_{next(_numbers)}"
    yield prepare(server, name, template)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="session")
def demo(server: EmbeddedServer, template: str) -> str:
    """The owner's URL of a database with the demo's data, which tests only read."""
    url = prepare(server, "demo_data", template)
    with psycopg.connect(url) as connection:
        demo_data.load(connection)
    return url


@pytest.fixture(scope="session")
def _demo_template(server: EmbeddedServer, template: str) -> str:
    """The name of a database with the demo's data that nobody connects to."""
    with psycopg.connect(prepare(server, "template_demo", template)) as connection:
        demo_data.load(connection)
    return "template_demo"


@pytest.fixture
def programme(server: EmbeddedServer, _demo_template: str) -> Iterator[str]:
    """The owner's URL of a database with the demo's data, of the test's own."""
    name = f"test_{next(_numbers)}"
    yield prepare(server, name, _demo_template)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")
