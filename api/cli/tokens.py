"""`sangkien token`."""

import click

from api.cli.database import Failure, database, owner
from auth import keys, tokens

# The operator can create tokens of every account, so each one is recorded.
_ISSUED = """
    select audit_note('NOTED', 'Account', id, (select unit_id from person where id = person_id),
        jsonb_build_object('seconds', %(ttl)s::int))
    from account where username = %(user)s and kind <> 'PUBLIC' and disabled_at is null
"""


@click.command()
@click.argument("user")
@click.option(
    "--ttl",
    type=click.IntRange(1, int(keys.LONGEST_LIFE.total_seconds())),
    default=3600,
    show_default=True,
    help="Seconds.",
)
def token(user: str, ttl: int) -> None:
    """Print an access token of USER from the built-in issuer."""
    with database(migrate=False) as config, owner(config, "token") as connection:
        if connection.execute(_ISSUED, {"user": user, "ttl": ttl}).fetchone() is None:
            raise Failure(f"no account '{user}' that could sign in")
        key = keys.ensure(connection)
        click.echo(tokens.issue(key, user, issuer=config.issuer, audience=config.audience, ttl=ttl))
