"""Random histories of a small union tree: every kind of change that totals depend on."""

from typing import NamedTuple

import psycopg

from tests.rollup.rules import Rules
from tests.rollup.tree import Tree
from tests.rollup.works import PEOPLE, Works

# Unit 1 is the root; the rest of the first tree as (id, level, parent).
_TREE = [
    (2, "FEDERATION", 1), (3, "FEDERATION", 1), (4, "UPPER", 2), (5, "UPPER", 2), (6, "UPPER", 3),
    (7, "GRASSROOTS", 4), (8, "GRASSROOTS", 4), (9, "GRASSROOTS", 5), (10, "GRASSROOTS", 6),
    (11, "GRASSROOTS", 6), (12, "GRASSROOTS", 2), (13, "GRASSROOTS", 1),
]  # fmt: skip


class Step(NamedTuple):
    """One change: its kind, and four numbers that select rows and values."""

    kind: str
    a: int
    b: int
    c: int
    d: int


def begin(connection: psycopg.Connection) -> None:
    """Create the first tree, two campaigns with phases and tiers, and people in all units."""
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
    for person in range(1, PEOPLE + 1):
        run(
            "insert into person (id, code, name, unit_id, sector) "
            "values (%s, %s, 'x', %s, 'PUBLIC')",
            [person, str(person), 2 + person % 12],
        )
    run("insert into target (unit_id, phase_id, assigned) select id, 1, 5 from unit")


class History(Works, Tree, Rules):
    """Applies steps to a database that `begin` has filled."""

    def take(self, step: Step) -> None:
        """Make one change; a step that makes no sense here changes nothing."""
        getattr(self, f"_{step.kind}")(step.a, step.b, step.c, step.d)

    @classmethod
    def kinds(cls) -> list[str]:
        """Return all kinds of steps."""
        return [
            *("submit", "submit_many", "upsert", "restate", "restate_many", "revalue"),
            *("resector", "redate", "rephase", "rehouse", "rehouse_many", "renumber"),
            *("author", "unauthor", "reauthor", "reshare", "review", "erase", "erase_many"),
            *("transfer", "transfer_many", "plant", "plant_two", "uproot", "uproot_two"),
            *("close", "level", "count_from", "floor", "tier", "tier_more", "tier_less"),
            *("phase_more", "phase_less", "phase_ordinal", "phase_campaign"),
        ]
