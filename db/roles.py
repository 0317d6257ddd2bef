"""The database roles that the API connects as: their names, and the rights that a database needs.

SQL files name `sangkien_reader` and `sangkien_writer`, and only as identifiers of roles, never as
strings; `named` replaces them by the names in the settings, so that two installations can share a
server.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from db.url import READER, WRITER

_SQL = Path(__file__).parent / "sql"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")
_DBA = "a database administrator runs what 'sangkien roles' prints"

EXTENSIONS = ("ltree", "pg_trgm", "btree_gist")

Connection = psycopg.Connection[tuple[Any, ...]]


class RolesError(Exception):
    """The database lacks roles or rights; `problems` has a line for each, with the remedy."""

    def __init__(self, *problems: str) -> None:
        """Set the lines."""
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Roles:
    """The names of the two roles. Raises RolesError for invalid names."""

    reader: str = READER
    writer: str = WRITER

    def __post_init__(self) -> None:
        """Check the names."""
        for setting, name in (("READER", self.reader), ("WRITER", self.writer)):
            if _NAME.fullmatch(name) is None:
                raise RolesError(
                    f"SANGKIEN_{setting}_URL names the role '{name}': a role's name has 1 to 63 "
                    "letters, digits, _ and -, and begins with a letter"
                )
        if self.reader == self.writer:
            raise RolesError(
                f"SANGKIEN_READER_URL and SANGKIEN_WRITER_URL name one role, '{self.reader}': "
                "they must be two"
            )

    @classmethod
    def of(cls, reader_url: str, writer_url: str) -> "Roles":
        """Return the users of these URLs."""
        return cls(make_url(reader_url).username or "", make_url(writer_url).username or "")

    def named(self, text: str) -> str:
        """Return SQL with the default names of the roles replaced by these."""
        return _replaced(text, {READER: self.reader, WRITER: self.writer})


def statements(roles: Roles, *, owner: str, database: str) -> str:
    """Return the SQL that creates the roles and rights, for a database administrator."""
    text = (_SQL / "roles.sql").read_text("utf-8")
    return _replaced(roles.named(text), {"sangkien_owner": owner, "sangkien_database": database})


def prepare_database(connection: Connection, roles: Roles, *urls: str) -> None:
    """Create missing roles, rights and extensions, within the caller's transaction.

    A new role gets the password of its URL; an existing role's password does not change.

    Raises:
        RolesError: what is missing and the connection's role may not create.
    """
    there = _existing(connection, roles)
    owner, database = _row(connection, "select current_user, current_database()")
    refused = _unfit(connection, roles)
    if refused:
        raise RolesError(*refused)
    for statement in statements(roles, owner=owner, database=database).split("\n\n"):
        try:
            with connection.transaction():
                connection.execute(statement.encode())
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedObject):
            continue  # the checks below report what is missing
        except psycopg.errors.FeatureNotSupported:
            continue  # an extension that the server does not have
    problems = [*_missing_roles(connection, roles), *_missing_rights(connection, roles)]
    if problems:
        raise RolesError(*problems)
    set_passwords(connection, *(url for url in urls if make_url(url).username not in there))


def set_passwords(connection: Connection, *urls: str) -> None:
    """Set the passwords of these URLs' roles; a URL without a password changes nothing.

    The server gets them hashed, as its log may contain statements. Raises RolesError.
    """
    for url in map(make_url, urls):
        if not url.username or not url.password:
            continue
        hashed = connection.pgconn.encrypt_password(
            str(url.password).encode(), url.username.encode(), b"scram-sha-256"
        )
        try:
            connection.execute(
                sql.SQL("alter role {} password {}").format(
                    sql.Identifier(url.username), sql.Literal(hashed.decode())
                )
            )
        except psycopg.errors.InsufficientPrivilege as error:
            raise RolesError(
                f"the password of role {url.username} cannot be set by this role: a database "
                f"administrator sets it ('sangkien roles' prints how)"
            ) from error


def _existing(connection: Connection, roles: Roles) -> set[str]:
    names = [roles.reader, roles.writer]
    rows = connection.execute("select rolname from pg_roles where rolname = any (%s)", [names])
    return {name for (name,) in rows}


def _unfit(connection: Connection, roles: Roles) -> list[str]:
    """Return the reasons why existing roles are unfit: they would bypass row-level security."""
    rows = connection.execute(
        "select rolname, rolsuper, rolbypassrls, rolname = current_user,"
        " pg_has_role(oid, current_user, 'MEMBER') from pg_roles where rolname = any (%s)",
        [[roles.reader, roles.writer]],
    )
    return [
        f"role {name} passes row-level security: name another in "
        "SANGKIEN_READER_URL and SANGKIEN_WRITER_URL"
        for name, *passes in rows
        if any(passes)
    ]


def _missing_roles(connection: Connection, roles: Roles) -> list[str]:
    """Return the roles that are missing, and existing ones that cannot sign in or lack settings."""
    problems = []
    for name, wanted in (
        (roles.reader, ["default_transaction_read_only=on", "statement_timeout=10s", "jit=off"]),
        (roles.writer, ["statement_timeout=30s", "jit=off"]),
    ):
        row = connection.execute(
            "select rolcanlogin, coalesce((select setconfig from pg_db_role_setting"
            " where setrole = r.oid and setdatabase = 0), '{}') from pg_roles r where rolname = %s",
            [name],
        ).fetchone()
        if row is None:
            problems.append(f"role {name} does not exist, and CREATEROLE is missing: {_DBA}")
            continue
        if not row[0]:
            problems.append(f'role {name} cannot sign in: run: alter role "{name}" login')
        lacking = ", ".join(sorted(set(wanted) - set(row[1])))
        if lacking:
            problems.append(f"role {name} lacks the settings {lacking}: {_DBA}")
    return problems


_RIGHTS = """
    select
        has_database_privilege(current_database(), 'create'),
        has_schema_privilege('public', 'create') and has_schema_privilege('public', 'usage'),
        exists (
            select from pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba)))
            where datname = current_database() and grantee = 0 and privilege_type = 'CONNECT'
        ),
        exists (
            select from pg_namespace, aclexplode(coalesce(nspacl, acldefault('n', nspowner)))
            where nspname = 'public' and grantee = 0
        ),
        array(
            select rolname from pg_roles where rolname = any (%s) and not (
                has_database_privilege(oid, current_database(), 'connect')
                and has_schema_privilege(oid, 'public', 'usage'))
            order by rolname
        )
