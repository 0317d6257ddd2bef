"""`sangkien identities`: links between accounts and external providers."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click
import psycopg

from api.cli.database import Failure, database, owner
from api.settings import Settings
from auth.external import codes
from auth.issuer import sessions

_ACCOUNT = """
    select id from account where username = %s and kind = %s and disabled_at is null
"""

Owner = psycopg.Connection[tuple[Any, ...]]


@click.group()
def identities() -> None:
    """Who the holders of accounts are at issuers of others (SANGKIEN_OIDC_ISSUERS)."""


@identities.command("code")
@click.argument("username")
def give_code(username: str) -> None:
    """Print a code, good once, by which USERNAME links an identity at the first sign-in."""
    with _owner() as (connection, _):
        account_id = _account(connection, username, "PERSON")
        click.echo(codes.give(connection, account_id, datetime.now(UTC)))


@identities.command()
@click.argument("username")
@click.argument("issuer")
@click.argument("subject")
@click.option("--service", is_flag=True, help="USERNAME is a program's, and SUBJECT its client.")
def link(username: str, issuer: str, subject: str, *, service: bool) -> None:
    """Say that USERNAME is SUBJECT at ISSUER, an address."""
    with _owner() as (connection, config):
        if issuer not in {trust.issuer for trust in config.oidc_issuers}:
            raise Failure(f"'{issuer}' is not one of SANGKIEN_OIDC_ISSUERS")
        account_id = _account(connection, username, "SERVICE" if service else "PERSON")
        made = connection.execute(
            "insert into external_identity (issuer, subject, account_id, linked_by)"
            " values (%s, %s, %s, 'ADMIN') on conflict do nothing returning account_id",
            (issuer, subject, account_id),
        ).fetchone()
        if made is None:
            raise Failure(f"'{username}' or '{subject}' is linked at this issuer already")
    click.echo(f"linked {username}")


@identities.command("list")
@click.argument("username")
def list_identities(username: str) -> None:
    """List who USERNAME is, and since when."""
    with _owner() as (connection, _):
        rows = connection.execute(
            "select e.issuer, e.subject, e.linked_by, e.linked_at from external_identity e"
            " join account a on a.id = e.account_id where a.username = %s order by e.issuer",
            (username,),
        ).fetchall()
    for issuer, subject, way, moment in rows:
        click.echo(f"{issuer}\t{subject}\t{way}\t{moment:%Y-%m-%d}")


@identities.command()
@click.argument("username")
@click.argument("issuer")
def unlink(username: str, issuer: str) -> None:
    """Forget who USERNAME is at ISSUER; whoever is signed in as USERNAME has to do so anew."""
    with _owner() as (connection, _):
        row = connection.execute(
            "delete from external_identity e using account a"
            " where a.id = e.account_id and a.username = %s and e.issuer = %s returning a.id",
            (username, issuer),
        ).fetchone()
        if row is None:
            raise Failure(f"'{username}' is not linked at '{issuer}'")
        sessions.end_all(connection, row[0], datetime.now(UTC))
    click.echo(f"unlinked {username}")


@contextmanager
def _owner() -> Iterator[tuple[Owner, Settings]]:
    with database(migrate=False) as config, owner(config, "identities") as connection:
        yield connection, config


def _account(connection: Owner, username: str, kind: str) -> int:
    row = connection.execute(_ACCOUNT, (username, kind)).fetchone()
    if row is None:
        raise Failure(f"no account '{username}' of the kind {kind} that could sign in")
    return int(row[0])
