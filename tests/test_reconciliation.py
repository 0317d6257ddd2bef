"""At every unit of random trees, targets equal a plain recount of the values that were set."""

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from tests.client import Client, client
from tests.mutating import ask, differing, rows

LEVELS = ("CONFEDERATION", "FEDERATION", "UPPER", "GRASSROOTS")
STEPS = 40
PLACE = {"campaign": "C", "phase": 1}
ASSIGN = """mutation ($input: AssignTargetsInput!) { assignTargets(input: $input) {
    __typename ... on Error { code } } }"""
REGISTER = ASSIGN.replace("assignTargets", "registerTarget").replace("Assign", "Register")
REGISTER = REGISTER.replace("TargetsInput", "TargetInput")
DISTRIBUTE = """mutation ($input: DistributeTargetInput!) { distributeTarget(input: $input) {
    __typename ... on Error { code }
    ... on DistributeTargetPayload { allocations { unit { code } value previous } } } }"""
NODES = """{ units(first: 100) { nodes { code target(campaign: "C", phase: 1) {
    assigned registered effective childrenAssigned childrenRegistered unallocated version } } } }"""
LATEST = """select distinct on (u.code, r.kind) u.code, r.kind, r.value
    from target_revision r join unit u on u.id = r.unit_id order by u.code, r.kind, r.id desc"""


@dataclass
class Tree:
    """A tree as it was generated, and the values set in it."""

    parents: dict[str, str | None] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    assigned: dict[str, int | None] = field(default_factory=dict)
    registered: dict[str, int | None] = field(default_factory=dict)
    changes: Counter[str] = field(default_factory=Counter)

    def children(self, code: str) -> list[str]:
        """Return the direct children of a unit."""
        return [child for child, parent in self.parents.items() if parent == code]

    def set(self, side: dict[str, int | None], code: str, value: int | None) -> None:
        """Set a value; an equal value is no change."""
        if side.get(code) != value:
            side[code] = value
            self.changes[code] += 1

    def recount(self, code: str) -> dict[str, Any]:
        """Return the expected target of a unit."""
        assigned, registered = self.assigned.get(code), self.registered.get(code)
        effective = assigned if registered is None else registered
        below = sum(self.assigned.get(child) or 0 for child in self.children(code))
        return {
            "assigned": assigned,
            "registered": registered,
            "effective": effective,
            "childrenAssigned": below,
            "childrenRegistered": sum(
                self.registered.get(child) or 0 for child in self.children(code)
            ),
            "unallocated": None if effective is None else effective - below,
            "version": self.changes[code],
        }


def plant(url: str, rng: random.Random) -> Tree:
    """Create a random tree with a campaign and an account with all permissions in it."""
    tree = Tree()
    levels: dict[str, int] = {}
    with psycopg.connect(url) as connection:
        for number in range(rng.randint(8, 40)):
            above = [code for code, level in levels.items() if level < len(LEVELS) - 1]
            parent = rng.choice(above) if above else None
            code = f"U{number:02}"
            levels[code] = rng.randint(levels[parent] + 1, len(LEVELS) - 1) if parent else 0
            tree.parents[code] = parent
            if parent and rng.random() < 0.15:
                tree.closed.add(code)
            connection.execute(
                """insert into unit
                    (code, name, level, parent_id, member_count, valid_from, valid_to)
                values (%s, %s, %s, (select id from unit where code = %s), %s, '2020-01-01', %s)""",
                (
                    *(code, code, LEVELS[levels[code]], parent, rng.choice((0, 3, 500))),
                    "2022-01-01" if code in tree.closed else None,
                ),
            )
        connection.execute(
            """insert into campaign (code, title, owner_id, counts_from, applied_from, applied_to)
            select 'C', 'C', id, 'RECOGNISED', '2022-01-01', '2022-12-31' from unit where depth = 0;
            insert into phase (campaign_id, ordinal, title, opens_on, closes_on)
            select id, 1, 'P', '2022-01-01', '2022-12-31' from campaign;
            insert into account (username, kind) values ('boss', 'SERVICE');
            insert into role_grant (account_id, role, unit_id, valid_from)
            select a.id, 'ADMIN', u.id, '2020-01-01' from account a, unit u
            where a.username = 'boss' and u.depth = 0"""
        )
    return tree


async def step(http: Client, tree: Tree, rng: random.Random) -> str:
    """Run a random step on the programme and on the plain tree; return the outcome."""
    code = rng.choice(list(tree.parents))
    number = rng.choice((None, 0, 1, 7, 5191))
    below = tree.children(code)
    if rng.random() < 0.4:
        answer = await ask(http, REGISTER, "boss", **PLACE, unit=code, registered=number)
        if answer["__typename"] == "RegisterTargetPayload":
            tree.set(tree.registered, code, number)
    elif rng.random() < 0.5 and below:
        some = rng.sample(below, rng.randint(1, len(below)))
        given = [{"unit": child, "assigned": rng.choice((None, 0, 3, 1000))} for child in some]
        answer = await ask(http, ASSIGN, "boss", **PLACE, parent=code, targets=given)
        if answer["__typename"] == "AssignTargetsPayload":
            for target in given:
                tree.set(tree.assigned, target["unit"], target["assigned"])
    else:
        by = rng.choice(("EQUAL", "MEMBERS"))
        answer = await ask(http, DISTRIBUTE, "boss", **PLACE, parent=code, by=by, total=number)
        for part in answer.get("allocations", ()):
            child = part["unit"]["code"]
            assert part["previous"] == tree.assigned.get(child)
            tree.set(tree.assigned, child, part["value"])
        if number is not None and "allocations" in answer:
            assert sum(tree.assigned.get(child) or 0 for child in below) == number
    return str(answer["__typename"])


@pytest.mark.parametrize("seed", range(4))
async def test_every_node_reconciles_as_a_plain_recount(database, seed):
    rng = random.Random(seed)
    tree = plant(database, rng)
    async with client(database) as http:
        outcomes = Counter([await step(http, tree, rng) for _ in range(STEPS)])
        nodes = (await http.data(NODES, "boss"))["units"]["nodes"]
    assert {node["code"]: node["target"] for node in nodes} == {
        code: tree.recount(code) for code in tree.parents
    }
    assert sum(outcomes[name] for name in outcomes if name.endswith("Payload")) > STEPS / 3
    latest = {(row["code"], row["kind"]): row["value"] for row in rows(database, LATEST)}
    for kind, side in (("ASSIGNED", tree.assigned), ("REGISTERED", tree.registered)):
        assert {code: value for (code, of), value in latest.items() if of == kind} == side
    assert differing(database) == 0
