"""The command line: `sangkien`."""

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import psycopg
from tqdm import tqdm

from api import cli_external, cli_files, cli_identity, cli_tokens, hosting
from api.cli_database import Failure, database, owner
from api.settings import DEMO_TODAY
from auth import keys, tokens
from auth.issuer import demo_client
from db import audit_heads
from db import migrate as migrations
from db.seed import demo as demo_data
from db.seed import national
from db.seed.national import NotEmptyError
from db.verify import verify as verify_totals
from db.verify_audit import verify_audit
from schema.build import sdl

_FILE = click.Path(dir_okay=False, path_type=Path)
# Whoever can make tokens can be anybody: it is noted of whom.
_ISSUED = """
    select audit_note('NOTED', 'Account', id, (select unit_id from person where id = person_id),
        jsonb_build_object('seconds', %(ttl)s::int))
    from account where username = %(user)s and kind <> 'PUBLIC' and disabled_at is null
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """The GraphQL backend for a trade union's innovation campaigns."""


@cli.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Port; else SANGKIEN_PORT, else 8000.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True)
def demo(port: int | None, workers: int) -> None:
    """Load the demo's data where there is none, and serve it."""
    with database(migrate=True) as config:
        with owner(config, "demo") as connection:
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
        with owner(config, "serve") as connection:
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
    with database(migrate=False) as config, owner(config, "token") as connection:
        if connection.execute(_ISSUED, {"user": user, "ttl": ttl}).fetchone() is None:
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

    with database(migrate=True) as config, owner(config, "generate") as connection:
        try:
            national.generate(connection, units=units, initiatives=initiatives, progress=progress)
        except NotEmptyError as error:
            raise Failure(str(error)) from error
    click.echo("done")


@cli.command()
@click.option(
    "--heads", type=_FILE, help="Keep the ends of the audit log's chains in this file, if sound."
)
@click.option(
    "--against", type=_FILE, help="Insist that what this file kept is in the audit log still."
)
def verify(heads: Path | None, against: Path | None) -> None:
    """Recount all totals, and follow the audit log's chains; exit code 1 on any fault."""
    kept = _kept_heads(against) if against else []
    with database(migrate=False) as config, owner(config, "verify") as connection:
        sound = _verify_totals(connection)
        # One snapshot: the heads are of the events that were checked.
        connection.execute("set transaction isolation level repeatable read")
        sound = _verify_audit(connection, kept) and sound
        current = audit_heads.heads(connection)
    click.echo(f"audit heads: {audit_heads.digest(current)}")
    if not sound:
        sys.exit(1)
    if heads is not None:
        try:
            heads.write_text(audit_heads.written(current), "utf-8")
        except OSError as error:
            raise Failure(f"{heads} cannot be written ({error.strerror})") from error


def _kept_heads(file: Path) -> list[audit_heads.Head]:
    try:
        return audit_heads.read(file.read_text("utf-8"))
    except OSError as error:
        raise Failure(f"{file} cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise Failure(f"{file} does not hold what 'sangkien verify --heads' writes") from error


def _verify_totals(connection: psycopg.Connection) -> bool:
    report = verify_totals(connection)
    for difference in report.differences:
        click.echo(str(difference))
    click.echo(f"{report.cells:,} cells compared, {report.differing:,} differ")
    connection.commit()
    return not report.differing


def _verify_audit(connection: psycopg.Connection, kept: Sequence[audit_heads.Head]) -> bool:
    report = verify_audit(connection)
    missing = audit_heads.missing(connection, kept)
    for fault in (*report.faults, *missing):
        click.echo(str(fault))
    faulty = report.faulty + len(missing)
    click.echo(f"{report.events:,} audit events in {report.chains:,} chains, {faulty:,} faults")
    return not faulty


def _load_demo(connection: psycopg.Connection) -> None:
    if connection.execute("select from unit limit 1").fetchone() is None:
        demo_data.load(connection)
        click.echo("sangkien: demo data loaded")
    elif connection.execute("select from unit where code = 'TTTT'").fetchone() is None:
        raise Failure("the database holds other data; set SANGKIEN_HOME to another folder")


for command in (
    *(*cli_identity.GROUPS, cli_tokens.access_tokens, cli_external.identities),
    *(cli_files.import_, cli_files.export),
):
    cli.add_command(command)


def main() -> None:
    """Run the command line."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    cli(prog_name="sangkien")


if __name__ == "__main__":
    main()
