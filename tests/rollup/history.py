"""Random histories of a small union tree: every kind of change that totals depend on."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import psycopg

LEVELS = ["CONFEDERATION", "FEDERATION", "UPPER", "GRASSROOTS"]
STATES = [
    *("DRAFT", "SUBMITTED", "RECOGNISED", "CONFIRMED", "RETURNED"),
    *("REJECTED", "WITHDRAWN", "DUPLICATE", "REVOKED"),
]
SECTORS = ["PRODUCTION", "PUBLIC"]
BENEFITS = ["{}", "{5}", "{10,10}", "{4,5,6}", "{100}", "{30,0,1}"]

# Unit 1 is the root; the rest of the first tree as (id, level, parent).
_TREE = [
    (2, "FEDERATION", 1), (3, "FEDERATION", 1), (4, "UPPER", 2), (5, "UPPER", 2), (6, "UPPER", 3),
    (7, "GRASSROOTS", 4), (8, "GRASSROOTS", 4), (9, "GRASSROOTS", 5), (10, "GRASSROOTS", 6),
    (11, "GRASSROOTS", 6), (12, "GRASSROOTS", 2), (13, "GRASSROOTS", 1),
]  # fmt: skip
_PEOPLE = 10


class Step(NamedTuple):
    """One change: its kind, and four numbers that say which rows and values."""

    kind: str
    a: int
    b: int
    c: int
    d: int


def begin(connection: psycopg.Connection) -> None:
    """Make the first tree, two campaigns with phases and tiers, and people in all units."""
    run = connection.execute
    run(
        """insert into unit (id, code, name, level, valid_from)
        values (1, '1', '1', 'CONFEDERATION', '2022-01-01')"""
    )
    for identity, level, parent in _TREE:
        run(
            "insert into unit (id, code, name, level, parent_id, valid_from) "
            "values (%s, %s, 'x', %s, %s, '2022-01-01')",
            [identity, str(identity), level, parent],
        )
    for campaign in (1, 2):
        run(
            "insert into campaign (id, code, title, owner_id, counts_from, applied_from, "
            "applied_to) values (%s, %s, 'x', 1, %s, '2021-01-01', '2025-01-01')",
            [campaign, f"C{campaign}", ["RECOGNISED", "CONFIRMED"][campaign - 1]],
        )
    run(
        """insert into phase (id, campaign_id, ordinal, title, opens_on, closes_on, floor) values
        (1, 1, 1, 'x', '2022-01-01', '2022-05-31', 1),
        (2, 1, 2, 'x', '2022-06-01', '2022-12-31', 2),
        (3, 2, 1, 'x', '2022-01-01', '2022-12-31', 2)"""
    )
    run(
        """insert into benefit_tier (id, campaign_id, ordinal, label, from_vnd, to_vnd) values
        (1, 1, 1, 'x', 15, null), (2, 1, 2, 'x', 20, 100), (3, 2, 1, 'x', 10, 50)"""
    )
    for person in range(1, _PEOPLE + 1):
        run(
            "insert into person (id, code, name, unit_id, sector) "
            "values (%s, %s, 'x', %s, 'PUBLIC')",
            [person, str(person), 2 + person % 12],
        )


class History:
    """Applies steps to a database that `begin` has filled."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._run: Callable[..., psycopg.Cursor] = connection.execute
        self._next = 1000

    def take(self, step: Step) -> None:
        """Make one change; a step that makes no sense here changes nothing."""
        getattr(self, f"_{step.kind}")(step.a, step.b, step.c, step.d)

    @classmethod
    def kinds(cls) -> list[str]:
        """Return all kinds of steps."""
        return [
            *("submit", "submit_many", "upsert", "restate", "restate_many", "revalue"),
            *("resector", "redate", "rephase", "rehouse", "rehouse_many", "renumber"),
            *("author", "unauthor", "reauthor", "reshare", "erase", "erase_many"),
            *("transfer", "transfer_many", "plant", "plant_two", "uproot", "uproot_two"),
            *("close", "level", "count_from", "floor", "tier", "tier_more", "tier_less"),
            *("phase_more", "phase_less", "phase_ordinal", "phase_campaign"),
        ]

    # Initiatives

    def _submit(self, a: int, b: int, c: int, d: int) -> None:
        self._insert([(a, b, c, d)])

    def _submit_many(self, a: int, b: int, c: int, d: int) -> None:
        self._insert([(a + n, b + n * 3, c + n * 5, d + n * 7) for n in range(2 + a % 7)])

    def _upsert(self, a: int, b: int, c: int, d: int) -> None:
        self._insert(
            [(a + n, b + n, c, d + n) for n in range(3)],
            ids=[1000, 1001, self._fresh()],
            conflict="on conflict (id) do update set unit_id = excluded.unit_id, "
            "state = excluded.state, phase_id = excluded.phase_id, claimed = excluded.claimed, "
            "submitted_at = excluded.submitted_at, recognised_at = excluded.recognised_at, "
            "confirmed_at = excluded.confirmed_at",
        )

    def _restate(self, a: int, b: int, c: int, d: int) -> None:
        self._restate_where("id = %s", [self._one("initiative", a)], b, c)

    def _restate_many(self, a: int, b: int, c: int, d: int) -> None:
        self._restate_where("id %% %s = %s", [1 + a % 4, d % (1 + a % 4)], b, c)

    def _restate_where(self, where: str, values: list[Any], b: int, c: int) -> None:
        self._run(
            f"""update initiative set state = %s, phase_id = coalesce(phase_id, 1),
            submitted_at = coalesce(submitted_at, %s), recognised_at = %s, confirmed_at = %s
            where {where}""",
            [STATES[b % 9], moment(c), moment(c + 3), moment(c + 5), *values],
        )

    def _revalue(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "update initiative set claimed = %s, verified = %s where id %% 3 = %s or id = %s",
            [BENEFITS[b % 6], [None, *BENEFITS][c % 7], d % 5, self._one("initiative", a)],
        )

    def _resector(self, a: int, b: int, c: int, d: int) -> None:
        self._run("update initiative set sector = %s where id %% 2 = %s", [SECTORS[a % 2], b % 2])

    def _redate(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "update initiative set submitted_at = submitted_at + %s, "
            "recognised_at = recognised_at + %s, confirmed_at = confirmed_at + %s "
            "where id %% 3 = %s",
            [timedelta(hours=b % 60), timedelta(hours=c % 60), timedelta(hours=d % 60), a % 3],
        )

    def _rephase(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "update initiative set phase_id = %s where phase_id is not null and id %% 3 = %s",
            [self._one("phase", b), a % 3],
        )

    def _rehouse(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "update initiative set unit_id = %s where id = %s",
            [self._one("unit", b), self._one("initiative", a)],
        )

    def _rehouse_many(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "update initiative set unit_id = case when id %% 2 = 0 then %s else %s end "
            "where id %% 3 <> %s",
            [self._one("unit", b), self._one("unit", c), a % 3],
        )

    def _renumber(self, a: int, b: int, c: int, d: int) -> None:
        self._run("update initiative set title = 'y' where id %% 2 = %s", [a % 2])

    def _erase(self, a: int, b: int, c: int, d: int) -> None:
        one = self._one("initiative", a)
        self._run("delete from authorship where initiative_id = %s", [one])
        self._run("delete from initiative where id = %s", [one])

    def _erase_many(self, a: int, b: int, c: int, d: int) -> None:
        self._run("delete from authorship where initiative_id %% 3 = %s", [a % 3])
        self._run("delete from initiative where id %% 3 = %s", [a % 3])

    # Authors and people

    def _author(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "insert into authorship (initiative_id, person_id, share) "
            "select i.id, p.id, 10 from initiative i, person p "
            "where i.id %% 3 = %s and p.id %% 4 = %s on conflict do nothing",
            [a % 3, b % 4],
        )

    def _unauthor(self, a: int, b: int, c: int, d: int) -> None:
        self._run("delete from authorship where person_id %% 3 = %s", [a % 3])

    def _reauthor(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            """update authorship w set person_id = %s where w.initiative_id %% 2 = %s
            and w.person_id = (select min(person_id) from authorship o
                               where o.initiative_id = w.initiative_id)
            and not exists (select from authorship o where o.initiative_id = w.initiative_id
                            and o.person_id = %s)""",
            [1 + b % _PEOPLE, a % 2, 1 + b % _PEOPLE],
        )

    def _reshare(self, a: int, b: int, c: int, d: int) -> None:
        self._run("update authorship set share = %s", [1 + a % 100])

    def _transfer(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "update person set unit_id = %s where id = %s",
            [self._one("unit", b), 1 + a % _PEOPLE],
        )

    def _transfer_many(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "update person set unit_id = %s where id %% 2 = %s", [self._one("unit", b), a % 2]
        )

    # The tree

    def _plant(self, a: int, b: int, c: int, d: int) -> None:
        parent = self._one("unit", b, "level <> 'GRASSROOTS'")
        above = LEVELS.index(self._level_of(parent))
        level = LEVELS[above + 1 + a % (3 - above)]
        self._insert_units([(self._fresh(), level, parent)])

    def _plant_two(self, a: int, b: int, c: int, d: int) -> None:
        parent = self._one("unit", b, "level in ('CONFEDERATION', 'FEDERATION')")
        upper = self._fresh()
        self._insert_units([(upper, "UPPER", parent), (self._fresh(), "GRASSROOTS", upper)])

    def _uproot(self, a: int, b: int, c: int, d: int) -> None:
        unit = self._one("unit", a, "parent_id is not null")
        parent = self._parent_for(unit, b)
        self._run("update unit set parent_id = %s where id = %s", [parent, unit])

    def _uproot_two(self, a: int, b: int, c: int, d: int) -> None:
        """Move two units in one statement, perhaps one of them out of the other's subtree."""
        first = self._one("unit", a, "level = 'UPPER'")
        second = self._one("unit", c, "level = 'GRASSROOTS'")
        self._run(
            "update unit set parent_id = case id when %s then %s else %s end where id in (%s, %s)",
            [first, self._parent_for(first, b), self._parent_for(second, d), first, second],
        )

    def _close(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "update unit set valid_to = case when valid_to is null then '2022-09-01'::date end "
            "where id %% 4 = %s",
            [a % 4],
        )

    def _level(self, a: int, b: int, c: int, d: int) -> None:
        """Give a unit another level, below its parent's and above its children's."""
        unit = self._one("unit", a, "parent_id is not null")
        parent = self._value("select parent_id from unit where id = %s", [unit])
        below = [self._level_of(child) for child in self._ids("unit", f"parent_id = {unit}")]
        highest = LEVELS.index(self._level_of(parent)) + 1
        lowest = min([LEVELS.index(level) - 1 for level in below], default=len(LEVELS) - 1)
        level = LEVELS[highest + b % (lowest - highest + 1)]
        self._run("update unit set level = %s where id = %s", [level, unit])

    def _level_of(self, unit: int) -> str:
        return str(self._value("select level from unit where id = %s", [unit]))

    def _insert_units(self, units: Sequence[tuple[int, str, int]]) -> None:
        rows = ", ".join(["(%s, %s, 'x', %s, %s, '2022-01-01')"] * len(units))
        values = [v for i, level, above in units for v in (i, str(i), level, above)]
        self._run(
            f"insert into unit (id, code, name, level, parent_id, valid_from) values {rows}",
            values,
        )

    def _parent_for(self, unit: int, choice: int) -> int:
        above = LEVELS[: LEVELS.index(self._level_of(unit))]
        return self._one("unit", choice, f"level in ({', '.join(repr(name) for name in above)})")

    # The rules

    def _count_from(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "update campaign set counts_from = case counts_from when 'CONFIRMED' "
            "then 'RECOGNISED' else 'CONFIRMED' end where id = %s",
            [1 + a % 2],
        )

    def _floor(self, a: int, b: int, c: int, d: int) -> None:
        self._run("update phase set floor = %s where id = %s", [1 + b % 3, self._one("phase", a)])

    def _tier(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "update benefit_tier set from_vnd = %s, to_vnd = %s where id %% 3 = %s",
            [b % 40, [None, 40 + c % 70][c % 2], a % 3],
        )

    def _tier_more(self, a: int, b: int, c: int, d: int) -> None:
        identity = self._fresh()
        self._run(
            "insert into benefit_tier (id, campaign_id, ordinal, label, from_vnd) "
            "values (%s, %s, %s, 'x', %s)",
            [identity, 1 + a % 2, identity, b % 30],
        )

    def _tier_less(self, a: int, b: int, c: int, d: int) -> None:
        self._run("delete from benefit_tier where id %% 3 = %s", [a % 3])

    def _phase_more(self, a: int, b: int, c: int, d: int) -> None:
        identity = self._fresh()
        day = date(2023, 1, 1) + timedelta(days=identity)
        self._run(
            "insert into phase (id, campaign_id, ordinal, title, opens_on, closes_on, floor) "
            "values (%s, %s, %s, 'x', %s, %s, %s)",
            [identity, 1 + a % 2, identity, day, day, 1 + b % 2],
        )

    def _phase_less(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "delete from phase where id = (select max(id) from phase p where not exists "
            "(select from initiative where phase_id = p.id))"
        )

    def _phase_ordinal(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "update phase set ordinal = %s where id = %s",
            [self._fresh(), self._one("phase", a)],
        )

    def _phase_campaign(self, a: int, b: int, c: int, d: int) -> None:
        """Give a phase, with a day and an ordinal of its own, or a tier to the other campaign."""
        key = self._fresh()
        day = date(2023, 1, 1) + timedelta(days=key)
        self._run(
            "update phase set campaign_id = 3 - campaign_id, ordinal = %s, opens_on = %s, "
            "closes_on = %s where id = %s",
            [key, day, day, self._one("phase", a)],
        )
        self._run(
            "update benefit_tier set campaign_id = 3 - campaign_id, ordinal = %s where id = %s",
            [key, self._one("benefit_tier", b)],
        )

    # Rows to choose from

    def _insert(
        self,
        drawn: Sequence[tuple[int, int, int, int]],
        ids: Sequence[int] | None = None,
        conflict: str = "",
    ) -> None:
        units = self._ids("unit", "true")
        phases = self._ids("phase", "true")
        rows: list[Any] = []
        made = ids or [self._fresh() for _ in drawn]
        for identity, (a, b, c, d) in zip(made, drawn, strict=True):
            state = STATES[b % 9]
            unplaced = state == "DRAFT" or (state == "WITHDRAWN" and d % 2)
            phase = None if unplaced else phases[c % len(phases)]
            rows += [
                identity, str(identity), units[a % len(units)], phase, state, SECTORS[d % 2],
                None if phase is None else moment(c), moment(c + d % 9), moment(c + d % 11),
                BENEFITS[d % 6], [None, *BENEFITS][(a + d) % 7],
            ]  # fmt: skip
        row = (
            "(%s, %s, 'x', 'x', 'x', 'TECHNICAL', %s, 1, %s, %s, %s, '2022-01-01', %s, %s, %s, "
            "%s::bigint[], %s::bigint[])"
        )
        self._run(
            f"""insert into initiative (id, number, title, summary, content, solution_type, unit_id,
            campaign_id, phase_id, state, sector, applied_on, submitted_at, recognised_at,
            confirmed_at, claimed, verified) values {", ".join([row] * len(drawn))} {conflict}""",
            rows,
        )

    def _fresh(self) -> int:
        self._next += 1
        return self._next - 1

    def _ids(self, table: str, where: str) -> list[int]:
        rows = self._run(f"select id from {table} where {where} order by id").fetchall()
        return [row[0] for row in rows]

    def _one(self, table: str, choice: int, where: str = "true") -> int:
        ids = self._ids(table, where)
        return ids[choice % len(ids)] if ids else -1

    def _value(self, query: str, values: list[Any]) -> Any:
        row = self._run(query, values).fetchone()
        assert row is not None
        return row[0]


def moment(hours: int) -> datetime:
    """Return a moment; about every third has another day in UTC than in Vietnam."""
    return datetime(2022, 3, 1, 15, tzinfo=UTC) + timedelta(hours=5 * (hours % 40))
