"""PostgreSQL crashes under load: every response is right, or UNAVAILABLE."""

import asyncio
import os
import signal
from collections import Counter

import httpx
import psycopg

from tests.live import live
from tests.test_initiatives import TEXT

READ = '{ unit(code: "TTTT") { name } }'
DRAFT = """mutation($input: DraftInitiativeInput!) { draftInitiative(input: $input) {
    __typename ... on InitiativePayload { initiative { number } } } }"""
ROUNDS = 3


def crash(url):
    """Kill a session of the server, which ends all others too and recovers."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "select pid from pg_stat_activity where usename = 'sangkien_reader' limit 1"
        ).fetchone()
    os.kill(row[0], signal.SIGKILL)


async def until_back(url):
    async with asyncio.timeout(60):
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(url) as connection:
                    await connection.execute("select 1")
                    return
            except psycopg.OperationalError:
                await asyncio.sleep(0.05)


async def test_a_crash_under_load_makes_no_answer_but_unavailable(programme, server):
    answers, over = Counter(), asyncio.Event()
    async with live(programme, demo=True) as served, httpx.AsyncClient(timeout=60) as http:
        bearer = {"Authorization": f"Bearer {served.token('member')}"}
        base = served.url.removesuffix("/graphql")

        async def repeat(what, send):
            while not over.is_set():
                answer = await send()
                good = answer.status_code == 200 and '"errors"' not in answer.text
                away = answer.status_code == 503 and answer.headers.get("retry-after")
                assert good or away, answer.text
                answers[what, answer.status_code] += 1
                await asyncio.sleep(0.01)

        def reads():
            return http.post(served.url, json={"query": READ}, headers=bearer)

        def writes():
            body = {"query": DRAFT, "variables": {"input": TEXT}}
            return http.post(served.url, json=body, headers=bearer)

        loads = [
            *(("read", reads) for _ in range(6)),
            *(("write", writes) for _ in range(4)),
            ("accounts", lambda: http.get(f"{base}/demo/accounts")),
            ("readyz", lambda: http.get(f"{base}/readyz")),
            ("jwks", lambda: http.get(f"{base}/oauth/jwks")),
        ]
        tasks = [asyncio.create_task(repeat(what, send)) for what, send in loads]
        try:
            for _ in range(ROUNDS):
                await asyncio.sleep(1)
                await asyncio.to_thread(crash, server.url)
                await asyncio.sleep(0.5)
                await until_back(programme)
            await asyncio.sleep(1)
            over.set()
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
    assert {status for what, status in answers if what == "write"} >= {200}
    assert sum(count for (_, status), count in answers.items() if status == 503) > 0
