"""A limited token sees and writes only what it is for, table by table."""

import random

import asyncpg
import pytest

from auth.narrowing import Narrowing
from auth.permissions import WRITES, Permission
from auth.principal import Principals
from db.sessions import Reader
from db.url import READER, WRITER, with_role
from tests.binding import begin_writing
from tests.oracle.growth import grow
from tests.oracle.sight import Sight
from tests.oracle.world import TABLES, Row, World, load
from tests.test_leaks import SEEDS, keys_of, shown, usernames, visible

EACH = 30  # narrowings for each world
_OFTEN = [Permission.UNIT_READ, Permission.INITIATIVE_READ, Permission.INITIATIVE_OWN]


class NarrowSight(Sight):
    """The rows visible to a token of an account: an independent reading of the rule."""

    def __init__(self, world: World, username: str, narrowing: Narrowing, top: Row | None) -> None:
        super().__init__(world, username)
        self._narrowing, self._top = narrowing, top
        if top is not None or not self._is_for(Permission.INITIATIVE_OWN):
            self.own_person = None

    def _is_for(self, permission: Permission) -> bool:
        allowed = self._narrowing.permissions
        return allowed is None or permission in allowed

    def may(self, permission: Permission, unit: Row, *, publicly: bool = True) -> bool:
        if publicly and permission is Permission.UNIT_READ and unit is self.root:
            return True  # for everybody
        within = self._top is None or self.world.below(unit, self._top)
        return (
            within and self._is_for(permission) and super().may(permission, unit, publicly=publicly)
        )

    def _access_token(self, row: Row) -> bool:
        return False


def drawn(rng: random.Random, world: World) -> tuple[Narrowing, Row | None]:
    """Return a narrowing, and the unit that it is limited to."""
    top = rng.choice([None, *world.rows["unit"]])
    names = rng.choice((None, [*rng.sample(list(Permission), 6), *rng.sample(_OFTEN, 2)]))
    path = top and ".".join(str(unit.id) for unit in world.line(top))
    permissions = None if names is None else frozenset(names)
    return Narrowing(permissions, path, read_only=rng.random() < 0.3), top


@pytest.fixture
async def connect():
    """Opens connections and readers, and closes them."""
    opened = []

    async def to(url: str, role: str) -> asyncpg.Connection:
        opened.append(await asyncpg.connect(with_role(url, role)))
        return opened[-1]

    yield to
    for connection in opened:
        await connection.close()


@pytest.fixture
async def looked_up(database):
    """A reader of the test's database."""
    reader = Reader(with_role(database, READER), size=1)
    yield reader
    await reader.close()


@pytest.mark.parametrize("role", [READER, WRITER])
@pytest.mark.parametrize("seed", SEEDS)
async def test_the_rows_of_every_table_are_those_that_the_token_is_for(
    database, connect, looked_up, seed, role
):
    world = grow(seed)
    load(world, database)
    rng = random.Random(seed)
    known = Principals(looked_up, world.today)
    connection = await connect(database, role)
    fewer = 0
    names = [name for name in usernames(world) if name is not None]
    for name in rng.choices(names, k=EACH):
        narrowing, top = drawn(rng, world)
        sight, whole = NarrowSight(world, name, narrowing, top), Sight(world, name)
        seen = await visible(connection, (await known.of(name, narrowing)).caller)
        for table in TABLES:
            expected = shown(sight, table, role)
            assert seen[table] == expected, f"{name} by {narrowing} sees other rows of {table}"
            assert seen[table] <= keys_of(table, whole.visible(table))
        fewer += seen["unit"] < keys_of("unit", whole.visible("unit"))
        assert seen["rollup"] | seen["rollup_tier"] | seen["rollup_day"] <= seen["unit"]
    assert fewer > 3


@pytest.mark.parametrize("seed", [100, 101, 105, 106])  # some others draw no account that writes
async def test_the_database_lets_it_write_where_the_token_is_for_alone(
    database, connect, looked_up, seed
):
    world = grow(seed)
    load(world, database)
    rng = random.Random(seed)
    known = Principals(looked_up, world.today)
    connection = await connect(database, WRITER)
    units = {unit.id: unit for unit in world.rows["unit"]}
    names = [name for name in usernames(world) if name is not None]
    held = 0
    for name in rng.choices(names, k=EACH):
        narrowing, top = drawn(rng, world)
        sight = NarrowSight(world, name, narrowing, top)
        principal = await known.of(name, narrowing)
        if principal.caller.writing is None:
            assert narrowing.read_only
            continue
        await connection.execute(begin_writing(principal.caller))
        for permission in WRITES:
            rows = await connection.fetch(
                "select u from unnest($1::bigint[]) u where holds($2, u)",
                [*units],
                permission.lower(),
            )
            found = {row["u"] for row in rows}
            expected = {
                key
                for key, unit in units.items()
                if not principal.is_auditor and sight.may(permission, unit)
            }
            assert found == expected, f"{name} by {narrowing} may {permission} elsewhere"
            held += len(found)
        await connection.execute("rollback")
    assert held > 3
