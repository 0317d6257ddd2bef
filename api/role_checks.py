"""Checks that the database roles of the settings are neither too powerful nor open to everyone.

Each error is one line, which names the setting and contains no secret.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from api.connecting import check_version
from api.passwords import is_known, shared
from api.settings import Settings, SettingsError

Connection = psycopg.Connection[tuple[Any, ...]]

_SETTINGS = {"owner": "DATABASE", "reader": "READER", "writer": "WRITER"}
# Attributes that let a role bypass row-level security, the audit log's guards or its own name. They
# are checked for the role and every role that it is a member of, which it can become.
_TOO_STRONG = """
    select rolname, fault from (select r.rolname, case
        when r.rolsuper then 'is a superuser, which passes row-level security'
        when r.rolbypassrls then 'passes row-level security'
        when r.rolreplication then 'may replicate the whole database'
        when r.rolcreaterole then 'may make roles'
        when r.rolname in ('pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files',
            'pg_write_server_files', 'pg_execute_server_program', 'pg_create_subscription',
            'pg_database_owner') then 'reaches all data'
        when exists (select from pg_database where datdba = r.oid and datname = current_database())
            then 'owns the database, and so passes row-level security'
        when exists (select from pg_namespace where nspowner = r.oid and nspname = 'public')
            or exists (select from pg_class where relowner = r.oid
                and relnamespace = 'public'::regnamespace)
            or exists (select from pg_proc where proowner = r.oid
                and pronamespace = 'public'::regnamespace)
            then 'owns the tables, and so passes row-level security'
    end as fault
    from pg_roles r where pg_has_role(current_user, r.oid, 'member')) reached
    where fault is not null order by rolname <> current_user limit 1
"""
_WRITES = """
    select relname from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v')
        and (has_table_privilege(oid, 'insert, update, delete, truncate')
            or has_any_column_privilege(oid, 'insert, update'))
    limit 1
"""


class RoleError(SettingsError):
    """A role of the settings is unsuitable; the text is one line with the reason and the remedy."""


def check_serving(config: Settings) -> None:
    """Reject roles that bypass row-level security or that anyone can log in as.

    Raises RoleError, SettingsError, psycopg.Error.
    """
    reader_url, writer_url = config.serving_urls()
    with (
        _connected("reader", reader_url, config) as reader,
        _connected("writer", writer_url, config) as writer,
    ):
        for name, connection in (("reader", reader), ("writer", writer)):
            _check_strength(name, connection)
        names = {name: _user(one) for name, one in (("reader", reader), ("writer", writer))}
        if names["reader"] == names["writer"]:
            raise RoleError(
                f"SANGKIEN_READER_URL and SANGKIEN_WRITER_URL are both of the role "
                f"{names['reader']}; they must be two roles"
            )
        for name, connection, other in (("reader", reader, "writer"), ("writer", writer, "reader")):
            if _is_member(connection, names[other]):
                raise RoleError(
                    f"SANGKIEN_{name.upper()}_URL: the role {names[name]} is a member of "
                    f"{names[other]}; revoke that"
                )
        writable = reader.execute(_WRITES).fetchone()
        if writable is not None:
            raise RoleError(
                f"SANGKIEN_READER_URL: the role {names['reader']} may write to {writable[0]}; "
                "name a role that only reads"
            )
        _check_shared(config, reader=reader, writer=writer)


def check_owner(config: Settings) -> None:
    """Reject a superuser as owner, and passwords that are well known or shared.

    Raises RoleError, SettingsError, psycopg.Error.
    """
    owner_url, *others = config.urls()
    with _connected("owner", owner_url, config) as owner:
        row = owner.execute(
            "select current_user, exists (select from pg_roles r where r.rolsuper"
            " and pg_has_role(current_user, r.oid, 'member'))"
        ).fetchone()
        assert row is not None
        name, is_superuser = row
        if is_superuser:
            raise RoleError(
                f"SANGKIEN_DATABASE_URL: the role {name} is a superuser, and what it owns would "
                "run as one; name a role that owns the database alone"
            )
        _check_shared(config, owner=owner)
        for role, url in zip(("reader", "writer"), others, strict=True):
            known = psycopg.conninfo.conninfo_to_dict(url)
            user = str(known.get("user") or "")
            if user == name:
                raise RoleError(
                    f"SANGKIEN_{role.upper()}_URL is of the role {name}, which owns the schema; "
                    "name another role"
                )
            _check_password(role, str(known.get("password") or "") or None, user, config)


def _check_strength(name: str, connection: Connection) -> None:
    found = connection.execute(_TOO_STRONG).fetchone()
    if found is None:
        return
    user, (role, fault) = _user(connection), found
    who = f"the role {user}" if role == user else f"the role {user} is a member of {role}, which"
    raise RoleError(f"SANGKIEN_{name.upper()}_URL: {who} {fault}; name another role")


def _check_shared(config: Settings, **connections: Connection) -> None:
    """Reject two roles with the same password, including roles that are only named in URLs."""
    passwords: dict[str, str | None] = {
        name: connection.info.password for name, connection in connections.items()
    }
    for name in _SETTINGS.keys() - passwords.keys():
        url = getattr(config, f"{_SETTINGS[name].lower()}_url")
        if url is not None:
            passwords[name] = psycopg.conninfo.conninfo_to_dict(url).get("password") or (
                os.environ.get("PGPASSWORD") or None
            )  # type: ignore[assignment]
    same = shared(passwords)
    if same is not None and not config.demo:
        one, other = sorted(same)
        raise RoleError(
            f"SANGKIEN_{_SETTINGS[one]}_URL and SANGKIEN_{_SETTINGS[other]}_URL have the same "
            "password; each role needs its own"
        )


def _check_password(name: str, password: str | None, user: str, config: Settings) -> None:
    if password and not config.demo and is_known(password, user):
        raise RoleError(
            f"SANGKIEN_{_SETTINGS[name]}_URL: the password of the role {user} is a well-known one; "
            "give the role a random password"
        )


@contextmanager
def _connected(name: str, url: str, config: Settings) -> Iterator[Connection]:
    """Connect as a role; reject a weak password and a server that requires none."""
    with psycopg.connect(url, connect_timeout=10) as connection:
        check_version(connection)
        info = connection.info
        _check_password(name, info.password or None, info.user, config)
        named = os.environ.get("PGSSLCERT") or "sslcert" in psycopg.conninfo.conninfo_to_dict(url)
        by_certificate = connection.pgconn.ssl_in_use and named
        proved = connection.pgconn.used_password or connection.pgconn.used_gssapi or by_certificate
        if not config.demo and not proved and not info.host.startswith(("/", "@")):
            raise RoleError(
                f"SANGKIEN_{_SETTINGS[name]}_URL: the database lets anybody in as {info.user} over "
                "TCP; have it ask for a password"
            )
        yield connection


def _user(connection: Connection) -> str:
    row = connection.execute("select current_user::text").fetchone()
    assert row is not None
    return str(row[0])


def _is_member(connection: Connection, other: str) -> bool:
    row = connection.execute("select pg_has_role(current_user, %s, 'member')", [other]).fetchone()
    return row is not None and bool(row[0])
