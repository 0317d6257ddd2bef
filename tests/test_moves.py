"""People move, and counted figures stay where they were counted."""

from collections.abc import Iterator
from datetime import date

import psycopg
import pytest

from db.url import WRITER, with_role
from db.verify import verify
from tests.rollup.fold import check
from tests.rollup.history import begin

PERSON = 5
# Grassroots units: the person's first, one of another federation, one of a third branch.
HOME, AWAY, ELSEWHERE = 7, 10, 12
LINES = {HOME: (7, 4, 2, 1), AWAY: (10, 6, 3, 1), ELSEWHERE: (12, 2, 1)}
CAMPAIGN = 0


class Nation:
    """The tree of random histories, with one person who moves in it."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.run = connection.execute
        self.connection = connection

    def on(self, day: str) -> None:
        """Set the day."""
        self.run("select set_config('sangkien.today', %s, true)", [day])

    def work(self, key: int, phase: int = 1, *, author: bool = True) -> None:
        """Submit an initiative of the person, at the first unit wherever they belong."""
        self.run(
            """insert into initiative (id, number, title, summary, content, solution_type, unit_id,
            campaign_id, phase_id, state, sector, applied_on, submitted_at) values (%s, %s, 'x',
            'x', 'x', 'TECHNICAL', %s, 1, %s, 'SUBMITTED', 'PUBLIC', '2022-01-01', '2022-03-01')""",
            [key, str(key), HOME, phase],
        )
        if author:
            self.author(key)

    def author(self, key: int) -> None:
        """Make the person the author of an initiative."""
        self.run(
            "insert into authorship (initiative_id, person_id, share) values (%s, %s, 100)",
            [key, PERSON],
        )

    def recognise(self, key: int, day: str) -> None:
        """Make an initiative count as achieved from a day on."""
        self.run(
            "update initiative set state = 'RECOGNISED', recognised_at = %s where id = %s",
            [day, key],
        )

    def become(self, key: int, state: str) -> None:
        """Set another state of an initiative, and keep the days of its decisions."""
        self.run("update initiative set state = %s where id = %s", [state, key])

    def move(self, unit: int) -> None:
        """Move the person to another unit."""
        self.run("update person set unit_id = %s where id = %s", [unit, PERSON])

    def counted(self, ordinal: int) -> tuple[int, ...]:
        """Return the units in whose totals the person is a participant."""
        found = self.run(
            """select unit_id from rollup where campaign_id = 1 and ordinal = %s
            group by unit_id having sum(participants) = 1 order by unit_id desc""",
            [ordinal],
        )
        return tuple(unit for (unit,) in found)

    def totals(self) -> list[tuple[object, ...]]:
        """Return every row of every total."""
        return [
            tuple(row)
            for table in ("rollup", "rollup_tier", "rollup_day", "participation")
            for row in self.run(f"select * from {table} order by 1, 2, 3, 4, 5".encode())
        ]

    def memberships(self) -> list[tuple[int, str | None, str | None]]:
        """Return the person's memberships in order, each with its first and last day."""
        return self.run(
            """select unit_id, valid_from::text, valid_to::text from membership
            where person_id = %s order by valid_from nulls first""",
            [PERSON],
        ).fetchall()

    def check(self) -> None:
        """Compare the totals with a recount, and with a fold of the raw rows."""
        assert verify(self.connection).differences == []
        check(self.connection)


@pytest.fixture
def nation(database: str) -> Iterator[Nation]:
    with psycopg.connect(database) as connection:
        begin(connection)
        yield Nation(connection)


def test_a_move_by_itself_changes_no_total(nation: Nation) -> None:
    for key, phase in ((1, 1), (2, 2), (3, 2)):
        nation.work(key, phase)
    nation.recognise(1, "2022-03-05")
    nation.recognise(2, "2022-07-05")
    before = nation.totals()
    for unit in (AWAY, ELSEWHERE, HOME, AWAY):
        nation.move(unit)
        assert nation.totals() == before
        nation.check()


