"""A locked unit, as by an import, blocks only writes at that unit."""

import asyncio
import time
from contextlib import contextmanager

import psycopg
import pytest

from db import unit_gate
from db.unavailable import LockedError
from db.unit_gate import CrowdedUnitError, UnitGate
from tests.client import client
from tests.mutating import change, differing, value

DRAFT = """mutation($input: DraftInitiativeInput!) { draftInitiative(input: $input) {
    __typename ... on InitiativePayload { initiative { number } } ... on Error { code } } }"""
MOVE = """mutation($input: MoveUnitInput!) { moveUnit(input: $input) { __typename } }"""


def drafted(unit, author):
    return {
        "campaign": "1TRSK",
        "unit": unit,
        "title": "Sáng kiến",
        "summary": "Hiệu quả",
        "content": "Nội dung",
        "solutionType": "TECHNICAL",
        "appliedOn": "2022-03-01",
        "authors": [{"person": author, "share": 100}],
    }


@contextmanager
def importing(url, unit):
    """Hold the locks of an import at a unit until its end: the unit's counter, and the tree."""
    with psycopg.connect(url) as other:
        other.execute("select lock_tree(alone => false)")
        other.execute(
            "update initiative_counter set last = last where unit_id ="
            " (select id from unit where code = %s)",
            [unit],
        )
        yield
        other.rollback()


def author_at(url, unit):
    code = value(
        url,
        "select p.code from person p join unit u on u.id = p.unit_id where u.code = %s limit 1",
        unit,
    )
    assert isinstance(code, str)
    return code


async def test_drafts_at_a_locked_unit_are_told_so_and_others_go_on(programme):
    here = "VNPT-HNI"
    there = value(
        programme,
        "select u.code from unit u where level = 'GRASSROOTS' and code <> %s and u.valid_to is null"
        " and exists (select from person where unit_id = u.id) and u.path <@"
        " (select path from unit where code = 'VNPT') limit 1",
        here,
    )
    fields = {unit: drafted(unit, author_at(programme, unit)) for unit in (here, there)}
    change(
        programme,
        "insert into role_grant (account_id, role, unit_id, valid_from) select a.id, 'OFFICER',"
        " u.id, '2020-01-01' from account a, unit u where a.username in"
        " ('upper-officer', 'unit-officer', 'support', 'member') and u.code in (%s, %s)"
        " on conflict do nothing",
        here,
        there,
    )
    blocked = ["unit-officer", "support", "member"]
    async with client(programme, pool_size=8) as api:
        await api.data(DRAFT, "support", variables={"input": fields[here]})

        async def draft(unit, username):
            begun = time.monotonic()
            answer = await api.post(DRAFT, username, variables={"input": fields[unit]})
            return answer, time.monotonic() - begun

        with importing(programme, here):
            stuck = [asyncio.create_task(draft(here, blocked[n % len(blocked)])) for n in range(16)]
            await asyncio.sleep(0.3)
            free = [await draft(there, "upper-officer") for _ in range(10)]
            refused = await asyncio.gather(*stuck)
        again, _ = await draft(here, "support")
    assert [answer.json()["data"]["draftInitiative"]["__typename"] for answer, _ in free] == [
        "InitiativePayload"
    ] * 10
    assert max(seconds for _, seconds in free) < 2.5
    for answer, seconds in refused:
        assert answer.status_code == 503
        extensions = answer.json()["errors"][0]["extensions"]
        assert extensions.pop("requestId") == answer.headers["x-request-id"]
        assert extensions == {"code": "BUSY", "reason": "LOCKED"}
        assert int(answer.headers["retry-after"]) > 0
        assert seconds < 9
    assert "number" in again.text
    assert differing(programme) == 0


async def test_a_move_that_waits_for_an_import_does_not_hold_up_others(programme):
    async with client(programme) as api:
        fields = drafted("VNPT-HNI", author_at(programme, "VNPT-HNI"))
        with importing(programme, "TLD"):
            move = asyncio.create_task(
                api.post(
                    MOVE,
                    "confed-admin",
                    variables={"input": {"unit": "VNPT-HNI", "parent": "TTTT", "reason": "x"}},
                )
            )
            await asyncio.sleep(0.3)
            begun = time.monotonic()
            for _ in range(5):
                await api.data(DRAFT, "support", variables={"input": fields})
            assert time.monotonic() - begun < 4
            answer = await move
    assert answer.status_code in {200, 503}
    if answer.status_code == 503:
        assert answer.json()["errors"][0]["extensions"]["reason"] == "LOCKED"


async def test_a_unit_has_a_few_transactions_at_once_and_a_locked_one_one():
    gate = UnitGate(2)
    gate.enter(1)
    gate.enter(1)
    gate.enter(2)
    with pytest.raises(CrowdedUnitError):
        gate.enter(1)
    gate.leave(1, locked=True)
    with pytest.raises(CrowdedUnitError):
        gate.enter(1)
    gate.leave(1, locked=False)
    gate.enter(1)
    gate.enter(1)


async def test_few_wait_for_a_locked_unit(monkeypatch):
    monkeypatch.setattr(unit_gate, "MOST_AT_A_LOCK", 1)
    now = asyncio.get_running_loop().time()
    gate = UnitGate(2)
    gate.enter(1)
    gate.enter(1)
    gate.leave(1, locked=True)
    first = asyncio.create_task(gate.wait(1, now + 5))
    await asyncio.sleep(0)
    with pytest.raises(LockedError, match="too many"):
        await gate.wait(1, now + 5)
    gate.leave(1, locked=True)
    await first
    gate.enter(1)
    with pytest.raises(LockedError, match="in time"):
        await gate.wait(1, now)
    assert gate._waiting == {}


async def test_a_unit_counts_as_locked_for_a_while_only(monkeypatch):
    monkeypatch.setattr(unit_gate, "_LOCKED", 0.01)
    gate = UnitGate(2)
    gate.enter(1)
    gate.leave(1, locked=True)
    await asyncio.sleep(0.02)
    gate.enter(1)
    gate.enter(1)
    assert gate._locked == {}
