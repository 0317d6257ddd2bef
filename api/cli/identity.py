"""`sangkien keys` and `sangkien clients`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import click
import psycopg

from api.cli.database import Failure, database, owner
from api.cli.limits import limitable, limits, told
from api.settings import Settings
from auth import keys as signing_keys
from auth.issuer import clients as registered
from auth.issuer.clients import CLIENT_ID, CODE, CREDENTIALS, REFRESH, Client, is_redirect_uri
from auth.issuer.scopes import OPENID, PROFILE, SCOPES, USUAL
from auth.tokens import TOKENS, WRITE
from db.rules import secret

Owner = psycopg.Connection[tuple[Any, ...]]


@click.group()
def keys() -> None:
    """The keys that sign tokens."""


@keys.command()
@click.option("--now", is_flag=True, help="End the old keys at once: one of them has leaked.")
def rotate(*, now: bool) -> None:
    """Make a new key; the old ones stay published until their tokens have expired."""
    with identity_owner() as (connection, _):
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
    with identity_owner() as (connection, _):
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
            account_id=sign_in_account(connection, service, "SERVICE") if service else None,
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
    with identity_owner() as (connection, _):
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
    with identity_owner() as (connection, _):
        if not registered.remove(connection, client_id):
            raise Failure(f"no client '{client_id}'")
    click.echo(f"removed {client_id}")


@contextmanager
def identity_owner() -> Iterator[tuple[Owner, Settings]]:
    """Yield a connection of the owner; audit events of its changes carry the action `identity`."""
    with database(migrate=False) as config, owner(config, "identity") as connection:
        yield connection, config


def _check(client_id: str, uris: tuple[str, ...], scope: str) -> None:
    """Validate a client's id, URIs and scope. Raises Failure."""
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


def sign_in_account(connection: Owner, username: str, kind: str) -> int:
    """Return the id of an account of this kind that can sign in. Raises Failure."""
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