def test_what_is_achieved_after_a_move_counts_at_the_new_unit(nation: Nation) -> None:
    nation.work(1)
    nation.work(2, phase=2)
    nation.recognise(1, "2022-03-05")
    nation.move(AWAY)
    nation.recognise(2, "2022-07-05")
    assert nation.counted(1) == LINES[HOME]
    assert nation.counted(2) == LINES[AWAY]
    assert nation.counted(CAMPAIGN) == LINES[HOME]
    nation.check()


def test_a_participant_of_a_phase_counts_once_where_the_earliest_was_achieved(
    nation: Nation,
) -> None:
    nation.work(1)
    nation.work(2)
    nation.recognise(2, "2022-03-05")
    nation.move(AWAY)
    nation.recognise(1, "2022-03-06")
    assert nation.counted(1) == LINES[HOME]
    nation.become(2, "REVOKED")
    assert nation.counted(1) == LINES[AWAY]
    nation.check()


def test_of_one_day_the_lower_id_is_the_earlier(nation: Nation) -> None:
    nation.work(1)
    nation.work(2)
    nation.recognise(2, "2022-03-05 08:00+07")
    nation.move(AWAY)
    nation.recognise(1, "2022-03-05 09:00+07")
    assert nation.counted(1) == LINES[AWAY]
    nation.check()


def test_what_is_revoked_and_reinstated_counts_where_it_did(nation: Nation) -> None:
    nation.work(1)
    nation.work(2)
    nation.recognise(1, "2022-03-05")
    nation.recognise(2, "2022-03-06")
    before = nation.totals()
    nation.move(AWAY)
    nation.become(1, "REVOKED")
    assert nation.counted(1) == LINES[HOME]  # by the second, achieved before the move
    nation.become(2, "REVOKED")
    assert nation.counted(1) == ()
    nation.check()
    nation.move(ELSEWHERE)
    nation.become(2, "RECOGNISED")
    nation.become(1, "RECOGNISED")
    assert nation.totals() == before
    nation.check()


def test_there_and_back_is_no_move(nation: Nation) -> None:
    nation.work(1)
    nation.on("2022-04-01")
    nation.move(AWAY)
    nation.move(HOME)
    nation.recognise(1, "2022-04-01")
    assert nation.counted(1) == LINES[HOME]
    assert nation.memberships() == [(HOME, None, None)]
    nation.check()


def test_an_author_who_comes_later_counts_where_they_belonged_when_it_was_achieved(
    nation: Nation,
) -> None:
    for key, day in ((1, "2022-03-05"), (2, "2022-04-15"), (3, "2022-05-02")):
        nation.work(key, author=False)
        nation.recognise(key, day)
    nation.on("2022-04-01")
    nation.move(AWAY)
    nation.on("2022-05-01")
    nation.move(ELSEWHERE)
    for key, unit in ((3, ELSEWHERE), (2, AWAY), (1, HOME)):
        nation.author(key)
        assert nation.counted(1) == LINES[unit]
        nation.check()
    for key, unit in ((1, AWAY), (2, ELSEWHERE)):
        nation.run("delete from authorship where initiative_id = %s", [key])
        assert nation.counted(1) == LINES[unit]
        nation.check()
    nation.run("delete from authorship where initiative_id = 3")
    assert nation.counted(1) == ()
    nation.check()


def test_where_a_campaign_counts_from_another_state_people_count_where_they_belonged_then(
    nation: Nation,
) -> None:
    nation.run("update campaign set counts_from = 'CONFIRMED' where id = 1")
    nation.work(1)
    nation.work(2)
    nation.recognise(1, "2022-03-05")
    nation.recognise(2, "2022-04-05")
    nation.on("2022-04-01")
    nation.move(AWAY)
    nation.run(
        "update initiative set state = 'CONFIRMED', confirmed_at = '2022-04-06' where id = 2"
    )
    assert nation.counted(1) == LINES[AWAY]
    nation.run("update campaign set counts_from = 'RECOGNISED' where id = 1")
    assert nation.counted(1) == LINES[HOME]
    nation.check()
    nation.run("update campaign set counts_from = 'CONFIRMED' where id = 1")
    assert nation.counted(1) == LINES[AWAY]
    nation.check()


