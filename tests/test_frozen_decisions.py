"""Decisions on initiatives of a frozen phase: results plus adjustments equal today's totals."""

import asyncio

import psycopg

from db.verify import verify
from tests.client import client
from tests.deciding import REVIEW
from tests.phase_documents import FIRST, FREEZE, UPDATE, WHY, ask, one, rows
from tests.test_unit_merge import MERGE
from tests.test_units import MOVE

LINE = ("TLD", "TTTT", "VNPT", "VNPT-HNI")
TODAY = """query ($unit: String!) { unit(code: $unit) {
    result(campaign: "1TRSK", phase: 1) { achieved gained }
    progress(campaign: "1TRSK", phase: 1) { achieved } } }"""
OF_UNIT = """
    select number from initiative
    where phase_id = 1 and state in ('RECOGNISED', 'CONFIRMED')
        and unit_id = (select id from unit where code = 'VNPT-HNI')
    order by id limit %s
"""
ACHIEVED = """
    select count(*) from initiative i join unit u on u.id = i.unit_id
    where u.code = %s and phase_id = 1 and state in ('RECOGNISED', 'CONFIRMED')
"""
EDIT = """mutation ($input: EditInitiativeInput!) { editInitiative(input: $input) { __typename
    ... on InvalidInput { problems { code } } } }"""
RETURNED = "update initiative set state = 'RETURNED', awaits_id = null where number = %s"
BACK = """
    update initiative set state = 'SUBMITTED', awaits_id = unit_id, recognised_at = null,
        confirmed_at = null
    where number = any (%s)
"""


def undecided(url, count):
    """Make so many initiatives of the unit await its decision again, and return their numbers."""
    found = [number for (number,) in rows(url, OF_UNIT, count)]
    rows(url, BACK, found)
    return found


async def balanced(http, *units):
    """Return the adjustments of each unit, after a check that they add up."""
    gained = {}
    for code in units or LINE:
        unit = (await http.data(TODAY, "confed-admin", variables={"unit": code}))["unit"]
        result = unit["result"]
        assert result["achieved"] + result["gained"] == unit["progress"]["achieved"], code
        gained[code] = result["gained"]
    return gained


async def decide(http, number, decision):
    return await ask(http, REVIEW, "unit-officer", number=number, decision=decision, reason=WHY)


async def test_approvals_and_revocations_are_gained_and_lost_all_the_way_up(programme):
    late = undecided(programme, 3)
    async with client(programme) as http:
        await ask(http, FREEZE, "confed-admin", **FIRST)
        for number in late:
            answer = await decide(http, number, "APPROVE")
            assert answer["__typename"] == "InitiativePayload"
        assert await balanced(http) == dict.fromkeys(LINE, 3)
        answer = await decide(http, late[0], "REVOKE")
        assert answer["__typename"] == "InitiativePayload"
        assert await balanced(http) == dict.fromkeys(LINE, 2)
    with psycopg.connect(programme) as connection:
        assert verify(connection).differing == 0


async def test_a_decision_and_another_way_of_counting_at_once_still_add_up(programme):
    late = undecided(programme, 8)
    async with client(programme) as http:
        await ask(http, FREEZE, "confed-admin", **FIRST)
        for counts_from in ("CONFIRMED", "RECOGNISED"):
            batch, late = late[:4], late[4:]
            changed = {"code": "1TRSK", "countsFrom": counts_from, "reason": WHY}
            answers = await asyncio.gather(
                *(decide(http, number, "APPROVE") for number in batch[:2]),
                ask(http, UPDATE, "confed-admin", **changed),
                *(decide(http, number, "APPROVE") for number in batch[2:]),
            )
            assert [answer["__typename"] for answer in answers].count("InitiativePayload") == 4
            await balanced(http)
    assert one(programme, "select counts_from from campaign") == "RECOGNISED"


def adjusted(programme, kind):
    """Return the adjustments of a kind, by unit."""
    found = """
        select u.code, a.gained, a.reason from adjustment a join unit u on u.id = a.unit_id
        where a.kind = %s order by a.id
    """
    return rows(programme, found, kind)


async def test_a_unit_that_moves_takes_along_what_was_frozen_and_gained(programme):
    (late,) = undecided(programme, 1)
    had = one(programme, ACHIEVED, "VNPT-HNI")
    async with client(programme) as http:
        await ask(http, FREEZE, "confed-admin", **FIRST)
        await decide(http, late, "APPROVE")
        moved = {"unit": "VNPT-HNI", "parent": "VNPOST", "reason": WHY}
        answer = await ask(http, MOVE, "tttt-admin", **moved)
        assert answer["__typename"] == "UnitPayload"
        gained = await balanced(http, *LINE, "VNPOST")
    assert gained == {"TLD": 1, "TTTT": 1, "VNPT": -had, "VNPT-HNI": 1, "VNPOST": had + 1}
    assert adjusted(programme, "UNIT") == [("VNPT", -had, WHY), ("VNPOST", had, WHY)]


async def test_a_unit_that_merges_leaves_what_was_frozen_and_gained_to_the_other(programme):
    (late,) = undecided(programme, 1)
    had = one(programme, ACHIEVED, "VNPT-HNI")
    async with client(programme) as http:
        await ask(http, FREEZE, "confed-admin", **FIRST)
        await decide(http, late, "APPROVE")
        merged = {"units": ["VNPT-HNI"], "into": "VNPT-HCM", "reason": WHY}
        answer = await ask(http, MERGE, "tttt-admin", **merged)
        assert answer["__typename"] == "MergeUnitsPayload"
        gained = await balanced(http, *LINE, "VNPT-HCM")
    assert gained == {"TLD": 1, "TTTT": 1, "VNPT": 1, "VNPT-HNI": -had, "VNPT-HCM": had + 1}
    with psycopg.connect(programme) as connection:
        assert verify(connection).differing == 0


async def test_a_returned_initiative_of_a_frozen_phase_is_edited_with_a_reason(programme):
    (late,) = undecided(programme, 1)
    rows(
        programme,
        "update initiative set state = 'RETURNED', awaits_id = null where number = %s",
        late,
    )
    async with client(programme) as http:
        await ask(http, FREEZE, "confed-admin", **FIRST)
        edited = {"number": late, "claimed": [7_000_000]}
        answer = await ask(http, EDIT, "unit-officer", **edited)
        assert [problem["code"] for problem in answer["problems"]] == ["REASON_NEEDED"]
        answer = await ask(http, EDIT, "unit-officer", **edited, reason=WHY)
        assert answer["__typename"] == "InitiativePayload"
    assert adjusted(programme, "INITIATIVE") == [("VNPT-HNI", 0, WHY)]
