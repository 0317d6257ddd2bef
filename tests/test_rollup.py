"""Totals are exact after any history of changes, whoever makes them and however many at once."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.verify import verify
from tests.rollup.fold import check
from tests.rollup.history import History, Step, begin

NUMBERS = st.integers(0, 999)
STEPS = st.builds(Step, st.sampled_from(History.kinds()), NUMBERS, NUMBERS, NUMBERS, NUMBERS)
HISTORIES = st.lists(STEPS, min_size=1, max_size=14)
# Most changes mean something only where there are initiatives with authors.
OPENING = [Step("submit_many", 5, 2, 1, 3), Step("submit_many", 3, 3, 4, 2), Step("author", 1, 1, 0, 0)]


@pytest.fixture
def world(database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database) as connection:
        begin(connection)
        connection.commit()
        yield connection


@settings(
    max_examples=int(os.environ.get("SANGKIEN_TEST_HISTORIES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=HISTORIES)
def test_totals_equal_the_fold_after_any_history(
    world: psycopg.Connection, steps: list[Step]
) -> None:
    try:
        history = History(world)
        for step in [*OPENING, *steps]:
            history.take(step)
        assert verify(world).differences == []
        check(world)
    finally:
        world.rollback()
