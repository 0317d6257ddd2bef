"""Changes of the tree that the database rejects for every writer."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.rollup.history import begin


@pytest.fixture
def world(database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database) as connection:
        begin(connection)
        connection.commit()
        yield connection


@pytest.mark.parametrize(
    "statement",
    [
        "update unit set parent_id = 7 where id = 4",
        "update unit set parent_id = 4 where id = 5",
        "update unit set parent_id = 4 where id = 2",
        "update unit set level = 'GRASSROOTS' where id = 2",
        "update unit set level = 'FEDERATION' where id = 4",
        "update unit set level = 'UPPER' where id = 7",
        """insert into unit (id, code, name, level, parent_id, valid_from)
        values (90, 'new', 'x', 'FEDERATION', 4, '2022-01-01')""",
    ],
)
def test_a_unit_stands_below_a_higher_level(world: psycopg.Connection, statement: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation) as refusal:
        world.execute(statement.encode())
    assert refusal.value.diag.constraint_name in {"unit_level_order", "unit_no_cycle"}


def test_a_parent_comes_before_its_children(world: psycopg.Connection) -> None:
    statement = """insert into unit (id, code, name, level, parent_id, valid_from) values
        (91, '91', 'x', 'GRASSROOTS', 90, '2022-01-01'),
        (90, '90', 'x', 'UPPER', 2, '2022-01-01')"""
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="does not exist yet"):
        world.execute(statement)


def test_there_is_one_root(world: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation):
        world.execute(
            """insert into unit (id, code, name, level, valid_from)
            values (90, 'new', 'x', 'CONFEDERATION', '2022-01-01')""",
        )


@pytest.mark.parametrize(
    "statement",
    [
        "insert into person (code, name, unit_id, sector) values ('new', 'x', 7, 'PUBLIC')",
        "update unit set parent_id = 6 where id = 7",
        "update initiative set title = 'y'",
        "update phase set floor = 2 where id = 1",
    ],
)
@pytest.mark.parametrize(
    "level", [psycopg.IsolationLevel.REPEATABLE_READ, psycopg.IsolationLevel.SERIALIZABLE]
)
def test_a_writer_sees_what_others_committed(
    world: psycopg.Connection, statement: str, level: psycopg.IsolationLevel
) -> None:
    """With one snapshot for the transaction it would write paths and totals from before a move."""
    world.isolation_level = level
    with pytest.raises(psycopg.errors.InvalidTransactionState, match="read committed"):
        world.execute(statement.encode())
