"""Random worlds: the tree, its people and their role grants."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

from auth.permissions import Permission
from db.models.enums import AuditKind, Role, Sector, UnitChange, UnitLevel
from tests.oracle.applications import Applications
from tests.oracle.results import Results
from tests.oracle.wording import Wording
from tests.oracle.works import Works
from tests.oracle.world import Row, World

LEVELS = list(UnitLevel)
T = TypeVar("T")


def grow(seed: int) -> World:
    """Return the world of a seed; always the same one."""
    rng = random.Random(seed)
    today = date(2022, 1, 1) + timedelta(days=rng.randrange(700))
    world = World(today, Wording(rng))
    Tree(world, rng).grow()
    Works(world, rng).grow()
    Results(world, rng).grow()
    Papers(world, rng).grow()
    return world


def day(rng: random.Random, around: date, spread: int = 400) -> date:
    """Return a day near another."""
    return around + timedelta(days=rng.randint(-spread, spread))


def some(rng: random.Random, options: Sequence[T], most: int) -> list[T]:
    """Return at most so many different elements."""
    return rng.sample(options, min(len(options), rng.randint(0, most)))


class Tree:
    """Generates units, people, accounts and role grants."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self._world, self._rng = world, rng
        self._say = world.wording

    def grow(self) -> None:
        """Generate all of them."""
        for key in range(1, self._rng.randint(1, 4)):
            say = self._say
            self._world.add(
                "emulation_bloc",
                id=key,
                code=say.code("emulation_bloc", key, "code"),
                name=say.text("emulation_bloc", key, "name"),
            )
        self._unit(UnitLevel.CONFEDERATION, None)
        for _ in range(self._rng.randint(0, 24)):
            level = self._rng.choice([*LEVELS[1:], UnitLevel.GRASSROOTS])
            above = [
                u for u in self._world.rows["unit"] if LEVELS.index(u.level) < LEVELS.index(level)
            ]
            self._unit(level, self._rng.choice(above))
        for _ in range(self._rng.randint(3, 16)):
            self._person()
        self._accounts()

    def _unit(self, level: UnitLevel, above: Row | None) -> None:
        world, rng, say = self._world, self._rng, self._say
        key = world.next_id("unit")
        begun = day(rng, date(2015, 1, 1))
        equals = [u.id for u in world.where("unit", level=level) if u.valid_to is None]
        closes = above is not None and rng.random() < 0.15
        blocs = [bloc.id for bloc in world.rows["emulation_bloc"]]
        world.add(
            "unit",
            id=key,
            code=say.code("unit", key, "code"),
            name=say.text("unit", key, "name"),
            level=level,
            parent_id=above.id if above else None,
            bloc_id=rng.choice([None, *blocs, *blocs]),
            member_count=rng.choice((0, 10, 10, rng.randrange(2**31))),
            valid_from=begun,
            valid_to=begun + timedelta(days=rng.randrange(3000)) if closes else None,
            merged_into_id=rng.choice([None, *equals]) if closes else None,
            version=rng.randint(1, 9),
        )

    def _person(self) -> None:
        world, say = self._world, self._say
        key = world.next_id("person")
        world.add(
            "person",
            id=key,
            code=say.code("person", key, "code"),
            name=say.plain("person", key, "name"),
            unit_id=self._rng.choice(world.rows["unit"]).id,
            sector=self._rng.choice(list(Sector)),
            email=say.maybe(say.code, "person", key, "email"),
            phone=say.maybe(say.code, "person", key, "phone"),
            version=1,
        )
        self._memberships(key)

    def _memberships(self, person_id: int) -> None:
        """Add a person's membership of their unit, sometimes after earlier ones."""
        world = self._world
        # A random generator of its own leaves the rest of a seed's world unchanged.
        rng = random.Random(f"memberships {person_id} {world.today}")
        since = rng.choice((None, day(rng, date(2020, 1, 1))))
        for turn in range(moves := rng.choice((0, 0, 1, 2)) + 1):
            last = turn == moves - 1
            unit_id = (
                world.rows["person"][-1].unit_id if last else rng.choice(world.rows["unit"]).id
            )
            until = (
                None if last else (since or date(2020, 1, 1)) + timedelta(days=rng.randrange(90))
            )
            world.add(
                "membership",
                id=world.next_id("membership"),
                person_id=person_id,
                unit_id=unit_id,
                valid_from=since,
                valid_to=until,
            )
            since = until and until + timedelta(days=1)

    def _accounts(self) -> None:
        world, rng = self._world, self._rng
        people: list[int | None] = [person.id for person in world.rows["person"]]
        for key, person in enumerate([*rng.sample(people, 3), *some(rng, people, 4), None], 1):
            taken = {account.person_id for account in world.rows["account"]}
            person_id = None if person in taken else person
            world.add(
                "account",
                id=key,
                username=f"user-{self._say.marker('account', key, 'username')}",
                kind="SERVICE" if person_id is None else "PERSON",
                person_id=person_id,
                password_hash=self._say.marker("account", key, "password_hash"),
                created_at=datetime.combine(world.today, time(9), UTC),
                disabled_at=None,
            )
            for role in some(rng, list(Role) * 2, 4 if key > 1 else 0):
                self._grant(key, role)

    def _grant(self, account_id: int, role: Role) -> None:
        world, rng = self._world, self._rng
        begins, ends = rng.choice(((-90, None), (-90, None), (-9, 0), (0, 9), (-90, -1), (1, 90)))
        unit_id = rng.choice(world.rows["unit"][: rng.choice((1, 4, 99))]).id
        same = {"account_id": account_id, "role": role, "unit_id": unit_id}
        if world.where("role_grant", **same):
            return
        revoked = rng.random() < 0.15
        world.add(
            "role_grant",
            id=world.next_id("role_grant"),
            **same,
            valid_from=world.today + timedelta(days=begins),
            valid_to=None if ends is None else world.today + timedelta(days=ends),
            granted_by_id=rng.choice((None, 1, account_id)),
            granted_at=datetime.combine(world.today, time(9, 30), UTC),
            revoked_at=datetime.combine(world.today, time(10), UTC) if revoked else None,
            revoked_by_id=rng.choice((None, 1)) if revoked else None,
        )


