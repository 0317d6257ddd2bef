"""The benchmark's embedded server, and databases kept between runs."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg import sql

from auth import keys, tokens
from auth.principal import Principal, principal
from db import embedded, migrate
from db.embedded import EmbeddedServer
from db.prepare import prepare
from db.seed import national
from db.sessions import Caller
from db.url import READER, WRITER, with_role
from tests import binding
from tests.bench.questions import Subject

ROOT = Path(__file__).parents[2]
ACCOUNT = "bench-admin"
ISSUER, AUDIENCE = "http://localhost:8000", "sangkien"
_COMPUTED = Path(__file__).parent / "postgraphile" / "progress.sql"
_MADE_OF = ("db/sql/*.sql", "db/migrations/versions/*.py", "db/seed/*.py", "db/models/*.py")

Say = Callable[[str], None]


class Size(NamedTuple):
    """The size of a database."""

    units: int
    initiatives: int


class Place(NamedTuple):
    """A generated database, and a caller who sees all of it."""

    url: str
    size: Size
    account: str
    subject: Subject
    caller: Caller
    token: str
    jwk: dict[str, object]

    @property
    def reader_url(self) -> str:
        """The URL of the reader role."""
        return with_role(self.url, READER)

    @property
    def writer_url(self) -> str:
        """The URL of the writer role."""
        return with_role(self.url, WRITER)

    def settings(self, *, writing: bool = False) -> dict[str, str]:
        """Return the settings of the caller's transactions."""
        return binding.settings(self.caller.writing if writing else self.caller.reading)


def server(home: Path) -> EmbeddedServer:
    """Start the benchmark's server, or join a running one."""
    home.mkdir(parents=True, exist_ok=True)
    return embedded.start(home)


def place(running: EmbeddedServer, name: str, size: Size, say: Say) -> Place:
    """Return a database of this size: a kept one, or a generated one if code has changed."""
    mark = f"{size.units} {size.initiatives} {_fingerprint()}"
    if _mark(running, name) != mark:
        _generate(running, name, size, mark, say)
    url = running.url_for(user="sangkien_owner", database=name)
    with psycopg.connect(url) as connection:
        connection.execute(_COMPUTED.read_bytes())
        return of(connection, url, size, ACCOUNT)


def of(connection: psycopg.Connection, url: str, size: Size, account: str) -> Place:
    """Return a database as an account sees it; the connection is its owner's."""
    key = keys.ensure(connection)
    caller = _principal(connection, account).caller
    return Place(
        url=url,
        size=size,
        account=account,
        subject=Subject.of(connection),
        caller=caller,
        token=tokens.issue(key, account, issuer=ISSUER, audience=AUDIENCE, ttl=86_400),
        jwk=dict(key.as_dict(private=False)),
    )


def _generate(running: EmbeddedServer, name: str, size: Size, mark: str, say: Say) -> None:
    say(f"generating {size.units:,} units and {size.initiatives:,} initiatives")
    known = sql.Identifier(name)
    with psycopg.connect(running.url, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(known))
    url = prepare(running, name)
    migrate.upgrade(url)
    with psycopg.connect(url) as connection:
        national.generate(
            connection, units=size.units, initiatives=size.initiatives, progress=lambda *_: None
        )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum analyze")
        comment = sql.SQL("comment on database {} is {}").format(known, sql.Literal(mark))
        connection.execute(comment)


def _mark(running: EmbeddedServer, name: str) -> str | None:
    with psycopg.connect(running.url) as connection:
        row = connection.execute(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = %s",
            [name],
        ).fetchone()
    return None if row is None else row[0]


def _principal(connection: psycopg.Connection, account: str) -> Principal:
    cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
    profile = cursor.execute(
        "select p.*, p.grants::text as grants, current_date as today from account_profile(%s) p",
        [account],
    ).fetchone()
    assert profile is not None
    return principal(profile, profile["today"], None)


def _fingerprint() -> str:
    """Return a short hash of the code that a generated database depends on."""
    read = hashlib.sha256()
    for pattern in _MADE_OF:
        for file in sorted(ROOT.glob(pattern)):
            read.update(file.read_bytes())
    return read.hexdigest()[:16]
