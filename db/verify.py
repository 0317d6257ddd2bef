"""Compare stored totals and copied paths with a recount of the raw rows.

The views of db/sql/verify.sql compare them with the recount of db/sql/recount.sql. Each view is
counted by one statement and so with one snapshot, despite concurrent writes.
"""

from dataclasses import dataclass

from psycopg import Connection, sql
from psycopg.rows import TupleRow

LISTED = 100
"""The maximum number of differences that are listed; all are counted."""


@dataclass(frozen=True)
class Difference:
    """One cell with an unexpected value; `stored` and `expected` are PostgreSQL's text of it.

    `subject` is a unit's code, "person 7" or an initiative's number; `detail` is the day, the
    tier, the slot, the person or the review where a subject has one row for each.
    """

    table: str
    subject: str | None
    campaign: str | None
    ordinal: int | None
    detail: str | None
    column: str
    stored: str | None
    expected: str | None

    def __str__(self) -> str:
        """Describe the difference in one line."""
        phase = None if self.ordinal is None else f"phase {self.ordinal or 'any'}"
        row = (self.table, self.subject, self.campaign, phase, self.detail)
        place = ", ".join(part for part in row if part)
        return f"{place}: {self.column} is {self.stored}, expected {self.expected}"


@dataclass(frozen=True)
class Report:
    """The numbers of compared and of differing cells, and the first differences."""

    cells: int
    differing: int
    differences: list[Difference]


@dataclass(frozen=True)
class _Check:
    """A view of db/sql/verify.sql on a table, and the columns that it compares."""

    table: str
    view: str
    columns: tuple[str, ...]


_PATH = ("path",)
_DAY = ("submitted", "recognised", "confirmed", "achieved")
_ROLLUP = (
    *_DAY,
    *("returned", "rejected", "achieved_production", "achieved_public", "benefit_claimed"),
    *("benefit_verified", "participants", "units_reporting", "units_meeting_floor"),
)
_CHECKS = (
    _Check("rollup", "verify_rollup", _ROLLUP),
    _Check("rollup_tier", "verify_rollup_tier", ("achieved",)),
    _Check("rollup_day", "verify_rollup_day", _DAY),
    _Check("participation", "verify_participation", ("initiatives", "unit_id")),
    _Check("unit", "verify_unit", ("path", "grassroots_count")),
    _Check("person", "verify_person", _PATH),
    _Check("target", "verify_target", _PATH),
    _Check("initiative", "verify_initiative", ("path", "federation_id", "upper_id")),
    _Check("authorship", "verify_authorship", ("path", "counted")),
    _Check("review", "verify_review", _PATH),
    _Check("rollup", "verify_rollup_path", _PATH),
    _Check("rollup_tier", "verify_rollup_tier_path", _PATH),
    _Check("rollup_day", "verify_rollup_day_path", _PATH),
)


def verify(connection: Connection[TupleRow]) -> Report:
    """Compare every stored total and copied path with a recount, as the owner role."""
    cells = differing = 0
    differences: list[Difference] = []
    for check in _CHECKS:
        rows, wrong = connection.execute(_count(check)).fetchall()[0]
        cells += rows * len(check.columns)
        differing += wrong
        if wrong and len(differences) < LISTED:
            found = connection.execute(_list(check), [LISTED - len(differences)])
            differences += [Difference(check.table, *cell) for cell in found]
    return Report(cells, differing, differences)


def _count(check: _Check) -> sql.Composed:
    """Return a query of the numbers of compared rows and of differing cells."""
    differs = sql.SQL("count(*) filter (where {} is distinct from {})")
    return sql.SQL("select count(*), {} from {}").format(
        sql.SQL(" + ").join(differs.format(*_pair(column)) for column in check.columns),
        sql.Identifier(check.view),
    )


def _list(check: _Check) -> sql.Composed:
    """Return a query of the differing cells, in a fixed order."""
    cell = sql.SQL("({}, {}::text, {}::text)")
    return sql.SQL("""
        select subject, campaign, ordinal, detail, name, stored, expected
        from {} cross join lateral (values {}) as cell (name, stored, expected)
        where stored is distinct from expected
        order by subject, campaign, ordinal, detail, name limit %s
    """).format(
        sql.Identifier(check.view),
        sql.SQL(", ").join(
            cell.format(sql.Literal(column), *_pair(column)) for column in check.columns
        ),
    )


def _pair(column: str) -> tuple[sql.Identifier, sql.Identifier]:
    return sql.Identifier(f"stored_{column}"), sql.Identifier(f"expected_{column}")
