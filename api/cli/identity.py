"""The command line's part in identity: keys, clients, accounts."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import click
import psycopg

from api.cli.database import Failure, database, owner
from api.cli.limits import limitable, limits, told
from api.settings import Settings
from auth import keys as signing_keys
from auth.issuer import clients as registered
from auth.issuer import invitations, personal_tokens, secret, sessions
from auth.issuer.clients import CLIENT_ID, CODE, CREDENTIALS, REFRESH, Client, is_redirect_uri
from auth.issuer.scopes import OPENID, PROFILE, SCOPES, USUAL
from auth.tokens import TOKENS, WRITE

_LONGEST_NAME = 100  # characters
_ENDED_ALL = """select audit_note('NOTED', 'Account', %s, null, '{"ended": "all"}')"""

Owner = psycopg.Connection[tuple[Any, ...]]


@click.group()
def keys() -> None:
    """The keys that sign tokens."""


@keys.command()
@click.option("--now", is_flag=True, help="End the old keys at once: one of them has leaked.")
def rotate(*, now: bool) -> None:
    """Make a new key; the old ones stay published until their tokens have expired."""
    with _owner() as (connection, _):
        overlap = timedelta(0) if now else signing_keys.LONGEST_LIFE
        click.echo(signing_keys.rotate(connection, overlap=overlap).kid)


@click.group()
def clients() -> None:
    """The applications that may ask for tokens."""


@clients.command("add")
@click.argument("client_id")
@click.option("--name", help="What people are asked to trust; else CLIENT_ID.")
@click.option("--redirect-uri", "uris", multiple=True, help="Where it is to be sent back to.")
@click.option("--post-logout-uri", "logout_uris", multiple=True, help="The same, signed out.")
@click.option(
    "--scope",
    default=" ".join(USUAL),
    show_default=True,
    help=f"At most; {TOKENS} for making personal access tokens, which people are asked about.",
)
@click.option("--secret", "with_secret", is_flag=True, help="It can keep one; it is printed once.")
@click.option("--service", help="The service account that it acts as, with its secret.")
@click.option("--trusted", is_flag=True, help="People are not asked whether they allow it.")
@click.option("--may-introspect", is_flag=True, help="It may introspect the tokens of others.")
@limitable
def add_client(  # noqa: PLR0917 - an argument for every option
    client_id: str,
    name: str | None,
    scope: str,
    service: str | None,
    uris: tuple[str, ...],
    logout_uris: tuple[str, ...],
    permissions: tuple[str, ...],
    unit: str | None,
    **flags: bool,
) -> None:
    """Register CLIENT_ID, or change it. Prints its secret, if it has one."""
    if not uris and not service and not flags["may_introspect"]:
        raise Failure("a client needs --redirect-uri, --service or --may-introspect")
    _check(client_id, (*uris, *logout_uris), scope)
    with _owner() as (connection, _):
        needs_secret = flags["with_secret"] or service or not uris
        made = secret.new() if needs_secret else None
        unfit = {OPENID, PROFILE, TOKENS} if service else set()
        if flags["read_only"]:
            unfit |= {WRITE, TOKENS}
        allowed = [part for part in scope.split() if part not in unfit]
        if not allowed:
            raise Failure(f"nothing is left of the scope {scope}")
        only = limits(connection, permissions, unit, read_only=flags["read_only"])
        client = Client(
            client_id=client_id,
            name=name or client_id,
            secret_hash=secret.hashed(made) if made else None,
            redirect_uris=uris,
            post_logout_redirect_uris=logout_uris,
            grant_types=[*([CODE, REFRESH] if uris else []), *([CREDENTIALS] if service else [])],
            scope=" ".join(allowed),
            account_id=_account(connection, service, "SERVICE") if service else None,
            trusted=flags["trusted"],
            may_introspect=flags["may_introspect"],
            **only._asdict(),
        )
        registered.register(connection, client)
        click.echo(made or f"registered {client_id}, a public client")


@clients.command("list")
def list_clients() -> None:
    """List the clients with their redirect URIs, and what their tokens are limited to.

    One whose service is revoked gets no tokens for it until it is added anew.
    """
    with _owner() as (connection, _):
        rows = connection.execute(
            "select client_id, secret_hash is not null, redirect_uris, grant_types, permissions,"
            " (select code from unit where unit.id = unit_id), read_only, revoked_at is not null"
            " from oauth_client where removed_at is null order by client_id"
        ).fetchall()
    for client_id, with_secret, uris, grant_types, permissions, unit, read_only, revoked in rows:
        kind = "confidential" if with_secret else "public"
        limited = told(permissions, unit, read_only=read_only)
        ways = ",".join(grant_types) + (" (service revoked)" if revoked else "")
        parts = (client_id, kind, ways, " ".join(uris), limited)
        click.echo("\t".join(parts).rstrip())


@clients.command("remove")
@click.argument("client_id")
def remove_client(client_id: str) -> None:
    """Remove CLIENT_ID; all its tokens end."""
    with _owner() as (connection, _):
        if not registered.remove(connection, client_id):
            raise Failure(f"no client '{client_id}'")
    click.echo(f"removed {client_id}")


@click.group()
def accounts() -> None:
    """The accounts that sign in here."""


@accounts.command("add")
@click.argument("username")
@click.option("--service", is_flag=True, help="For a program, by client credentials.")
def add_account(username: str, *, service: bool) -> None:
    """Make an account without any grant; invite it then, if it is a person's."""
    fits = username.isprintable() and 1 <= len(username) <= _LONGEST_NAME
    if not fits or username != username.strip():
        raise Failure("a username has 1 to 100 printable characters, without spaces around it")
    with _owner() as (connection, _):
        made = connection.execute(
            "insert into account (username, kind) values (%s, %s)"
            " on conflict (username) do nothing returning id",
            (username, "SERVICE" if service else "PERSON"),
        ).fetchone()
        if made is None:
            raise Failure(f"there is an account '{username}'")
    click.echo(f"added {username}")


