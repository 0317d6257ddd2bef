"""Whether stored totals and repeated paths are what a recount of the raw rows gives.

The recount is that of db/sql/recount.sql. Each check is one statement and so sees one moment,
whatever is written meanwhile. An absent row is a row of zeros.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from psycopg import Connection, sql
from psycopg.rows import TupleRow

LISTED = 100
"""At most so many differences are listed; all are counted."""

Value = str | None
"""A cell as PostgreSQL writes it."""


@dataclass(frozen=True)
class Difference:
    """One cell that is not what it should be.

    `subject` is a unit's code, "person 7" or an initiative's number; `detail` is the day or the
    label of the tier where the table has one row for each, or the slot of a path.
    """

    table: str
    subject: str
    campaign: str | None
    ordinal: int | None
    detail: str | None
    column: str
    stored: Value
    expected: Value

    def __str__(self) -> str:
        """Say in one line what is wrong where."""
        place = [self.table, self.subject, self.campaign]
        place += [f"phase {self.ordinal}" if self.ordinal else None, self.detail]
        where = " ".join(part for part in place if part)
        return f"{where}: {self.column} is {self.stored}, expected {self.expected}"


@dataclass(frozen=True)
class Report:
    """What a verification found: cells compared, how many differ, and the first of these."""

    cells: int
    total: int
    differences: list[Difference]

    @property
    def clean(self) -> bool:
        """Whether everything is as it should be."""
        return self.total == 0


@dataclass(frozen=True)
class Check:
    """A table compared with what it should hold.

    `stored` and `expected` are queries of the same columns, keys first; both count as numbers
    when `numeric`, where nothing stands for 0. `naming` are four expressions over the keys:
    subject, campaign, ordinal and detail.
    """

    table: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    stored: str
    expected: str
    naming: tuple[str, str, str, str]
    numeric: bool = True


_CODE = "(select u.code from unit u where u.id = unit_id)"
_CAMPAIGN = "(select c.code from campaign c where c.id = campaign_id)"
_NUMBER = "(select i.number from initiative i where i.id = {})"
_NOTHING = ("null", "null", "null")

_ROLLUP_KEYS = ("unit_id", "campaign_id", "ordinal")
_ROLLUP = (
    *("submitted", "recognised", "confirmed", "returned", "rejected", "achieved"),
    *("achieved_production", "achieved_public", "benefit_claimed", "benefit_verified"),
    *("participants", "units_reporting", "units_meeting_floor"),
)
_DAY = ("submitted", "recognised", "confirmed", "achieved")


def verify(connection: Connection[TupleRow]) -> Report:
    """Compare every stored total and repeated path with a recount, as the owner role."""
    cells = total = 0
    differences: list[Difference] = []
    for check in checks():
        row = connection.execute(_statement(check), [LISTED - len(differences)]).fetchone()
        if row is None:
            raise RuntimeError("an aggregate yields a row")
        compared, wrong, found = row
        cells += compared
        total += wrong
        differences += [Difference(check.table, *cell) for cell in found]
    return Report(cells, total, differences)


def checks() -> Iterable[Check]:
    """Yield every check: the totals, then the numbers and paths that rows repeat."""
    yield from _totals()
    yield Check(
        "participation",
        ("person_id", "campaign_id", "ordinal"),
        ("initiatives", "unit_id"),
        # A row that counts nothing is no row, wherever its person is by now.
        "select person_id, campaign_id, ordinal, initiatives, unit_id from participation "
        "where initiatives <> 0",
        "select person_id, campaign_id, ordinal, initiatives, unit_id from participation_expected",
        ("'person ' || person_id", _CAMPAIGN, "ordinal", "null"),
    )
    yield Check(
        "unit",
        ("unit_id",),
        ("grassroots_count",),
        "select id as unit_id, grassroots_count from unit",
        "select ancestor as unit_id, count(*) as grassroots_count "
        "from unit, unnest(line(path)) as ancestor "
        "where level = 'GRASSROOTS' and valid_to is null group by ancestor",
        (_CODE, *_NOTHING),
    )
    yield from _paths()


def _totals() -> Iterable[Check]:
    sums = ", ".join(f"sum({column}) as {column}" for column in _ROLLUP)
    listed = ", ".join((*_ROLLUP_KEYS, *_ROLLUP))
    yield Check(
        "rollup",
        _ROLLUP_KEYS,
        _ROLLUP,
        f"select unit_id, campaign_id, ordinal, {sums} from rollup group by 1, 2, 3",
        f"select {listed} from rollup_expected",
        (_CODE, _CAMPAIGN, "ordinal", "null"),
    )
    yield Check(
        "rollup_tier",
        (*_ROLLUP_KEYS, "tier_id"),
        ("achieved",),
        "select unit_id, campaign_id, ordinal, tier_id, sum(achieved) as achieved "
        "from rollup_tier group by 1, 2, 3, 4",
        "select unit_id, campaign_id, ordinal, tier_id, achieved from rollup_tier_expected",
        (
            _CODE,
            _CAMPAIGN,
            "ordinal",
            "coalesce((select label from benefit_tier t where t.id = tier_id), 'tier ' || tier_id)",
        ),
    )
    sums = ", ".join(f"sum({column}) as {column}" for column in _DAY)
    listed = ", ".join((*_ROLLUP_KEYS, "day", *_DAY))
    yield Check(
        "rollup_day",
        (*_ROLLUP_KEYS, "day"),
        _DAY,
        f"select unit_id, campaign_id, ordinal, day, {sums} from rollup_day group by 1, 2, 3, 4",
        f"select {listed} from rollup_day_expected",
        (_CODE, _CAMPAIGN, "ordinal", "day"),
    )


def _paths() -> Iterable[Check]:
    yield _path(
        "unit",
        ("unit_id",),
        "select id as unit_id, path from unit",
        "select u.id as unit_id, case when a.id is null then text2ltree(u.id::text) "
        "else a.path || u.id::text end as path from unit u left join unit a on a.id = u.parent_id",
        (_CODE, *_NOTHING),
    )
    yield _path(
        "person",
        ("id",),
        "select id, path from person",
        "select p.id, u.path from person p join unit u on u.id = p.unit_id",
        ("'person ' || id", *_NOTHING),
    )
    for table, keys, names in _REPEATING_A_UNIT:
        yield _path(
            table,
            keys,
            f"select {', '.join(keys)}, path from {table}",
            f"select {', '.join(f't.{key}' for key in keys)}, u.path "
            f"from {table} t join unit u on u.id = t.unit_id",
            names,
        )
    for table, keys in _REPEATING_AN_INITIATIVE:
        yield _path(
            table,
            keys,
            f"select {', '.join(keys)}, path from {table}",
            f"select {', '.join(f't.{key}' for key in keys)}, u.path from {table} t "
            "join initiative i on i.id = t.initiative_id join unit u on u.id = i.unit_id",
            (_NUMBER.format("initiative_id"), "null", "null", f"{keys[-1]}::text"),
        )
    yield Check(
        "initiative",
        ("id",),
        ("path", "federation_id", "upper_id"),
        "select id, path, federation_id, upper_id from initiative",
        """select i.id, u.path,
            (select a.id from unit a where a.id = any(line(u.path)) and a.level = 'FEDERATION')
                as federation_id,
            (select a.id from unit a where a.id = any(line(u.path)) and a.level = 'UPPER')
                as upper_id
        from initiative i join unit u on u.id = i.unit_id""",
        (_NUMBER.format("id"), *_NOTHING),
        numeric=False,
    )


_ROLLUP_NAMES = (_CODE, _CAMPAIGN, "ordinal", "'slot ' || slot")
_REPEATING_A_UNIT = (
    (
        "target",
        ("unit_id", "phase_id"),
        (
            _CODE,
            "(select c.code from phase p join campaign c on c.id = p.campaign_id "
            "where p.id = phase_id)",
            "(select p.ordinal from phase p where p.id = phase_id)",
            "null",
        ),
    ),
    ("rollup", (*_ROLLUP_KEYS, "slot"), _ROLLUP_NAMES),
    ("rollup_tier", (*_ROLLUP_KEYS, "tier_id", "slot"), _ROLLUP_NAMES),
    ("rollup_day", (*_ROLLUP_KEYS, "day", "slot"), _ROLLUP_NAMES),
)
_REPEATING_AN_INITIATIVE = (
    ("authorship", ("initiative_id", "person_id")),
    ("review", ("initiative_id", "id")),
)


def _path(
    table: str,
    keys: tuple[str, ...],
    stored: str,
    expected: str,
    naming: tuple[str, str, str, str],
) -> Check:
    return Check(table, keys, ("path",), stored, expected, naming, numeric=False)


def _statement(check: Check) -> sql.Composed:
    """Return a query of one row: cells compared, cells that differ, and the first of these.

    Both sides are numbered alike by their keys; what only one side has is compared with nothing.
    """
    nothing = "0" if check.numeric else "null"
    kind = "::bigint" if check.numeric else "::text"
    cells = ", ".join(
        f"('{column}', coalesce(s.{column}{kind}, {nothing}), "
        f"coalesce(e.{column}{kind}, {nothing}))"
        for column in check.columns
    )
    subject, campaign, ordinal, detail = check.naming
    keys = ", ".join(check.keys)
    text = f"""
        with cell as materialized (
            select {keys}, name, stored, expected
            from ({check.stored}) s full join ({check.expected}) e using ({keys})
            cross join lateral (values {cells}) as cell (name, stored, expected)
            where stored is distinct from expected
        )
        select (
            select count(*) * {len(check.columns)}
            from ({check.stored}) s full join ({check.expected}) e using ({keys})
        ), (select count(*) from cell), array(
            select row({subject}, {campaign}, ({ordinal})::bigint, ({detail})::text,
                       name, stored::text, expected::text)
            from cell order by {keys}, name limit %s
        )
    """
    return sql.Composed([sql.SQL(text)])
