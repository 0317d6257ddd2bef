"""`sangkien migrate`."""

import click
import psycopg

from api.cli.database import database
from api.role_checks import check_owner
from auth import keys
from db import migrate as migrations


@click.command()
@click.option("--to", "revision", default="head", show_default=True, help="A revision, or base.")
def migrate(revision: str) -> None:
    """Bring the database to this version's schema, or down to an earlier one."""
    with database(migrate=False) as config:
        check_owner(config)
        url = config.urls()[0]
        if revision == "head":
            migrations.upgrade(url)
            migrations.set_passwords(*config.urls())
            with psycopg.connect(url) as connection:
                keys.ensure(connection)
        else:
            migrations.downgrade(url, revision)
        click.echo(f"migrated to {revision}")
