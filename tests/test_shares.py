"""What one caller does with all of its share, and what others notice of it."""

import asyncio
import gc
import time

import httpx
import psycopg
import pytest

from db.fairness import FairQueue
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
    """Have the reads of an account hold their connections, as heavy ones do."""
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


async def test_a_request_that_waits_is_dropped_once_its_client_has_gone(programme, slow):
    count = (
        "select count(*) from pg_stat_activity where usename = 'sangkien_reader'"
        " and datname = current_database() and state = 'active'"
    )
    async with live(programme, pool_size=1) as server:
        headers = {"Authorization": f"Bearer {server.token('member')}"}
        async with httpx.AsyncClient(headers=headers, timeout=30) as http:
            body = {"query": HEAVY}
            running = asyncio.create_task(http.post(server.url, json=body))
            await asyncio.sleep(0.5)
            waits = [asyncio.create_task(http.post(server.url, json=body)) for _ in range(20)]
            await asyncio.sleep(0.5)
            async with asyncio.timeout(10):
                while not (queue := _queue_of(20)):  # noqa: ASYNC110 - a queue tells nobody
                    await asyncio.sleep(0.05)
            for task in waits:
                task.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
            await asyncio.sleep(0.5)
            assert not queue._waiting
            with psycopg.connect(programme) as owner:
                row = owner.execute(count.encode()).fetchone()
            assert row[0] <= 1  # the one that ran already, and none that waited
            await asyncio.gather(running, return_exceptions=True)


def _queue_of(length):
    """The queue in which so many requests of one caller wait; None where there is none yet."""
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
