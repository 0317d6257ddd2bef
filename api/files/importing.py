"""Imports: every row by the command that a mutation would run, in one transaction, or none."""

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

_AT_ONCE = 500  # rows between two steps of the progress, and in a statement that takes many
Progress = Callable[[int, int], None]
"""Hears how much of the file is done, and how much there is, in whatever it is measured by."""


class RowsRefusedError(DomainError):
    """Rows are bad, so that nothing was written: how many, and how often for what reason."""


class _NotMeantError(DomainError):
    """A dry run is undone."""


@dataclass(frozen=True)
class Import:
    """A file that is to be imported: what it holds, how it is read, and what is said of it."""

    kind: Kind
    path: Path
    workbook: bool
    reason: str | None
    locale: Locale
    dry_run: bool

    @property
    def facts(self) -> dict[str, str]:
        """Return what the audit log is told of it."""
        return {"kind": self.kind.name, "format": "XLSX" if self.workbook else "CSV"}


async def import_file(actor: Actor, job: Import, faults: Faults, progress: Progress) -> int:
    """Import a file as an account. Returns how many rows were carried out.

    Raises FileError, UnknownAccountError, and DomainError: RowsRefusedError where rows are bad,
    whose faults are then known. Nothing is written then, nor in a dry run.
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
    """Carry out the rows of a file. Returns how many there are, but for those that cannot be."""
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
    """Carry out those of some rows that can be, and tell in their order what is wrong."""
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
