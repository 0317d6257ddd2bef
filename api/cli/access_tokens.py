"""`sangkien access-tokens`: personal access tokens of services and auditors, and emergencies."""

from datetime import UTC, datetime

import click

from api.cli.database import Failure, database, owner
from api.cli.limits import limitable, limits, told
from db.rules import access_token

_ADD = """
    insert into access_token (
        account_id, name, token_hash, permissions, unit_id, read_only, expires_at, second_factor
    )
    select id, %s, %s, %s, %s, %s, now() + make_interval(hours => 24 * %s), true
    from account where username = %s and kind <> 'PUBLIC' and disabled_at is null
    returning id
"""
_LIST = """
    select t.id, t.name, t.permissions, u.code, t.read_only, t.expires_at, t.last_used_at
    from access_token t join account a on a.id = t.account_id left join unit u on u.id = t.unit_id
    where a.username = %s and t.revoked_at is null and t.expires_at > now() order by t.id
"""
_REVOKE = """
    update access_token set revoked_at = now()
    where revoked_at is null and expires_at > now()
        and account_id = (select id from account where username = %(username)s)
        and (%(ids)s::bigint[] = '{}' or id = any (%(ids)s::bigint[]))
"""
_LONGEST_NAME = 100  # characters


@click.group("access-tokens")
def access_tokens() -> None:
    """The tokens by which programs act for an account."""


@access_tokens.command("add")
@click.argument("username")
@click.option("--name", required=True, help="What it is for.")
@click.option(
    "--days", type=click.IntRange(1, access_token.LONGEST_LIFE), default=90, show_default=True
)
@limitable
def add(
    username: str,
    name: str,
    days: int,
    permissions: tuple[str, ...],
    unit: str | None,
    *,
    read_only: bool,
) -> None:
    """Make a token for USERNAME. Prints its secret, which nobody can tell again.

    Whoever runs this is trusted: the token is good too where a role needs a second factor.
    """
    if not name.isprintable() or not 1 <= len(name.strip()) <= _LONGEST_NAME:
        raise Failure("a name has 1 to 100 printable characters")
    with database(migrate=False) as config, owner(config, "access-tokens") as connection:
        only = limits(connection, permissions, unit, read_only=read_only)
        secret = access_token.new()
        given = (name, access_token.hashed(secret), *only, days, username)
        if connection.execute(_ADD, given).fetchone() is None:
            raise Failure(f"no account '{username}' that could sign in")
        click.echo(secret)


@access_tokens.command("list")
@click.argument("username")
def list_tokens(username: str) -> None:
    """List the tokens of USERNAME that hold."""
    with database(migrate=False) as config, owner(config, "access-tokens") as connection:
        rows = connection.execute(_LIST, (username,)).fetchall()
    for token_id, name, permissions, unit, read_only, expires_at, last_used_at in rows:
        limited = told(permissions, unit, read_only=read_only)
        used = f"used {_moment(last_used_at)}" if last_used_at else "never used"
        click.echo("\t".join((str(token_id), name, _moment(expires_at), used, limited)).rstrip())


@access_tokens.command("revoke")
@click.argument("username")
@click.argument("ids", nargs=-1, type=int)
def revoke(username: str, ids: tuple[int, ...]) -> None:
    """Revoke the tokens of USERNAME with these IDS, or all of them."""
    with database(migrate=False) as config, owner(config, "access-tokens") as connection:
        done = connection.execute(_REVOKE, {"username": username, "ids": list(ids)}).rowcount
        if not done:
            raise Failure(f"'{username}' has no such token that holds")
        click.echo(f"revoked {done}")


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="minutes")
