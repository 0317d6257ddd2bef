"""Debian's PostgreSQL 15, set up like an installation: passwords over TCP, a plain owner."""

import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
ADMIN_PASSWORD = "adm1n"
OWNER_PASSWORD = "owner-9f3c-Kq7d"


@dataclass(frozen=True)
class Server:
    """A running server; `admin` is the URL of its superuser."""

    admin: str
    port: int
    folder: Path

    def url(self, user: str, password: str, database: str) -> str:
        """Return the URL of a database for a user."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def create(self, name: str, *, attributes: str = "createrole", owns: bool = True) -> str:
        """Create a role and a database of this name; return the role's URL of the database."""
        with psycopg.connect(self.admin, autocommit=True) as connection:
            role = sql.Identifier(name)
            connection.execute(
                sql.SQL("create role {} login password {} " + attributes).format(
                    role, OWNER_PASSWORD
                )
            )
            connection.execute(sql.SQL("create database {}").format(role))
            if owns:
                connection.execute(sql.SQL("alter database {0} owner to {0}").format(role))
        return self.url(name, OWNER_PASSWORD, name)

    def create_database(self, name: str, owner: str) -> str:
        """Create another database of an owner; return the owner's URL of it."""
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(
                sql.SQL("create database {} owner {}").format(
                    sql.Identifier(name), sql.Identifier(owner)
                )
            )
        return self.url(owner, OWNER_PASSWORD, name)

    def administer(self, statements: str, database: str = "postgres") -> None:
        """Run statements as the superuser, in psql, as an administrator does."""
        command = [PROGRAMS / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d"]
        command.append(re.sub(r"/postgres$", f"/{database}", self.admin))
        subprocess.run(command, input=statements, text=True, check=True)


@contextmanager
def running() -> Iterator[Server]:
    """Create a cluster in a temporary folder, and run its server."""
    folder = Path(tempfile.mkdtemp(prefix="sangkien-pg15-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    folder.chmod(0o755)
    (folder / "password").write_text(ADMIN_PASSWORD)
    (folder / "password").chmod(0o644)
    _run(
        *("initdb", "-D", folder / "data", "-U", "dba", "--auth=scram-sha-256", "--no-sync"),
        *("--encoding=UTF8", "--locale=C.UTF-8", "--pwfile", folder / "password"),
    )
    try:
        with started(folder, folder / "data") as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def started(folder: Path, data: Path) -> Iterator[Server]:
    """Run a server of a data directory, on a port of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = (
        f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off -c shared_buffers=64MB"
        " -c max_wal_senders=4"
    )
    _run("pg_ctl", "-D", data, "-o", options, "-l", f"{data}.log", "-w", "start")
    try:
        admin = f"postgresql://dba:{ADMIN_PASSWORD}@127.0.0.1:{port}/postgres"
        yield Server(admin, port, folder)
    finally:
        _run("pg_ctl", "-D", data, "-m", "fast", "-w", "stop")


def base_backup(server: Server) -> Path:
    """Copy a server's whole cluster; return the copy's data directory."""
    copy = server.folder / f"copy-{secrets.token_hex(4)}"
    _run("pg_basebackup", "-d", server.admin, "-D", copy, "-c", "fast", "-X", "stream")
    return copy


def _run(program: str, *arguments: str | Path) -> None:
    """Run a program of the server, as the user postgres where the test runs as root."""
    account = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run(
        [*account, PROGRAMS / program, *arguments],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C.UTF-8", "PGDATA": ""},
        cwd="/",
    )


def new_name() -> str:
    """Return an unused name for a role or database."""
    return f"t{secrets.token_hex(4)}"
