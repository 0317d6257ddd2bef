"""Row-level security on Debian's PostgreSQL 15: each role of an installation sees what it may."""

import asyncpg
import psycopg
import pytest

from auth.principal import Principals
from db.sessions import Reader
from db.url import READER, WRITER
from tests.oracle.growth import grow
from tests.oracle.sight import Sight
from tests.oracle.world import TABLES, load
from tests.postgres15 import new_name
from tests.test_leaks import FOR_ALL, keys_of, shown, usernames, visible
from tests.test_roles import migrated

pytestmark = pytest.mark.postgres15

SEED = 100
ROLES = [READER, WRITER]


@pytest.fixture(scope="module")
def world():
    return grow(SEED)


@pytest.fixture(scope="module")
def urls(postgres15, world):
    """The URLs of a loaded installation's reader and writer, by role."""
    owner, reader, writer = migrated(postgres15, new_name())
    load(world, owner)
    return {READER: reader, WRITER: writer}


@pytest.mark.parametrize("role", ROLES)
async def test_the_rows_of_every_table_are_those_of_the_matrix(urls, world, role):
    reader = Reader(urls[READER], size=1)
    known = Principals(reader, world.today)
    connection = await asyncpg.connect(urls[role])
    rows = 0
    for name in usernames(world):
        sight = Sight(world, name)
        seen = await visible(connection, (await known.of(name)).caller)
        for table in TABLES:
            assert seen[table] == shown(sight, table, role), f"{name} sees other rows of {table}"
            rows += len(seen[table])
        units = keys_of("unit", sight.visible("unit"))
        assert seen["rollup"] | seen["rollup_tier"] | seen["rollup_day"] <= units
        left = await visible(connection, None)
        assert {table for table, keys in left.items() if keys} == FOR_ALL[role]
    assert rows > 300
    await connection.close()
    await reader.close()


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        *((READER, f"delete from {table}") for table in TABLES),
        (READER, "update unit set name = ''"),
        (WRITER, "delete from audit_event"),
        (WRITER, "alter table unit disable row level security"),
        *((role, "select password_hash from account") for role in ROLES),
        (READER, "select private_jwk from signing_key"),
    ],
)
def test_a_role_is_refused_what_is_not_its_work(urls, role, statement):
    with psycopg.connect(urls[role]) as connection:
        connection.execute("set transaction read write")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
