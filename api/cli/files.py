"""`sangkien import` and `sangkien export`."""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, Any

import asyncpg
import click
from tqdm import tqdm

from api.cli.database import Failure, database
from api.files.acting import actor
from api.files.bounds import FileError
from api.files.exporting import Export, export_file
from api.files.faults import SHOWN, Faults, reported
from api.files.importing import Import, RowsRefusedError, import_file
from api.files.kinds import KINDS
from api.files.publishing import published
from api.role_checks import check_serving
from api.settings import Settings
from auth.principal import UnknownAccountError
from db.rules.errors import DomainError
from db.sessions import GrantsChangedError, TooSlowError
from db.unavailable import BusyError
from schema.messages import Locale, message

STANDARD = Path("-")
_ENDINGS = {".csv": False, ".xlsx": True}

kind_ = click.argument("kind", type=click.Choice(list(KINDS)))
file_ = click.argument("file", type=click.Path(allow_dash=True, path_type=Path))
as_ = click.option("--as", "user", required=True, metavar="USER", help="Whose permissions hold.")
locale_ = click.option(
    "--language", "locale", type=click.Choice(["en", "vi"]), default="en", show_default=True
)


@click.command("import")
@kind_
@file_
@as_
@click.option("--dry-run", is_flag=True, help="Do everything but keep it.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write all that is wrong to this CSV file.",
)
@click.option("--reason", help="Why, for the audit log; needed by what is closed already.")
@locale_
def import_(
    kind: str,
    file: Path,
    user: str,
    *,
    dry_run: bool,
    report: Path | None,
    reason: str | None,
    locale: Locale,
) -> None:
    """Import FILE (.csv, .xlsx, or - for CSV on standard input) as USER: all of it, or nothing.

    KIND is units, people, accounts, targets or initiatives; docs/files.md has their columns.
    """
    form = Import(KINDS[kind], file, _is_workbook(file), reason, locale, dry_run)
    with _database() as config, _told(locale), reported(report) as faults, _bar(kind) as bar:
        count = _import(config, user, form, faults, bar)
    if count is None:
        _show(faults)
        sys.exit(1)
    done = "would be imported" if dry_run else "imported"
    click.echo(f"{count:,} {kind} {done}")


@click.command("export")
@kind_
@file_
@as_
@locale_
def export(kind: str, file: Path, user: str, *, locale: Locale) -> None:
    """Export to FILE (.csv, .xlsx, or - for CSV on standard output) what USER may export.

    KIND is units, people, accounts, targets or initiatives; docs/files.md has their columns.
    """
    standard = file == STANDARD
    job = Export(KINDS[kind], _is_workbook(file), mark=not standard)
    with _database() as config, _told(locale), _target(file) as target, _bar(kind) as bar:

        async def run() -> int:
            async with actor(config, user) as who:
                return await export_file(who, job, target, partial(_advance, bar))

        count = asyncio.run(run())
    click.echo(f"{count:,} {kind} exported", err=standard)


def _import(
    config: Settings, user: str, form: Import, faults: Faults, bar: "tqdm[Any]"
) -> int | None:
    """Return the number of imported rows; None where some rows have errors."""
    with _told(form.locale, f"{form.path}: "), _there(form.path) as path:
        job = replace(form, path=path)

        async def run() -> int:
            async with actor(config, user) as who:
                return await import_file(who, job, faults, partial(_advance, bar))

        try:
            return asyncio.run(run())
        except RowsRefusedError:
            return None


def _advance(bar: "tqdm[Any]", done: int, total: int | None = None) -> None:
    bar.total = total
    bar.update(done - bar.n)


@contextmanager
def _database() -> Iterator[Settings]:
    """Yield settings with a database whose roles are subject to row-level security."""
    with database(migrate=False) as config:
        check_serving(config)
        try:
            yield config
        except (asyncpg.UndefinedFunctionError, asyncpg.UndefinedTableError) as error:
            raise Failure("the database is not migrated: run 'sangkien migrate'") from error


def _is_workbook(file: Path) -> bool:
    if file == STANDARD:
        return False
    try:
        return _ENDINGS[file.suffix.lower()]
    except KeyError:
        raise Failure(f"{file} ends neither in .csv nor in .xlsx") from None


@contextmanager
def _told(locale: Locale, where: str = "") -> Iterator[None]:
    """Convert expected errors to Failure, with a message of one line."""
    try:
        yield
    except FileError as error:
        raise Failure(f"{where}{error}") from error
    except OSError as error:
        raise Failure(f"{where}{error.strerror or error}") from error
    except UnknownAccountError as error:
        raise Failure(f"no account '{error}' that could sign in") from error
    except DomainError as error:
        raise Failure(message(error.code, locale, error.facts)) from error
    except GrantsChangedError as error:
        raise Failure("the account's grants have changed meanwhile; try again") from error
    except TooSlowError as error:
        raise Failure("the database took too long") from error
    except BusyError as error:
        raise Failure(f"the database cannot be used: {error}") from error


@contextmanager
def _there(file: Path) -> Iterator[Path]:
    """Yield a file that can be read twice; standard input is copied to a temporary file.

    Raises OSError before a transaction begins, which would take it for an outage of the database.
    """
    if file != STANDARD:
        file.open("rb").close()
        yield file
        return
    with tempfile.NamedTemporaryFile(prefix="sangkien-") as kept:
        shutil.copyfileobj(sys.stdin.buffer, kept)
        kept.flush()
        yield Path(kept.name)


@contextmanager
def _target(file: Path) -> Iterator[IO[bytes]]:
    """Yield the target of an export. It appears only when complete, also on standard output."""
    if file != STANDARD:
        with published(file) as target:
            yield target
        return
    with tempfile.TemporaryFile() as target:
        yield target
        target.seek(0)
        shutil.copyfileobj(target, sys.stdout.buffer)


@contextmanager
def _bar(kind: str) -> Iterator["tqdm[Any]"]:
    with tqdm(desc=kind, unit="", disable=None) as bar:
        yield bar


def _show(faults: Faults) -> None:
    for fault in faults.shown:
        click.echo(str(fault), err=True)
    if faults.count > SHOWN:
        click.echo(f"… and {faults.count - SHOWN:,} more", err=True)
    click.echo(
        f"sangkien: {faults.count:,} faults in {faults.lines:,} rows; nothing was imported",
        err=True,
    )