@accounts.command()
@click.argument("username")
@click.option(
    "--end-all",
    is_flag=True,
    help="The account is compromised: end its password, sessions, applications and access tokens.",
)
def invite(username: str, *, end_all: bool) -> None:
    """Print a link, good once, by which USERNAME chooses a password."""
    with _owner() as (connection, config):
        now = datetime.now(UTC)
        account_id = _account(connection, username, "PERSON")
        if end_all:
            connection.execute(
                "update account set password_hash = null where id = %s", (account_id,)
            )
            connection.execute("delete from known_device where account_id = %s", (account_id,))
            sessions.end_all(connection, account_id, now)
            personal_tokens.end(connection, account_id, now)
            connection.execute(_ENDED_ALL, (account_id,))
        token = invitations.invite(connection, account_id, now)
        click.echo(f"{config.issuer}/oauth/invitation/{token}")


@accounts.command("reset-second-factor")
@click.argument("username")
def reset_second_factor(username: str) -> None:
    """Take USERNAME's second factor away: the phone and the recovery codes are lost."""
    with _owner() as (connection, _):
        account_id = _account(connection, username, "PERSON")
        for table in ("totp_secret", "recovery_code", "browser_session"):
            connection.execute(
                f"delete from {table} where account_id = %s".encode(),  # noqa: S608 - ours
                (account_id,),
            )
    click.echo(f"{username} has no second factor")


@contextmanager
def _owner() -> Iterator[tuple[Owner, Settings]]:
    with database(migrate=False) as config, owner(config, "identity") as connection:
        yield connection, config


def _check(client_id: str, uris: tuple[str, ...], scope: str) -> None:
    """Refuse what cannot be registered. Raises Failure."""
    if CLIENT_ID.fullmatch(client_id) is None:
        raise Failure("a client id has 1 to 64 letters, digits and ._-")
    for uri in uris:
        if not is_redirect_uri(uri):
            raise Failure(
                f"'{uri}' cannot be a redirect URI: https, http on this machine, or a scheme such"
                " as vn.example.app, without a fragment"
            )
    if not scope.split() or not set(scope.split()) <= set(SCOPES):
        raise Failure(f"the scope may be of {' '.join(SCOPES)}")


def _account(connection: Owner, username: str, kind: str) -> int:
    row = connection.execute(
        "select id, kind from account where username = %s and kind <> 'PUBLIC'"
        " and disabled_at is null",
        (username,),
    ).fetchone()
    if row is None:
        raise Failure(f"no account '{username}' that could sign in")
    if row[1] != kind:
        raise Failure(f"'{username}' is an account of another kind: {row[1]}")
    return int(row[0])
