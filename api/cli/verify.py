"""`sangkien verify`."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import psycopg

from api.cli.database import Failure, database, owner
from db import audit_heads
from db.catalogue import verify_catalogue
from db.roles import Roles
from db.verify import verify as verify_totals
from db.verify_audit import LISTED, verify_audit

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option(
    "--heads", type=_FILE, help="Keep the ends of the audit log's chains in this file, if sound."
)
@click.option(
    "--against", type=_FILE, help="Insist that what this file kept is in the audit log still."
)
def verify(heads: Path | None, against: Path | None) -> None:
    """Compare what the database is with what it should be; exit code 1 on any difference.

    Its objects with what this version's migrations make, all totals with a recount, and the audit
    log's chains. Runs as the owner, SANGKIEN_DATABASE_URL; no superuser is needed.
    """
    kept = _kept_heads(against) if against else None
    with database(migrate=False) as config, owner(config, "verify") as connection:
        sound = _verify_catalogue(connection, Roles.of(*config.role_urls()))
        sound = _verify_totals(connection) and sound
        # In one snapshot, so that the heads belong to the verified events.
        connection.execute("set transaction isolation level repeatable read")
        sound = _verify_audit(connection, kept) and sound
        current = audit_heads.heads(connection)
    click.echo(f"audit heads: {audit_heads.summary(current)}")
    if kept is not None:
        click.echo(f"kept heads: {audit_heads.summary(kept)}; compare this with your own record")
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


def _verify_catalogue(connection: psycopg.Connection, roles: Roles) -> bool:
    connection.execute("select from alembic_version")  # fails if the database is not migrated
    report = verify_catalogue(connection, roles)
    for departure in report.departures:
        click.echo(str(departure))
    counts = ", ".join(f"{kind} {count:,}" for kind, count in sorted(report.compared.items()))
    total = sum(report.compared.values())
    click.echo(f"{total:,} objects compared ({counts}), {len(report.departures):,} differ")
    connection.commit()
    return not report.departures


def _verify_totals(connection: psycopg.Connection) -> bool:
    report = verify_totals(connection)
    for difference in report.differences:
        click.echo(str(difference))
    click.echo(f"{report.cells:,} cells compared, {report.differing:,} differ")
    connection.commit()
    return not report.differing


def _verify_audit(connection: psycopg.Connection, kept: Sequence[audit_heads.Head] | None) -> bool:
    report = verify_audit(connection)
    against: list[audit_heads.Missing | audit_heads.Omitted] = []
    if kept is not None:
        against += audit_heads.missing(connection, kept)
        against += audit_heads.omitted(connection, kept)
    for fault in (*report.faults, *against[:LISTED]):
        click.echo(str(fault))
    faulty = report.faulty + len(against)
    click.echo(f"{report.events:,} audit events in {report.chains:,} chains, {faulty:,} faults")
    return not faulty
