"""Totals are exact under concurrent writes."""

import random
import sys
import threading
import time
from collections.abc import Callable

import psycopg
import pytest

from db.seed.national import generate
from db.verify import verify
from tests.rollup.history import begin

THREADS = 8
TRANSACTIONS = 50

ADD = "insert into authorship (initiative_id, person_id, share) values (1, 1, 100)"
REMOVE = "delete from authorship where initiative_id = 1"
REPLACE = "update authorship set person_id = 2 where initiative_id = 1"
RECOGNISE = "update initiative set state = 'RECOGNISED' where id = 1"
RECOGNISE_OTHER = "update initiative set state = 'RECOGNISED' where id = 2"
REHOUSE = "update initiative set unit_id = 10 where id = 1"
REVIEW = "insert into review (initiative_id, unit_id, decision) values (1, 7, 'APPROVE')"
TRANSFER = "update person set unit_id = 11 where id = 1"
TRANSFER_BACK = "update person set unit_id = 3 where id = 1"
MOVE = "update unit set parent_id = 6 where id = 7"
MOVE_ABOVE = "update unit set parent_id = 3 where id = 4"
CLOSE = "update unit set valid_to = '2022-09-01' where id = 7"
PLANT = """insert into unit (id, code, name, level, parent_id, valid_from)
    values (90, 'new', 'x', 'GRASSROOTS', 4, '2022-01-01')"""
HIRE = """insert into person (id, code, name, unit_id, sector)
    values (90, 'new', 'x', 7, 'PUBLIC')"""
FLOOR = "update phase set floor = 2 where id = 1"
COUNT = "update campaign set counts_from = 'CONFIRMED' where id = 1"

AUTHORED = "insert into authorship (initiative_id, person_id, share) values (1, 1, 50), (2, 1, 50)"


@pytest.fixture
def world(database: str) -> str:
    with psycopg.connect(database) as connection:
        begin(connection)
        for identity in (1, 2):
            connection.execute(
                """insert into initiative (id, number, title, summary, content, solution_type,
                unit_id, campaign_id, phase_id, state, sector, applied_on, submitted_at,
                recognised_at) values (%s, %s, 'x', 'x', 'x', 'TECHNICAL', 7, 1, 1, 'SUBMITTED',
                'PUBLIC', '2022-01-01', '2022-03-01', '2022-03-02')""",
                [identity, str(identity)],
            )
    return database


@pytest.mark.parametrize("swapped", [False, True], ids=["", "swapped"])
@pytest.mark.parametrize(
    ("given", "one", "other"),
    [
        ("", ADD, RECOGNISE),
        ("", ADD, REHOUSE),
        ("", REVIEW, REHOUSE),
        (AUTHORED, REPLACE, RECOGNISE),
        (AUTHORED, REMOVE, RECOGNISE),
        (AUTHORED, TRANSFER, RECOGNISE),
        (AUTHORED, TRANSFER, TRANSFER_BACK),
        (AUTHORED, TRANSFER, COUNT),
        (AUTHORED, RECOGNISE, RECOGNISE_OTHER),
        (AUTHORED, MOVE, RECOGNISE),
        (AUTHORED, MOVE, REHOUSE),
        (AUTHORED, FLOOR, RECOGNISE),
        (AUTHORED, COUNT, RECOGNISE),
        ("", MOVE, HIRE),
        ("", MOVE_ABOVE, PLANT),
        ("", MOVE_ABOVE, CLOSE),
        ("", MOVE_ABOVE, MOVE),
    ],
)
def test_two_at_once_follow_one_another(
    world: str, given: str, one: str, other: str, *, swapped: bool
) -> None:
    """The second starts before the first has committed; it waits, or sees its changes."""
    if swapped:
        one, other = other, one
    with psycopg.connect(world) as first, psycopg.connect(world) as second:
        if given:
            first.execute(given.encode())
            first.commit()
        first.execute(one.encode())
        late = threading.Thread(target=persist, args=(second, lambda: second.execute(other)))
        late.start()
        late.join(0.1)
        first.commit()
        late.join(20)
        assert not late.is_alive()
        assert verify(first).differences == []


def test_two_moves_beside_a_decision_are_followed_by_the_totals(world: str) -> None:
    """The person is counted at one of the units that they passed, and stays counted there."""
    places = {3, 10, 11}
    moves = [f"update person set unit_id = {unit} where id = 1" for unit in (10, 11)]
    for turn in range(10):
        with psycopg.connect(world) as first:
            first.execute("delete from authorship")
            first.execute("update initiative set state = 'SUBMITTED'")
            first.execute(AUTHORED.encode())
            first.commit()
            statements = [*moves, RECOGNISE]
            random.Random(turn).shuffle(statements)
            with (
                psycopg.connect(world) as one,
                psycopg.connect(world) as two,
                psycopg.connect(world) as three,
            ):
                writing = [
                    threading.Thread(
                        target=persist, args=(c, lambda c=c, s=s: c.execute(s.encode()))
                    )
                    for c, s in zip((one, two, three), statements, strict=True)
                ]
                for thread in writing:
                    thread.start()
                for thread in writing:
                    thread.join(20)
                assert not any(thread.is_alive() for thread in writing)
            assert verify(first).differences == []
            ((counted, at),) = first.execute(
                """select counted_unit_id, p.unit_id from authorship a
                join person p on p.id = a.person_id where initiative_id = 1"""
            ).fetchall()
            assert counted in places
            assert at in {10, 11}
            first.execute("update person set unit_id = 3 where id = 1")
            first.commit()
            assert verify(first).differences == []


