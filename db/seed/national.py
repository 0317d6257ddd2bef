"""A synthetic nation of any size, for benchmarks: units, people, targets, initiatives, totals.

Initiatives have states but no decisions, and a unit's members are those of its subtree.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from argon2 import PasswordHasher
from psycopg import Connection

from db.seed import demo_campaign, national_tree, national_works
from db.seed.bare import bare
from db.seed.demo_accounts import PASSWORD, Account, Grant
from db.seed.demo_campaign import CAMPAIGN, PHASES
from db.seed.national_tree import Unit
from db.seed.rows import Bloc, chance, continue_identities, copy
from db.seed.unaudited import unaudited

Progress = Callable[[str, int, int], None]
"""Called with the stage, the number done and the total."""

STAGES = ("units", "targets", "people", "initiatives", "authors", "indexes", "totals")

_FOUNDED = date(2018, 9, 26)
_BLOCS = [
    Bloc(1, "KTD-1", "Khối Thi đua số 1 (minh họa)"),
    Bloc(2, "KTD-2", "Khối Thi đua số 2 (minh họa)"),
]
_STRIPPED = (
    *("unit", "target", "person", "membership", "initiative", "initiative_search"),
    *("initiative_sketch", "authorship"),
)
_MEMBERSHIPS = (
    "insert into membership (person_id, unit_id) select id, unit_id from person order by id"
)
_WORDED = """
    insert into initiative_search (initiative_id, search)
    select id, wording(title, summary) from initiative order by id;
    insert into initiative_sketch (initiative_id, keys, trigrams)
    select id, kept_sketch(title, summary), trigram_bits(wording(title, summary)) from initiative
    where state not in ('DRAFT', 'WITHDRAWN') order by id
"""
_AUDITED = (
    *("emulation_bloc", "campaign", "benefit_tier", "phase", "window_override", "drive"),
    *("account", "role_grant"),
)
_ADMINS = 3
_STEP = 2000  # rows between two calls of progress


class NotEmptyError(Exception):
    """The database has units already; a nation is only generated into an empty one."""


class PlacedUnit(NamedTuple):
    """A row of `unit`, with the columns that triggers would set."""

    id: int
    code: str
    name: str
    level: str
    parent_id: int | None
    path: str
    bloc_id: int | None
    member_count: int
    grassroots_count: int
    valid_from: date


class PlacedTarget(NamedTuple):
    """A row of `target`, with its unit's path."""

    unit_id: int
    phase_id: int
    path: str
    assigned: int | None
    registered: int | None


def generate(
    connection: Connection,
    *,
    units: int,
    initiatives: int,
    seed: int = 1,
    progress: Progress,
) -> None:
    """Fill an empty migrated database, in one transaction, as the owner role.

    The real size is 127,584 units and 2,000,000 initiatives. The same seed gives the same rows.
    Accounts `bench-admin` (ADMIN at the root) and `bench-admin-1` to `-3` (ADMIN at the first
    federations) sign in with the demo's password. Rows are generated while they are written, so
    only the units are in memory, and a byte for each initiative.

    Raises:
        NotEmptyError: when the database has units.
        ValueError: when there are too few units for four levels.
    """
    with connection.transaction():
        if connection.execute("select 1 from unit limit 1").fetchone():
            raise NotEmptyError("the database holds units already")
        # Millions of rows are sorted and indexed: the default limits would spill to disk.
        connection.execute("set local work_mem = '256MB'")
        connection.execute("set local maintenance_work_mem = '512MB'")
        tree = national_tree.plant(chance(seed), units, initiatives)
        facts = {"units": units, "initiatives": initiatives, "seed": seed}
        with unaudited(connection, _AUDITED, "generate", facts):
            _load(connection, tree, seed, progress)
    connection.execute("analyze")


