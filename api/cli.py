"""The command line: `sangkien`."""

import logging
import sys
from typing import Any

import click
import psycopg
from tqdm import tqdm

from api import cli_identity, hosting
from api.cli_database import Failure, database
from api.settings import DEMO_TODAY
from auth import keys, tokens
from auth.issuer import demo_client
from db import migrate as migrations
from db.seed import demo as demo_data
from db.seed import national
from db.seed.national import NotEmptyError
from db.verify import verify as verify_totals
from schema.build import sdl


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """The GraphQL backend for a trade union's innovation campaigns."""


@cli.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Port; else SANGKIEN_PORT, else 8000.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True)
def demo(port: int | None, workers: int) -> None:
    """Load the demo's data where there is none, and serve it."""
    with database(migrate=True) as config:
        with psycopg.connect(config.urls()[0]) as connection:
            _load_demo(connection)
            keys.ensure(connection)
            demo_client.register(connection, port or config.port)
        config.demo = True
        config.today = config.today or DEMO_TODAY
        hosting.serve(config, port=port, workers=workers)


@cli.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Port; else SANGKIEN_PORT, else 8000.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True)
def serve(port: int | None, workers: int) -> None:
    """Serve the API; without SANGKIEN_DATABASE_URL on the embedded PostgreSQL."""
    with database(migrate=False) as config:
        hosting.check_roles(config)
        with psycopg.connect(config.urls()[0]) as connection:
            keys.ensure(connection)
        hosting.serve(config, port=port, workers=workers)


@cli.command()
@click.option("--to", "revision", default="head", show_default=True, help="A revision, or base.")
def migrate(revision: str) -> None:
    """Bring the database to this version's schema, or down to an earlier one."""
    with database(migrate=False) as config:
        url = config.urls()[0]
        if revision == "head":
            migrations.upgrade(url)
            migrations.set_passwords(*config.urls())
            with psycopg.connect(url) as connection:
                keys.ensure(connection)
        else:
            migrations.downgrade(url, revision)
        click.echo(f"migrated to {revision}")


@cli.command()
def schema() -> None:
    """Print the GraphQL schema (SDL)."""
    click.echo(sdl(), nl=False)


@cli.command()
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
    with database(migrate=False) as config, psycopg.connect(config.urls()[0]) as connection:
        known = connection.execute(
            "select from account where username = %s and kind <> 'PUBLIC' and disabled_at is null",
            (user,),
        ).fetchone()
        if known is None:
            raise Failure(f"no account '{user}' that could sign in")
        key = keys.ensure(connection)
        click.echo(tokens.issue(key, user, issuer=config.issuer, audience=config.audience, ttl=ttl))


@cli.command()
@click.option("--units", type=click.IntRange(10, 1_000_000), required=True)
@click.option("--initiatives", type=click.IntRange(0, 20_000_000), required=True)
def generate(units: int, initiatives: int) -> None:
    """Fill an empty database with a synthetic national tree."""
    bars: dict[str, tqdm[Any]] = {}

    def progress(what: str, done: int, total: int) -> None:
        if what not in bars:
            bars[what] = tqdm(total=total, desc=what, unit="", disable=None)
        bar = bars[what]
        bar.update(done - bar.n)
        if done >= total:
            bar.close()

    with database(migrate=True) as config, psycopg.connect(config.urls()[0]) as connection:
        try:
            national.generate(connection, units=units, initiatives=initiatives, progress=progress)
        except NotEmptyError as error:
            raise Failure(str(error)) from error
    click.echo("done")


@cli.command()
def verify() -> None:
    """Recount all totals from the raw rows and compare; exit code 1 on any difference."""
    with database(migrate=False) as config, psycopg.connect(config.urls()[0]) as connection:
        report = verify_totals(connection)
    for difference in report.differences:
        click.echo(str(difference))
    click.echo(f"{report.cells:,} cells compared, {report.differing:,} differ")
    if report.differing:
        sys.exit(1)


def _load_demo(connection: psycopg.Connection) -> None:
    if connection.execute("select from unit limit 1").fetchone() is None:
        demo_data.load(connection)
        click.echo("sangkien: demo data loaded")
    elif connection.execute("select from unit where code = 'TTTT'").fetchone() is None:
        raise Failure("the database holds other data; set SANGKIEN_HOME to another folder")


for group in cli_identity.GROUPS:
    cli.add_command(group)


def main() -> None:
    """Run the command line."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    cli(prog_name="sangkien")


if __name__ == "__main__":
    main()