def persist(connection: psycopg.Connection, write: Callable[[], object]) -> None:
    """Write in a transaction, and retry where PostgreSQL aborted it to end a deadlock."""
    while True:
        try:
            write()
            connection.commit()
        except psycopg.errors.DeadlockDetected:
            connection.rollback()
        else:
            return


class Writer:
    """One of many writers that submit, decide, transfer people and change authors."""

    def __init__(self, url: str, seed: int) -> None:
        self._luck = random.Random(seed)
        self._seed = seed
        self._url = url

    def run(self) -> None:
        """Run all transactions."""
        with psycopg.connect(self._url) as connection:
            units, people, initiatives = (
                [row[0] for row in connection.execute(query.encode())]
                for query in (
                    "select id from unit where level = 'GRASSROOTS' order by id",
                    "select id from person order by id",
                    "select id from initiative order by id",
                )
            )
            connection.commit()
            for n in range(TRANSACTIONS):
                unit, person, initiative = (
                    self._luck.choice(ids) for ids in (units, people, initiatives)
                )
                act = self._luck.choice((self._submit, self._decide, self._transfer, self._author))
                persist(
                    connection,
                    lambda act=act, n=n, unit=unit, person=person, initiative=initiative: act(
                        connection, n, unit, person, initiative
                    ),
                )

    def _submit(self, c: psycopg.Connection, n: int, unit: int, person: int, _: int) -> None:
        row = c.execute(
            """insert into initiative (number, title, summary, content, solution_type, unit_id,
            campaign_id, phase_id, state, sector, applied_on, submitted_at, recognised_at, claimed)
            values (%s, 'x', 'x', 'x', 'TECHNICAL', %s, 1, 1, 'RECOGNISED', 'PUBLIC',
            '2022-01-01', '2022-03-01', '2022-03-02', '{6000000000}') returning id""",
            [f"{self._seed}-{n}", unit],
        ).fetchone()
        assert row is not None
        c.execute(
            "insert into authorship (initiative_id, person_id, share) values (%s, %s, 100)",
            [row[0], person],
        )

    def _decide(self, c: psycopg.Connection, n: int, _: int, __: int, initiative: int) -> None:
        c.execute(
            """update initiative set state = %s, phase_id = coalesce(phase_id, 1),
            submitted_at = coalesce(submitted_at, '2022-03-01'), recognised_at = '2022-03-02',
            confirmed_at = '2022-03-03' where id = %s""",
            [("RECOGNISED", "CONFIRMED", "RETURNED", "REJECTED")[n % 4], initiative],
        )

    def _transfer(self, c: psycopg.Connection, _: int, unit: int, person: int, __: int) -> None:
        c.execute("update person set unit_id = %s where id = %s", [unit, person])

    def _author(self, c: psycopg.Connection, n: int, _: int, person: int, initiative: int) -> None:
        if n % 2:
            c.execute("delete from authorship where initiative_id = %s", [initiative])
        else:
            c.execute(
                "insert into authorship (initiative_id, person_id, share) values (%s, %s, 10) "
                "on conflict do nothing",
                [initiative, person],
            )


class Mover:
    """Moves units until it is stopped."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.enough = threading.Event()
        self.moves = 0

    def run(self) -> None:
        """Move the units."""
        luck = random.Random(0)
        levels = ["FEDERATION", "UPPER", "GRASSROOTS"]
        with psycopg.connect(self._url) as connection:
            units = {
                level: [row[0] for row in connection.execute(
                    "select id from unit where level = %s order by id", [level]
                )]
                for level in levels
            }  # fmt: skip
            connection.commit()
            while not self.enough.is_set():
                n = luck.randint(0, 1)
                move = [luck.choice(units[levels[n]]), luck.choice(units[levels[n + 1]])]
                persist(
                    connection,
                    lambda move=move: connection.execute(
                        "update unit set parent_id = %s where id = %s", move
                    ),
                )
                self.moves += 1
                time.sleep(0.01)


@pytest.fixture
def nation(database: str) -> str:
    with psycopg.connect(database) as connection:
        generate(connection, units=400, initiatives=1000, progress=lambda *_: None)
    return database


def test_many_writers_and_a_mover_leave_exact_totals(
    nation: str, capsys: pytest.CaptureFixture[str]
) -> None:
    mover = Mover(nation)
    moving = threading.Thread(target=mover.run)
    writing = [threading.Thread(target=Writer(nation, seed).run) for seed in range(THREADS)]
    start = time.perf_counter()
    for thread in (moving, *writing):
        thread.start()
    for thread in writing:
        thread.join(120)
    seconds = time.perf_counter() - start
    mover.enough.set()
    moving.join(20)
    assert not any(thread.is_alive() for thread in (moving, *writing))
    with psycopg.connect(nation) as connection:
        assert verify(connection).differences == []
        written = connection.execute(
            "select count(*) from initiative where number !~ '^C'"
        ).fetchone()
    assert written is not None
    assert written[0] > THREADS
    assert mover.moves > 3
    with capsys.disabled():
        rate = THREADS * TRANSACTIONS / seconds
        sys.stdout.write(f"\n{THREADS} writers: {rate:.0f}/s beside {mover.moves} moves\n")
