"""`sangkien accounts`, which runs as the owner of the database."""

import csv
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from api.cli.database import Failure
from api.cli.identity import Owner, identity_owner, sign_in_account
from auth.issuer import invitations, personal_tokens, sessions

_LONGEST_NAME = 100  # characters
_ENDED_ALL = """select audit_note('NOTED', 'Account', %s, null, '{"ended": "all"}')"""
_PENDING = """
    select a.id, a.username from account a left join invitation i on i.account_id = a.id
    where a.kind = 'PERSON' and a.disabled_at is null and a.password_hash is null
        and (i.expires_at is null or i.expires_at < now())
    order by a.id
"""


@click.group()
def accounts() -> None:
    """Manage the accounts that sign in here."""


@accounts.command("add")
@click.argument("username")
@click.option("--person", metavar="CODE", help="The member to whom the account belongs.")
@click.option("--service", is_flag=True, help="For a program, by client credentials.")
def add_account(username: str, person: str | None, *, service: bool) -> None:
    """Create the account USERNAME without any role; then invite it, if it is a person's."""
    fits = username.isprintable() and 1 <= len(username) <= _LONGEST_NAME
    if not fits or username != username.strip():
        raise Failure("a username has 1 to 100 printable characters, without spaces around it")
    if service and person:
        raise Failure("the account of a service belongs to no member")
    with identity_owner() as (connection, _):
        person_id = None if person is None else _free_person(connection, person)
        created = connection.execute(
            "insert into account (username, kind, person_id) values (%s, %s, %s)"
            " on conflict (username) do nothing returning id",
            (username, "SERVICE" if service else "PERSON", person_id),
        ).fetchone()
        if created is None:
            raise Failure(f"there is an account '{username}'")
    click.echo(f"added {username}")


@accounts.command()
@click.argument("username")
@click.argument("person")
def tie(username: str, person: str) -> None:
    """Have the account USERNAME belong to the member with the code PERSON."""
    with identity_owner() as (connection, _):
        account_id = sign_in_account(connection, username, "PERSON")
        person_id = _free_person(connection, person)
        connection.execute(
            "update account set person_id = %s where id = %s", (person_id, account_id)
        )
    click.echo(f"{username} belongs to {person}")


@accounts.command()
@click.argument("username")
def disable(username: str) -> None:
    """End USERNAME's sessions and tokens, and let it sign in no more."""
    with identity_owner() as (connection, _):
        _switch(connection, username, disabled=True)
    click.echo(f"{username} is disabled")


@accounts.command()
@click.argument("username")
def enable(username: str) -> None:
    """Let USERNAME sign in again, with the roles that it has."""
    with identity_owner() as (connection, _):
        _switch(connection, username, disabled=False)
    click.echo(f"{username} is enabled")


@accounts.command()
@click.argument("usernames", nargs=-1)
@click.option(
    "--pending",
    is_flag=True,
    help="Every account that has chosen no password yet and has no open invitation.",
)
@click.option(
    "--links",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write username and link to this CSV file, which the caller alone may read.",
)
@click.option(
    "--end-all",
    is_flag=True,
    help="The accounts are compromised: end password, sessions, applications and access tokens.",
)
def invite(usernames: Sequence[str], links: Path | None, *, pending: bool, end_all: bool) -> None:
    """Print a link, good once, by which each of USERNAMES chooses a password."""
    if bool(usernames) == pending:
        raise Failure("give usernames, or --pending")
    with identity_owner() as (connection, config):
        chosen = _pending(connection) if pending else _named(connection, usernames)
        now = datetime.now(UTC)
        for account_id, _ in chosen if end_all else ():
            _end_all(connection, account_id, now)
        tokens = invitations.invite_all(connection, [account_id for account_id, _ in chosen], now)
        addresses = [f"{config.issuer}/oauth/invitation/{token}" for token in tokens]
        with _opened(links) as write:
            if len(chosen) == 1 and links is None:
                click.echo(addresses[0])
            else:
                rows = zip((name for _, name in chosen), addresses, strict=True)
                write([("username", "link"), *rows])
    if links is not None:
        click.echo(f"{len(chosen):,} invitations in {links}")


@accounts.command("reset-second-factor")
@click.argument("username")
def reset_second_factor(username: str) -> None:
    """Take USERNAME's second factor away: the phone and the recovery codes are lost."""
    with identity_owner() as (connection, _):
        account_id = sign_in_account(connection, username, "PERSON")
        for table in ("totp_secret", "recovery_code", "browser_session"):
            connection.execute(
                f"delete from {table} where account_id = %s".encode(),  # noqa: S608 - ours
                (account_id,),
            )
    click.echo(f"{username} has no second factor")


def _end_all(connection: Owner, account_id: int, now: datetime) -> None:
    """End every way to sign in as an account."""
    connection.execute("update account set password_hash = null where id = %s", (account_id,))
    connection.execute("delete from known_device where account_id = %s", (account_id,))
    sessions.end_all(connection, account_id, now)
    personal_tokens.end(connection, account_id, now)
    connection.execute(_ENDED_ALL, (account_id,))


def _free_person(connection: Owner, code: str) -> int:
    """Return the id of a person without an account. Raises Failure."""
    row = connection.execute(
        "select p.id, a.username from person p left join account a on a.person_id = p.id"
        " where p.code = %s",
        (code,),
    ).fetchone()
    if row is None:
        raise Failure(f"no member '{code}'")
    if row[1] is not None:
        raise Failure(f"'{code}' has the account '{row[1]}' already")
    return int(row[0])


def _switch(connection: Owner, username: str, *, disabled: bool) -> None:
    found = connection.execute(
        "update account set disabled_at = case when %s then coalesce(disabled_at, now()) end"
        " where username = %s and kind <> 'PUBLIC' returning id",
        (disabled, username),
    ).fetchone()
    if found is None:
        raise Failure(f"no account '{username}'")


def _pending(connection: Owner) -> list[tuple[int, str]]:
    return [(row[0], row[1]) for row in connection.execute(_PENDING).fetchall()]


def _named(connection: Owner, usernames: Sequence[str]) -> list[tuple[int, str]]:
    return [
        (sign_in_account(connection, username, "PERSON"), username)
        for username in dict.fromkeys(usernames)
    ]


@contextmanager
def _opened(links: Path | None) -> Iterator[Callable[[Iterable[Sequence[str]]], None]]:
    """Yield a function that writes CSV rows to a new file, or to standard output."""
    if links is None:
        yield csv.writer(sys.stdout, lineterminator="\n").writerows
        return
    try:
        links.touch(mode=0o600, exist_ok=False)
    except OSError as error:
        raise Failure(f"{links} cannot be made: {error.strerror}") from error
    with links.open("w", encoding="utf-8", newline="") as file:
        yield csv.writer(file).writerows
