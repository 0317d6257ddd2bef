"""`sangkien migrate`."""

import click
import psycopg

from api.cli.database import Failure, database
from api.role_checks import check_owner
from api.settings import Settings
from auth import keys
from db import migrate as migrations


@click.command()
@click.option("--to", "revision", default="head", show_default=True, help="A revision, or base.")
@click.option(
    "--yes", is_flag=True, help="Go to an older revision, and lose what it does not hold."
)
@click.option(
    "--set-passwords", is_flag=True, help="Give existing roles the passwords of the URLs."
)
def migrate(revision: str, *, yes: bool, set_passwords: bool) -> None:
    """Bring the database to this version's schema, or to another revision.

    Runs as the owner, SANGKIEN_DATABASE_URL. Where that role has no CREATEROLE, a database
    administrator first runs what 'sangkien roles' prints.
    """
    with database(migrate=False) as config:
        check_owner(config)
        url, *role_urls = config.urls()
        if migrations.is_below(url, revision):
            _take_back(config, revision, agreed=yes)
        else:
            migrations.upgrade(
                url, revision, role_urls=tuple(role_urls), change_passwords=set_passwords
            )
        if revision == "head":
            with psycopg.connect(url) as connection:
                keys.ensure(connection)
        click.echo(f"migrated to {revision}")


def _take_back(config: Settings, revision: str, *, agreed: bool) -> None:
    """Print what a downgrade loses, and downgrade if that is agreed. Raises Failure."""
    url, *role_urls = config.urls()
    for line in migrations.losses(url, revision, role_urls=tuple(role_urls)):
        click.echo(f"lost: {line}", err=True)
    if not agreed:
        raise Failure(f"going to {revision} loses what is listed; run it with --yes to agree")
    migrations.downgrade(url, revision, role_urls=tuple(role_urls))
