"""Helpers for tests of the embedded PostgreSQL: folders, a starter, another user."""

import os
import pickle
import pwd
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from db import embedded_place, embedded_programs
from db.embedded import EmbeddedServer, start

FAST = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "16MB"}
NOBODY = pwd.getpwnam("nobody")

Starter = Callable[..., EmbeddedServer]


@contextmanager
def open_ground() -> Iterator[Path]:
    """A folder that every account can reach, unlike pytest's own; its name has a space."""
    folder = Path(tempfile.mkdtemp(prefix="sangkien test "))
    folder.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        for module in (embedded_place, embedded_programs):
            patch.setattr(module, "ELSEWHERE", folder / "elsewhere")
        yield folder
    shutil.rmtree(folder)


@contextmanager
def starter(ground: Path) -> Iterator[Starter]:
    """`start` with settings for throw-away data; stops every started server at the end."""
    servers = {}

    def run(home: Path = ground / "home", **settings: str) -> EmbeddedServer:
        servers[home] = server = start(home, settings=FAST | settings)
        return server

    yield run
    for server in servers.values():
        server.stop()


def ask(server: EmbeddedServer, query: str) -> Any:
    """Return the single value of a query."""
    with psycopg.connect(server.url) as connection:
        return connection.execute(query).fetchone()[0]


def process_of(server: EmbeddedServer) -> int:
    """Return the process id of the server."""
    return int((server.data_directory / "postmaster.pid").read_text().splitlines()[0])


def in_child(act: Callable[[], Any], *, user: pwd.struct_passwd | None = None) -> Any:
    """Return the result of a function, or its error, in a child process of another user.

    The child is forked, not started, because that user may not reach Python itself.
    """
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork beside threads, from 3.12 on
        child = os.fork()
    if child == 0:
        try:
            if user is not None:
                os.setgroups([])
                os.setgid(user.pw_gid)
                os.setuid(user.pw_uid)
            result = act()
        except Exception as error:  # noqa: BLE001 the parent is to see any
            result = error
        os.write(writer, pickle.dumps(result))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(answer) if answer else None  # noqa: S301 our own child's
