"""Totals are exact after any history of changes, one by one or thousands in one statement."""

import os
import sys
import time
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from db.seed.national import generate
from db.seed.unaudited import unaudited
from db.verify import verify
from tests.rollup.counted import Counted
from tests.rollup.fold import check
from tests.rollup.history import History, Step, begin

NUMBERS = st.integers(0, 999)
STEPS = st.builds(Step, st.sampled_from(History.kinds()), NUMBERS, NUMBERS, NUMBERS, NUMBERS)
HISTORIES = st.lists(STEPS, min_size=1, max_size=14)
# Most changes need initiatives with authors to have an effect.
OPENING = [
    Step("submit_many", 5, 2, 1, 3),
    Step("submit_many", 3, 3, 4, 2),
    Step("author", 1, 1, 0, 0),
]
EVERY_KIND = [Step(kind, 7 * n, 5 * n, 3 * n, n) for n, kind in enumerate(History.kinds())]
MANY = 30_000


@pytest.fixture
def world(database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database) as connection:
        begin(connection)
        connection.commit()
        yield connection


@settings(
    max_examples=int(os.environ.get("SANGKIEN_TEST_HISTORIES", "150")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example(steps=EVERY_KIND)
@example(steps=EVERY_KIND[::-1])
@given(steps=HISTORIES)
def test_totals_equal_the_fold_after_any_history(
    world: psycopg.Connection, steps: list[Step]
) -> None:
    try:
        history, counted = History(world), Counted(world)
        for step in [*OPENING, *steps]:
            history.take(step)
            counted.follow()
        assert verify(world).differences == []
        check(world)
    finally:
        world.rollback()


def test_a_unit_that_changes_its_level_counts_anew(world: psycopg.Connection) -> None:
    history = History(world)
    for step in OPENING:
        history.take(step)
    for level in ("UPPER", "FEDERATION", "GRASSROOTS"):
        world.execute("update unit set level = %s where id = 13", [level])
        assert verify(world).differences == []
    check(world)


def test_moving_a_subtree_keeps_the_grand_total(world: psycopg.Connection) -> None:
    history = History(world)
    for step in OPENING:
        history.take(step)
    grand = "select sum(submitted), sum(achieved), sum(participants) from rollup where unit_id = 1"
    before = world.execute(grand).fetchone()
    world.execute("update unit set parent_id = 3 where id = 4")
    world.execute("update unit set parent_id = 6 where id = 12")
    assert world.execute(grand).fetchone() == before


def test_thousands_at_once_are_exact(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    with psycopg.connect(database) as connection:
        generate(connection, units=1300, initiatives=1000, progress=lambda *_: None)
        # Changes of single rows first: their plans are cached, and must not be those for many rows.
        for number in range(8):
            connection.execute(
                "update initiative set state = 'REJECTED' where id = %s and state <> 'DRAFT'",
                [number + 1],
            )
        with unaudited(connection, ("initiative", "authorship"), "bulk", {}):
            seconds = {name: took(connection, statement) for name, statement in BULK.items()}
        assert verify(connection).differences == []
    with capsys.disabled():
        told = ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items())
        sys.stdout.write(f"\n{MANY:,} at once: {told}\n")
    # Linear, it takes seconds; with a plan for one row it would take many minutes.
    assert max(seconds.values()) < 60


def took(connection: psycopg.Connection, statement: str) -> float:
    start = time.perf_counter()
    assert connection.execute(statement.encode()).rowcount == MANY
    return time.perf_counter() - start


BULK = {
    "insert": f"""
        insert into initiative (number, title, summary, content, solution_type, unit_id,
            campaign_id, phase_id, state, sector, applied_on, submitted_at, recognised_at, claimed)
        select 'bulk-' || n, 'Sáng kiến ' || n, 'x', 'x', 'TECHNICAL',
            leaves.ids[1 + n % cardinality(leaves.ids)], 1, 1 + n % 2,
            (array['SUBMITTED', 'RECOGNISED', 'RETURNED'])[1 + n % 3], 'PUBLIC', '2022-01-01',
            timestamptz '2022-03-01' + n % 100 * interval '1 day',
            timestamptz '2022-03-03' + n % 100 * interval '1 day', array[n * 1000000::bigint]
        from generate_series(1, {MANY}) n,
            (select array_agg(id) as ids from unit where level = 'GRASSROOTS') leaves""",
    "authors": """
        insert into authorship (initiative_id, person_id, share)
        select i.id, people.ids[1 + i.id % cardinality(people.ids)], 100
        from initiative i, (select array_agg(id) as ids from person) people
        where i.number like 'bulk-%'""",
    "update": """
        update initiative set state = 'CONFIRMED', confirmed_at = '2022-06-01'
        where number like 'bulk-%'""",
}
