"""Decisions on initiatives of a frozen phase: what was frozen and what was gained make today's."""

import asyncio

import psycopg

from db.verify import verify
from tests.client import client
from tests.deciding import REVIEW
from tests.phase_documents import FIRST, FREEZE, UPDATE, WHY, ask, one, rows

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
BACK = """
    update initiative set state = 'SUBMITTED', awaits_id = unit_id, recognised_at = null,
        confirmed_at = null
    where number = any (%s)
"""


def undecided(url, count):
    """Have so many initiatives of the unit await its decision again, and return their numbers."""
    found = [number for (number,) in rows(url, OF_UNIT, count)]
    rows(url, BACK, found)
    return found


async def balanced(http):
    """Return what was gained at each unit of the line, once it has been seen to add up."""
    gained = {}
    for code in LINE:
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
