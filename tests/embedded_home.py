"""What tests of the embedded PostgreSQL share: a ground for homes, a starter, another user."""

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
    """A folder that every account can reach, which pytest's own are not; its name has a space."""
    folder = Path(tempfile.mkdtemp(prefix="sangkien test "))
    folder.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        for module in (embedded_place, embedded_programs):
            patch.setattr(module, "ELSEWHERE", folder / "elsewhere")
        yield folder
    shutil.rmtree(folder)


@contextmanager
def starter(ground: Path) -> Iterator[Starter]:
    """`start` with settings for throw-away data; whatever it started is stopped at the end."""
    servers = {}

    def run(home: Path = ground / "home", **settings: str) -> EmbeddedServer:
        servers[home] = server = start(home, settings=FAST | settings)
        return server

    yield run
    for server in servers.values():
        server.stop()


def ask(server: EmbeddedServer, query: str) -> Any:
    """The one value a query returns."""
    with psycopg.connect(server.url) as connection:
        return connection.execute(query).fetchone()[0]


def process_of(server: EmbeddedServer) -> int:
    """The process id of the server."""
    return int((server.data_directory / "postmaster.pid").read_text().splitlines()[0])


def in_child(act: Callable[[], Any], *, user: pwd.struct_passwd | None = None) -> Any:
    """What a function returns, or the error it raises, in a process of its own, as another user.

    Forked, not started: Python itself may lie where that user cannot reach it.
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