class Papers:
    """Generates history, and rows that no query returns yet, to search for them in answers."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self._world, self._rng = world, rng

    def grow(self) -> None:
        """Generate some changes of units, and one row of each other kind."""
        world, say = self._world, self._world.wording
        self._link()
        for _ in world.rows["unit"]:
            self._change()
        for _ in range(self._rng.randint(1, 30)):
            self._event()
        private = {"d": say.marker("signing_key", "k", "private_jwk")}
        world.add("signing_key", kid="k", public_jwk={"kty": "OKP"}, private_jwk=private)
        for _ in world.rows["account"] * 2:
            self._token()
        Applications(world, self._rng).grow()

    def _token(self) -> None:
        world, rng, say = self._world, self._rng, self._world.wording
        key = world.next_id("access_token")
        made = datetime.combine(world.today, time(7), UTC)
        later = [made + timedelta(hours=rng.randrange(99)) for _ in range(3)]
        names = [permission.value for permission in Permission]
        world.add(
            "access_token",
            id=key,
            account_id=rng.choice(world.rows["account"]).id,
            name=say.text("access_token", key, "name"),
            token_hash=b"%d" % key,
            permissions=rng.choice([None, rng.sample(names, 3)]),
            unit_id=rng.choice([None, *(unit.id for unit in world.rows["unit"])]),
            read_only=rng.choice((True, False)),
            created_at=made,
            expires_at=later[0],
            last_used_at=rng.choice((None, later[1])),
            revoked_at=rng.choice((None, later[2])),
        )

    def _event(self) -> None:
        world, rng, say = self._world, self._rng, self._world.wording
        key = world.next_id("audit_event")
        unit = rng.choice([None, *world.rows["unit"] * 2])
        line = world.line(unit) if unit else []
        told = {above.level: above.id for above in line}
        type_ = rng.choice((None, "Unit", "Initiative", "Person", "Grant"))
        facts: list[dict[str, Any] | None] = [None, {}]
        facts += [{"n": 2**31, "ở": [1, None, {"x": say.marker("audit_event", key, "before")}]}]
        world.add(
            "audit_event",
            id=key,
            shard=0,
            sequence=key,
            at=datetime(2022, 1, rng.randint(1, 3), rng.choice((0, 17)), 0, 0, 120_000, UTC),
            account_id=rng.choice([None, 0, *(row.id for row in world.rows["account"])]),
            address=say.maybe(say.marker, "audit_event", key, "address"),
            action=rng.choice(("sql", "submitInitiative", "demo")),
            kind=rng.choice(list(AuditKind)),
            object_type=type_,
            object_id=type_ and rng.choice((None, 1, 2)),
            unit_id=unit.id if unit else None,
            federation_id=told.get(UnitLevel.FEDERATION),
            upper_id=told.get(UnitLevel.UPPER),
            before=rng.choice(facts),
            after=rng.choice(facts),
            reason=say.maybe(say.text, "audit_event", key, "reason"),
            previous_hash=b"",
            hash=b"1",
        )

    def _change(self) -> None:
        world, rng, say = self._world, self._rng, self._world.wording
        key = world.next_id("unit_history")
        facts: list[dict[str, Any] | None] = [
            None,
            {"name": say.text("unit_history", key, "before"), "member_count": rng.randrange(99)},
            {"parent_id": rng.choice(world.rows["unit"]).id, "level": rng.choice(LEVELS)},
            {"bloc_id": rng.choice((None, 1)), "valid_from": world.today.isoformat()},
            {"merged_into_id": 1, "valid_to": world.today.isoformat()},
        ]
        world.add(
            "unit_history",
            id=key,
            unit_id=rng.choice(world.rows["unit"]).id,
            change=rng.choice(list(UnitChange)),
            before=rng.choice(facts),
            after=rng.choice(facts),
            reason=say.maybe(say.text, "unit_history", key, "reason"),
            at=datetime.combine(world.today, time(8, 0, 59), UTC),
            account_id=rng.choice([None, *(row.id for row in world.rows["account"])]),
        )

    def _link(self) -> None:
        initiatives = [row.id for row in self._world.rows["initiative"]]
        if len(initiatives) < 2:
            return
        one, other = self._rng.sample(initiatives, 2)
        self._world.add(
            "duplicate_link",
            id=1,
            initiative_id=one,
            original_id=other,
            similarity=0.5,
            reason=self._world.wording.marker("duplicate_link", 1, "reason"),
        )
