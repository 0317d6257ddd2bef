"""Exports: the rows of a kind that an account may export, with its redactions, in a file."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import IO

from api.files.acting import Actor, common_unit
from api.files.csv_file import CsvWriter
from api.files.kinds import Kind
from api.files.workbook import WorkbookWriter
from auth.permissions import Permission, Scope
from auth.principal import Principal
from db.rules.errors import ForbiddenError
from db.streaming import stream
from db.transactions import Attempt

_ATTEMPT = Attempt("export", "command line")
Progress = Callable[[int], None]
"""Receives the number of rows written."""


@dataclass(frozen=True)
class Export:
    """The kind and format of an export; `mark` adds a byte order mark to CSV."""

    kind: Kind
    workbook: bool
    mark: bool

    @property
    def facts(self) -> dict[str, str]:
        """Return the facts for the audit event."""
        return {"kind": self.kind.name, "format": "XLSX" if self.workbook else "CSV"}


async def export_file(actor: Actor, job: Export, file: IO[bytes], progress: Progress) -> int:
    """Export as an account; return the number of rows, which the audit event contains, too.

    Raises FileError, UnknownAccountError and ForbiddenError; the file must be discarded then.
    """

    async def deed(principal: Principal) -> int:
        scope = principal.scopes.get(Permission.EXPORT, Scope())
        if not scope.subtrees:
            raise ForbiddenError(Permission.EXPORT.value)
        file.seek(0)
        file.truncate()
        columns = [column.name for column in job.kind.columns]
        made = (
            WorkbookWriter(file, columns)
            if job.workbook
            else CsvWriter(file, columns, mark=job.mark)
        )
        count = 0
        with closing(made) as writer:
            rows = job.kind.rows(list(scope.subtrees))
            async for some in stream(actor.reader_url, principal.caller, rows):
                for row in some:
                    writer.write(tuple(row))
                count += len(some)
                progress(count)
        await actor.writer.note(
            *(principal.caller, _ATTEMPT, "NOTED"),
            unit_id=common_unit(principal, Permission.EXPORT),
            after={**job.facts, "rows": count},
        )
        return count

    return await actor.act(_ATTEMPT, (Permission.EXPORT,), job.facts, deed)
