"""A caller that uses all of its share, and the effect on others."""

import asyncio
import gc
import time

import httpx
import psycopg
import pytest

from db.fairness import FairQueue
from db.pool import Link
from db.sessions import Reader
from tests.client import client
from tests.live import live

SHORT = '{ unit(code: "TLD") { code } }'
DRAFT = """mutation($input: DraftInitiativeInput!) {
    draftInitiative(input: $input) { __typename } }"""


def code_of(response):
    return response.json()["errors"][0]["extensions"]["code"]


@pytest.fixture
def slow(monkeypatch):
    """Make the reads of an account hold their connections, as heavy ones do."""
    real = Reader.fetch_json

    async def fetch_json(self, caller, sql, values):
        if "heavy" in sql:
            sql = "select to_json((select pg_sleep(8))::text)"
            values = []
        return await real(self, caller, sql, values)

    monkeypatch.setattr(Reader, "fetch_json", fetch_json)


HEAVY = '{ heavy: unit(code: "TLD") { code } }'


async def test_an_account_with_64_heavy_reads_makes_no_other_wait(programme, slow):
    async with client(programme) as api:
        attack = [asyncio.create_task(api.post(HEAVY, "tttt-admin")) for _ in range(64)]
        await asyncio.sleep(0.5)
        seconds = []
        for username in ("member", "council", None) * 5:
            begun = time.monotonic()
            await api.data(SHORT, username)
            seconds.append(time.monotonic() - begun)
        draft = {
            "campaign": "1TRSK",
            "unit": "VNPT-HNI",
            "title": "Sáng kiến",
            "summary": "Hiệu quả",
            "content": "Nội dung",
            "solutionType": "TECHNICAL",
            "appliedOn": "2022-03-01",
            "authors": [{"person": "SYN-0000366", "share": 100}],
        }
        answer = await api.data(DRAFT, "support", variables={"input": draft})
        for task in attack:
            task.cancel()
        await asyncio.gather(*attack, return_exceptions=True)
    assert answer == {"draftInitiative": {"__typename": "InitiativePayload"}}
    assert max(seconds) < 2


async def test_who_waits_in_vain_hears_that_it_is_busy_and_when_to_try_again(
    demo, slow, monkeypatch
):
    monkeypatch.setattr("db.sessions._WAIT", 0.2)
    async with client(demo, pool_size=1) as api:
        attack = asyncio.create_task(api.post(HEAVY, "member"))
        await asyncio.sleep(0.5)
        refused = await api.post(SHORT, "member")
        attack.cancel()
        await asyncio.gather(attack, return_exceptions=True)
    assert (refused.status_code, code_of(refused)) == (503, "BUSY")
    assert int(refused.headers["retry-after"]) > 0
    assert "database" not in refused.text


LOCKED = "select to_json(pg_advisory_xact_lock_shared(1)::text)"


@pytest.fixture
def begun(monkeypatch):
    """Make heavy reads wait for a lock of the test; return those whose statements have begun."""
    real, statements = Link.value, []

    async def value(self, sql, values):
        if "heavy" not in sql:
            return await real(self, sql, values)
        statements.append(sql)
        return await real(self, LOCKED, [])

    monkeypatch.setattr(Link, "value", value)
    return statements


async def until(holds):
    """Wait until a condition that sends no notification is true."""
    async with asyncio.timeout(10):
        while not (found := holds()):  # noqa: ASYNC110 - nothing notifies of it
            await asyncio.sleep(0.02)
    return found


async def test_a_request_that_waits_is_dropped_once_its_client_has_gone(programme, begun):
    async with live(programme, pool_size=1) as server:
        headers = {"Authorization": f"Bearer {server.token('member')}"}
        with psycopg.connect(programme) as owner:
            owner.execute("select pg_advisory_xact_lock(1)")
            async with httpx.AsyncClient(headers=headers, timeout=30) as http:
                body = {"query": HEAVY}
                running = asyncio.create_task(http.post(server.url, json=body))
                await until(lambda: begun)
                waits = [asyncio.create_task(http.post(server.url, json=body)) for _ in range(20)]
                queue = await until(lambda: _queue_of(20))
                for task in waits:
                    task.cancel()
                await asyncio.gather(*waits, return_exceptions=True)
                await until(lambda: not queue._waiting)
                owner.rollback()
                assert (await running).status_code == 200
                assert (await http.post(server.url, json=body)).status_code == 200
        # The one that had begun, and the later one: none of those that waited.
        assert len(begun) == 2


def _queue_of(length):
    """Return the queue in which so many requests of one caller wait; None if there is none yet."""
    gc.unfreeze()  # a server that has started freezes what it is made of
    queues = [thing for thing in gc.get_objects() if isinstance(thing, FairQueue)]
    return next((q for q in queues if any(len(w) == length for w in q._waiting.values())), None)


async def test_an_office_is_not_stopped_by_one_account_nor_by_an_anonymous_caller_in_it(demo):
    async with client(demo, rate=0.01, burst=3) as api:
        for username in ("member", None):
            statuses = [(await api.post(SHORT, username)).status_code for _ in range(4)]
            assert statuses == [200, 200, 200, 429]
        others = [await api.post(SHORT, one) for one in ("council", "support", "auditor")]
    assert [answer.status_code for answer in others] == [200] * 3
