"""Verification finds and names every counter that differs from the raw rows, and nothing else."""

from collections.abc import Iterator

import psycopg
import pytest

from db.verify import LISTED, Difference, verify

SUMS = (
    *("submitted", "recognised", "confirmed", "returned", "rejected", "achieved"),
    *("achieved_production", "achieved_public", "benefit_claimed", "benefit_verified"),
    *("participants", "units_reporting", "units_meeting_floor"),
)
ROOT_ROW = "unit_id = (select id from unit where code = 'TLD') and ordinal = 1"
FIRST_AUTHOR = """(initiative_id, person_id) =
    (select initiative_id, person_id from authorship order by 1, 2 limit 1)"""


@pytest.fixture
def copy(demo: str) -> Iterator[psycopg.Connection]:
    """The demo in a transaction that is rolled back, without triggers: rows change alone."""
    with psycopg.connect(demo) as connection:
        for (table,) in connection.execute(
            "select tablename from pg_tables where schemaname = 'public'"
        ).fetchall():
            connection.execute(f"alter table {table} disable trigger user")
        yield connection
        connection.rollback()


def only(connection: psycopg.Connection) -> Difference:
    report = verify(connection)
    assert report.differing == 1
    return report.differences[0]


def code(connection: psycopg.Connection, of: str) -> str:
    row = connection.execute(of).fetchone()
    assert row is not None
    return str(row[0])


def test_the_demo_is_clean(demo: str) -> None:
    with psycopg.connect(demo) as connection:
        report = verify(connection)
    assert (report.differing, report.differences) == (0, [])
    assert report.cells > 200_000


def test_an_empty_database_is_clean(database: str) -> None:
    with psycopg.connect(database) as connection:
        assert verify(connection).cells == 0
        assert verify(connection).differing == 0


@pytest.mark.parametrize("column", SUMS)
def test_a_total_that_is_off_by_one(copy: psycopg.Connection, column: str) -> None:
    copy.execute(
        f"""update rollup set {column} = {column} + 1 where {ROOT_ROW}
        and slot = (select max(slot) from rollup where {ROOT_ROW})""",
    )
    found = only(copy)
    assert (found.table, found.subject, found.campaign, found.ordinal, found.column) == (
        "rollup", "TLD", "1TRSK", 1, column,
    )  # fmt: skip
    assert int(found.stored or 0) == int(found.expected or 0) + 1


def test_a_tier_count_that_is_off(copy: psycopg.Connection) -> None:
    copy.execute(
        """update rollup_tier set achieved = 40 where ordinal = 1 and achieved = 39
        and unit_id = (select id from unit where code = 'TTTT')""",
    )
    assert str(only(copy)) == (
        "rollup_tier, TTTT, 1TRSK, phase 1, trên 5 tỷ đồng: achieved is 40, expected 39"
    )


@pytest.mark.parametrize("column", ["submitted", "recognised", "confirmed", "achieved"])
def test_a_day_that_is_off(copy: psycopg.Connection, column: str) -> None:
    copy.execute(
        f"""update rollup_day set {column} = {column} - 1 where ordinal = 1
        and day = '2022-05-20' and unit_id = (select id from unit where code = 'TTTT')""",
    )
    found = only(copy)
    assert (found.table, found.subject, found.ordinal, found.detail, found.column) == (
        "rollup_day", "TTTT", 1, "2022-05-20", column,
    )  # fmt: skip


def test_an_absent_row_is_a_row_of_zeros(copy: psycopg.Connection) -> None:
    copy.execute(
        f"delete from rollup_tier where {ROOT_ROW} and tier_id = (select max(id) from benefit_tier)"
    )
    found = only(copy)
    assert (found.subject, found.stored, found.expected) == ("TLD", "0", "14")
    copy.rollback()
    copy.execute(
        """insert into rollup_day
        (unit_id, campaign_id, ordinal, day, slot, path)
        select id, 1, 1, '2022-01-01', 0, path from unit where code = 'TLD'""",
    )
    assert verify(copy).differing == 0


def test_a_persons_count_that_is_off(copy: psycopg.Connection) -> None:
    copy.execute(
        """update participation set initiatives = 1000 where ordinal = 1
        and person_id = (select min(person_id) from participation)""",
    )
    found = only(copy)
    assert (found.table, found.column, found.stored) == ("participation", "initiatives", "1000")
    assert found.subject
    assert found.subject.startswith("person ")


def test_a_person_counted_in_another_unit(copy: psycopg.Connection) -> None:
    copy.execute(
        """update participation p set unit_id = 1 where (person_id, ordinal) =
        (select person_id, ordinal from participation where initiatives > 0
         order by person_id, ordinal limit 1)""",
    )
    found = only(copy)
    assert (found.table, found.column, found.stored) == ("participation", "unit_id", "1")


def test_a_count_of_grassroots_units_that_is_off(copy: psycopg.Connection) -> None:
    copy.execute("update unit set grassroots_count = 9 where code = 'CQB'")
    assert str(only(copy)) == "unit, CQB: grassroots_count is 9, expected 10"


def test_a_closed_grassroots_unit_does_not_count(copy: psycopg.Connection) -> None:
    copy.execute("update unit set valid_to = '2022-09-01' where code = 'VNNIC'")
    wrong = {(found.subject, found.column) for found in verify(copy).differences}
    assert wrong == {(unit, "grassroots_count") for unit in ("VNNIC", "TTTT", "TLD")}


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("person", "id = 1"),
        ("target", "phase_id = 1 and unit_id = 2"),
        ("authorship", FIRST_AUTHOR),
        ("review", "id = 1"),
        ("rollup", f"{ROOT_ROW} and slot = (select max(slot) from rollup where {ROOT_ROW})"),
        ("rollup_tier", f"{ROOT_ROW} and tier_id = 1"),
        ("rollup_day", f"{ROOT_ROW} and day = '2022-05-20'"),
    ],
)  # fmt: skip
def test_a_path_that_is_not_its_units(copy: psycopg.Connection, table: str, row: str) -> None:
    copy.execute(f"update {table} set path = '1.2.77777' where {row}")
    found = only(copy)
    assert (found.table, found.column, found.stored) == (table, "path", "1.2.77777")
    assert found.expected != found.stored


def test_a_units_path_that_is_not_its_parents(copy: psycopg.Connection) -> None:
    copy.execute("update unit set path = '1.999' where code = 'HNI'")
    found = {(one.table, one.column) for one in verify(copy).differences}
    assert ("unit", "path") in found


@pytest.mark.parametrize("column", ["path", "federation_id", "upper_id"])
def test_an_initiatives_line_that_is_not_its_units(copy: psycopg.Connection, column: str) -> None:
    value = "'1.999'" if column == "path" else "1"
    number = code(copy, "select number from initiative order by id limit 1")
    copy.execute(f"update initiative set {column} = {value} where number = '{number}'")
    found = only(copy)
    assert (found.table, found.subject, found.column) == ("initiative", number, column)


def test_all_are_counted_and_the_first_are_listed(copy: psycopg.Connection) -> None:
    copy.execute("update rollup set submitted = submitted + 1, rejected = rejected + 1")
    rows = int(code(copy, "select count(distinct (unit_id, campaign_id, ordinal)) from rollup"))
    report = verify(copy)
    assert report.differing == 2 * rows
    assert len(report.differences) == LISTED


def test_cells_are_what_was_compared(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(
            """insert into unit (code, name, level, parent_id, valid_from)
            values ('TLD', 'Root', 'CONFEDERATION', null, '2022-01-01')""",
        )
        # A path and a count.
        assert verify(connection).cells == 2