def test_a_merge_takes_along_those_who_had_left(nation: Nation) -> None:
    nation.work(1)
    nation.recognise(1, "2022-03-05")
    nation.work(2, phase=2)
    nation.move(AWAY)
    nation.recognise(2, "2022-07-05")
    nation.run("update unit set valid_to = '2022-09-01', merged_into_id = 8 where id = %s", [HOME])
    assert nation.counted(1) == (8, 4, 2, 1)
    assert nation.counted(2) == LINES[AWAY]
    assert nation.counted(CAMPAIGN) == (8, 4, 2, 1)
    nation.check()
    # Later counts in the past go to the unit that it was merged into.
    nation.work(3, phase=2, author=False)
    nation.recognise(3, "2022-06-05")
    nation.author(3)
    assert nation.counted(2) == (8, 4, 2, 1)
    nation.check()


def test_a_unit_that_moves_takes_along_those_who_had_left(nation: Nation) -> None:
    nation.work(1)
    nation.recognise(1, "2022-03-05")
    nation.move(ELSEWHERE)
    nation.run("update unit set parent_id = 6 where id = %s", [HOME])
    assert nation.counted(1) == (7, 6, 3, 1)
    nation.check()


def test_an_author_counted_nowhere_is_found(nation: Nation) -> None:
    nation.work(1)
    nation.recognise(1, "2022-03-05")
    nation.run("alter table authorship disable trigger rollup_changed")
    nation.run("update authorship set counted_unit_id = null")
    wrong = {(one.table, one.column) for one in verify(nation.connection).differences}
    assert ("authorship", "counted") in wrong


@pytest.mark.parametrize(
    "statement",
    [
        "update authorship set counted_unit_id = 1",
        "insert into authorship (initiative_id, person_id, counted_unit_id) values (1, 1, 1)",
        "insert into membership (person_id, unit_id) values (1, 1)",
        "update membership set valid_from = null",
        "delete from membership",
    ],
)
def test_where_people_count_and_belong_is_for_triggers_to_write(
    database: str, statement: str
) -> None:
    with (
        psycopg.connect(with_role(database, WRITER)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


def test_memberships_follow_one_another_day_by_day(nation: Nation) -> None:
    for day, unit in (
        ("2022-04-01", AWAY),
        ("2022-04-01", ELSEWHERE),  # of two moves in a day the last one stays
        ("2022-05-01", HOME),
        ("2022-05-01", HOME),
        ("2022-06-01", AWAY),
        ("2022-06-01", HOME),  # and back
    ):
        nation.on(day)
        nation.move(unit)
    assert nation.memberships() == [
        (HOME, None, "2022-03-31"),
        (ELSEWHERE, "2022-04-01", "2022-04-30"),
        (HOME, "2022-05-01", None),
    ]


def test_a_merge_is_a_move_of_its_people(nation: Nation) -> None:
    nation.on("2022-09-01")
    nation.run("update unit set valid_to = '2022-09-01', merged_into_id = 8 where id = %s", [HOME])
    assert nation.memberships() == [(HOME, None, "2022-08-31"), (8, "2022-09-01", None)]


def test_whoever_is_entered_belongs_from_that_day_on(nation: Nation) -> None:
    nation.on("2022-04-01")
    nation.run("select set_config('sangkien.account', '0', true)")
    nation.run(
        """insert into person (id, code, name, unit_id, sector)
        select 90 + n, 'new-' || n, 'x', %s, 'PUBLIC' from generate_series(1, 3) n""",
        [HOME],
    )
    begun = nation.run(
        """select m.valid_from, m.valid_to, count(*) from membership m
        join person p on p.id = m.person_id where p.code like 'new-%' group by 1, 2"""
    ).fetchall()
    assert begun == [(date(2022, 4, 1), None, 3)]