def _load(connection: Connection, tree: list[Unit], seed: int, progress: Progress) -> None:
    copy(connection, "emulation_bloc", Bloc._fields, _BLOCS)
    with bare(connection, _STRIPPED, progress):
        _fill(connection, tree, seed, progress)
    connection.execute("analyze")
    progress("totals", 0, 1)
    connection.execute("select rollup_rebuild(%s)", [CAMPAIGN])
    progress("totals", 1, 1)
    _admit(connection, tree)
    continue_identities(
        connection,
        ("emulation_bloc", "unit", "person", "initiative", "account", "role_grant"),
    )
    continue_identities(connection, ("campaign", "benefit_tier", "phase", "drive"))


def _fill(connection: Connection, tree: list[Unit], seed: int, progress: Progress) -> None:
    def load(
        stage: str,
        table: str,
        columns: tuple[str, ...],
        rows: Iterable[tuple[Any, ...]],
        total: int,
    ) -> None:
        copy(connection, table, columns, _told(rows, stage, total, progress))

    count = tree[0].initiatives
    people = sum(unit.people for unit in tree)
    load("units", "unit", PlacedUnit._fields, map(_unit, tree), len(tree))
    demo_campaign.declare(connection, owner_id=1, sector_union_id=2)
    load("targets", "target", PlacedTarget._fields, _targets(seed, tree), 2 * len(tree))
    rows: Iterable[tuple[Any, ...]] = national_works.people(chance(seed + 1), tree)
    load("people", "person", national_works.Person._fields, rows, people)
    connection.execute(_MEMBERSHIPS)
    achieved = bytearray()
    rows = national_works.initiatives(chance(seed + 2), tree, achieved)
    load("initiatives", "initiative", national_works.Initiative._fields, rows, count)
    connection.execute(_WORDED)
    rows = national_works.authorships(chance(seed + 3), tree, achieved)
    load("authors", "authorship", national_works.PlacedAuthorship._fields, rows, count)


def _told(
    rows: Iterable[tuple[Any, ...]], stage: str, total: int, progress: Progress
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows, and report progress now and then."""
    for done, row in enumerate(rows):
        if done % _STEP == 0:
            progress(stage, min(done, total), total)
        yield row
    progress(stage, total, total)


def _unit(unit: Unit) -> PlacedUnit:
    return PlacedUnit(
        id=unit.id,
        code=unit.code,
        name=unit.name,
        level=unit.level,
        parent_id=unit.parent.id if unit.parent else None,
        path=unit.path,
        bloc_id=1 + unit.id % 2 if unit.level == "FEDERATION" else None,
        member_count=unit.members,
        grassroots_count=unit.grassroots,
        valid_from=_FOUNDED,
    )


def _targets(seed: int, tree: list[Unit]) -> Iterator[PlacedTarget]:
    """Yield every unit's target: assigned, the sum of its children's, and registered."""
    luck = chance(seed + 4)
    for unit in tree:
        for phase, target in zip(PHASES, unit.targets, strict=True):
            pledged = target if luck.random() < 0.7 else round(target * luck.uniform(0.9, 1.3))  # noqa: PLR2004 - seven in ten
            assigned, registered = (target, pledged) if unit.parent else (None, target)
            yield PlacedTarget(unit.id, phase.id, unit.path, assigned, registered)


def _admit(connection: Connection, tree: list[Unit]) -> None:
    """Create the administrators, and invalidate caches of the anonymous account's rights."""
    password_hash = PasswordHasher().hash(PASSWORD)
    names = ["bench-admin", *(f"bench-admin-{n}" for n in range(1, _ADMINS + 1))]
    places = list(zip(range(1, len(names) + 1), names, tree, strict=False))
    federations = [unit for unit in tree[: _ADMINS + 1] if unit.level != "UPPER"]
    places = [place for place in places if place[2] in federations]
    accounts = [Account(n, name, "SERVICE", n, password_hash) for n, name, _ in places]
    grants = [Grant(n, n, "ADMIN", unit.id, date(2022, 1, 1), None) for n, _, unit in places]
    copy(connection, "account", Account._fields, accounts)
    copy(connection, "role_grant", Grant._fields, grants)
    connection.execute("select account_paths_changed(%s::ltree)", [tree[0].path])
