"""Writes db/catalogue/expected.txt: `python -m tests.catalogue`."""

import tempfile
from pathlib import Path

import psycopg

from db import catalogue, embedded, migrate
from db.prepare import prepare
from db.roles import Roles


def fresh(url: str) -> str:
    """Return the text for a migrated database; takes the owner's URL."""
    with psycopg.connect(url) as connection:
        return catalogue.written(catalogue.objects(connection, Roles()))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        home.chmod(0o755)
        server = embedded.start(home, settings={"fsync": "off"})
        try:
            url = prepare(server)
            migrate.upgrade(url)
            catalogue.EXPECTED.write_text(fresh(url), "utf-8")
        finally:
            server.stop()