"""


def _missing_rights(connection: Connection, roles: Roles) -> list[str]:
    """Return the rights that are missing on the database and its schema `public`."""
    owner, database = _row(connection, "select current_user, current_database()")
    names = [roles.reader, roles.writer]
    may_create, may_use, connects, uses, shut_out = _row(connection, _RIGHTS, names)
    problems = []
    if not may_use:
        problems.append(f"role {owner} may not create in schema public: {_DBA}")
    if connects:
        problems.append(f"every role may connect to the database {database}: {_DBA}")
    if uses:
        problems.append(f"every role may use schema public of {database}: {_DBA}")
    problems += [f"role {name} may not connect, or use schema public: {_DBA}" for name in shut_out]
    for name in EXTENSIONS:
        problems += _missing_extension(connection, name, may_create=may_create)
    return problems


def _missing_extension(connection: Connection, name: str, *, may_create: bool) -> list[str]:
    schema, version, trusted = _row(
        connection,
        "select (select nspname from pg_extension e join pg_namespace n on n.oid = extnamespace"
        " where extname = %(name)s), (select default_version from pg_available_extensions"
        " where name = %(name)s), exists (select from pg_available_extension_versions"
        " where name = %(name)s and trusted)",
        {"name": name},
    )
    if schema == "public":
        return []
    if schema is not None:
        return [
            f"extension {name} is in schema {schema}: run: alter extension {name} set schema public"
        ]
    if version is None:
        return [f"extension {name} is not on this server: install PostgreSQL's contrib modules"]
    if trusted and not may_create:
        return [f"extension {name} needs the right CREATE on the database: {_DBA}"]
    return [f"extension {name} can be made by a superuser only: {_DBA}"]


def _replaced(text: str, names: dict[str, str]) -> str:
    pattern = re.compile(rf"\b({'|'.join(names)})\b")
    return pattern.sub(lambda found: '"' + names[found[0]].replace('"', '""') + '"', text)


def _row(connection: Connection, query: str, *parameters: Any) -> tuple[Any, ...]:
    given = parameters[0] if parameters and isinstance(parameters[0], dict) else list(parameters)
    row = connection.execute(query.encode(), given).fetchone()
    assert row is not None
    return row
