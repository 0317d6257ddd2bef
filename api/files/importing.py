"""Imports: each row runs a mutation's command; one transaction saves all rows or none."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter

from api.files.acting import Actor, common_unit
from api.files.faults import Fault, Faults, of_error
from api.files.kinds import Kind
from api.files.reading import Entry, Reading, opened
from auth.principal import Principal
from db.rules.errors import DomainError
from db.transactions import Attempt
from db.write_session import WriteSession
from schema.messages import Locale

_AT_ONCE = 500  # rows per progress step, and per statement that handles several rows
Progress = Callable[[int, int], None]
"""Receives the progress and the total, in the unit of the file's format."""


class RowsRefusedError(DomainError):
    """Rows have errors, so nothing was saved: the number of rows, and the count of each code."""


class _NotMeantError(DomainError):
    """Rolls back a dry run."""


@dataclass(frozen=True)
class Import:
    """The file of an import, its format, and the reason for the audit log."""

    kind: Kind
    path: Path
    workbook: bool
    reason: str | None
    locale: Locale
    dry_run: bool

    @property
    def facts(self) -> dict[str, str]:
        """Return the facts for the audit event."""
        return {"kind": self.kind.name, "format": "XLSX" if self.workbook else "CSV"}


async def import_file(actor: Actor, job: Import, faults: Faults, progress: Progress) -> int:
    """Import a file as an account; return the number of imported rows.

    Nothing is saved after an error or in a dry run.

    Raises:
        FileError: the file cannot be read.
        UnknownAccountError: the account does not exist or is disabled.
        DomainError: RowsRefusedError where rows have errors, which are in `faults` then.
    """
    attempt = Attempt("import", "command line", job.reason)

    async def deed(principal: Principal) -> int:
        principal.require(*job.kind.permissions)
        unit_id = common_unit(principal, *job.kind.permissions)
        count = 0

        async def command(session: WriteSession) -> None:
            nonlocal count
            started = perf_counter()
            faults.begin()
            count = await _carry_out(session, job, faults, progress)
            if faults.count:
                raise RowsRefusedError("ROWS_REFUSED", rows=faults.lines, codes=dict(faults.codes))
            seconds = round(perf_counter() - started, 1)
            await session.note(unit_id, {**job.facts, "rows": count, "seconds": seconds})
            if job.dry_run:
                raise _NotMeantError("DRY_RUN")

        with suppress(_NotMeantError):
            await actor.writer.run(principal.caller, attempt, command)
        return count

    return await actor.act(attempt, job.kind.permissions, job.facts, deed)


async def _carry_out(session: WriteSession, job: Import, faults: Faults, progress: Progress) -> int:
    """Run the command for each row; return the number of rows that could be parsed."""
    count = 0
    with opened(job.path, workbook_=job.workbook) as sheet:
        rows = iter(Reading(job.kind, sheet, job.locale))
        while some := list(islice(rows, _AT_ONCE)):
            count += await _enter(session, job, some, faults)
            progress(sheet.done(), sheet.size)
        progress(sheet.size, sheet.size)
    return count


async def _enter(
    session: WriteSession, job: Import, rows: Sequence[Entry | list[Fault]], faults: Faults
) -> int:
    """Run the command for the valid rows, and add the row errors in the order of the rows."""
    entries = [row for row in rows if isinstance(row, Entry)]
    fields = [entry.fields for entry in entries]
    refusals = iter(await job.kind.enter(session, fields, job.reason) if fields else ())
    for row in rows:
        if not isinstance(row, Entry):
            found: Iterable[Fault] = row
        elif (error := next(refusals)) is not None:
            found = of_error(job.kind, row.line, row.cells, error, job.locale)
        else:
            continue
        for fault in found:
            faults.add(fault)
    await session.seal()
    return len(entries)
