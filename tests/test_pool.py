"""A connection's prepared statements are bounded by weight."""

import asyncio
import re
from pathlib import Path

import asyncpg
import pytest

from api.settings import DEMO_TODAY
from auth.principal import Principals
from db import pool as pools
from db.pool import Pool, Seen
from db.rules.errors import DomainError
from db.sessions import ANONYMOUS_MS, Reader, TooSlowError
from db.transactions import Attempt, Writer
from db.unavailable import UnavailableError
from db.url import READER, WRITER, with_role

NAMED = "select count(*) from pg_prepared_statements"
MEBIBYTE = 1 << 20


@pytest.fixture
async def pool(database):
    """One connection of the reader."""
    made = Pool(with_role(database, READER), size=1, seen=Seen(), statement_cache_size=0)
    yield made
    await made.close()


async def ask(pool, sql):
    async with pool.link(5) as link:
        await link.value(sql, [])
        return link


def padded(number, length):
    return f"select {number} -- {'x' * length}"


async def test_a_statement_has_a_name_from_its_second_use_on(pool):
    for expected in (0, 1, 1):
        link = await ask(pool, "select 1 as one")
        assert await link.connection.fetchval(NAMED) == expected


async def test_a_connection_has_prepared_no_more_than_its_weight(pool, monkeypatch):
    monkeypatch.setattr(pools, "MOST_NAMED", 10_000)
    for number in range(40):
        await ask(pool, padded(number, 1_000))
        link = await ask(pool, padded(number, 1_000))
    assert 5 <= await link.connection.fetchval(NAMED) <= 10
    assert link._weight == sum(map(len, link._named)) <= 10_000
    again = await ask(pool, padded(39, 1_000))
    assert again is link
    assert padded(39, 1_000) in link._named


async def test_a_large_statement_wears_its_connection_out(pool):
    first = await ask(pool, "select 1")
    assert await ask(pool, padded(1, pools.LARGE)) is first
    assert first.connection.is_closed()
    assert await ask(pool, "select 1") is not first


async def test_an_idle_connection_is_closed_after_a_while(pool, monkeypatch):
    monkeypatch.setattr(pools, "_IDLE", 0.01)
    link = await ask(pool, "select 1")
    await asyncio.sleep(0.05)
    assert link.connection.is_closed()


async def test_a_pool_that_is_closed_ends_what_still_runs(pool, monkeypatch):
    monkeypatch.setattr(pools, "_LAST", 0.05)
    task = asyncio.create_task(ask(pool, "select pg_sleep(60)"))
    await asyncio.sleep(0.2)
    await pool.close()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await asyncio.wait_for(task, 5)


def private_memory(pid):
    """Return the private memory of a process in bytes."""
    pages = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    return sum(int(kb) for kb in re.findall(r"Private_Dirty: +(\d+) kB", pages)) * 1024


def document(number):
    """Return a statement for which PostgreSQL keeps some hundred kilobytes."""
    totals = "(select total(achieved) from rollup r join unit u on u.id = r.unit_id)"
    return f"select {', '.join([totals] * 100)}, {number}"


async def test_a_backend_stays_small_after_hundreds_of_documents(demo, monkeypatch):
    monkeypatch.setattr(pools, "MOST_NAMED", 4 * len(document(0)))
    pool = Pool(with_role(demo, READER), size=1, seen=Seen(), statement_cache_size=0)
    sizes = []
    for number in range(60):
        for _ in range(2):
            link = await ask(pool, f"explain {document(number)}")
        sizes.append(private_memory(link.connection.get_server_pid()))
    await pool.close()
    assert sizes[-1] - sizes[9] < 2 * MEBIBYTE


async def test_an_anonymous_statement_ends_within_a_second(demo):
    for pooler in (False, True):
        reader = Reader(with_role(demo, READER), size=1, pooler=pooler)
        caller = (await Principals(reader, DEMO_TODAY).of(None)).caller
        loop = asyncio.get_running_loop()
        begun = loop.time()
        with pytest.raises(TooSlowError):
            await reader.fetch_json(caller, "select to_json(pg_sleep(5)::text)", [])
        assert loop.time() - begun < 3 * ANONYMOUS_MS / 1000
        assert await reader.fetch_json(caller, "select to_json(1)", []) == b"1"
        await reader.close()


async def test_look_ups_do_not_wait_for_reads(demo):
    reader = Reader(with_role(demo, READER), size=1)
    caller = (await Principals(reader, DEMO_TODAY).of("member")).caller
    slow = asyncio.create_task(reader.fetch_json(caller, "select to_json(pg_sleep(2)::text)", []))
    await asyncio.sleep(0.1)
    row = await asyncio.wait_for(reader.fetch_row("select 1 as one"), 1)
    assert row is not None
    assert row["one"] == 1
    assert not slow.done()
    await slow
    await reader.close()


async def test_a_lost_connection_and_not_its_rollback_is_the_cause(programme, server):
    writer = Writer(with_role(programme, WRITER), size=1)
    reader = Reader(with_role(programme, READER), size=1)
    caller = (await Principals(reader, DEMO_TODAY).of("support")).caller

    async def command(session):
        pid = await session.value("select pg_backend_pid()")
        owner = await asyncpg.connect(server.url)
        asleep = asyncio.create_task(session.value("select 1 from pg_sleep(5)"))
        await asyncio.sleep(0.2)
        await owner.execute("select pg_terminate_backend($1::int)", pid)
        await owner.close()
        await asleep

    with pytest.raises(UnavailableError, match="terminat"):
        await writer.run(caller, Attempt("test"), command)

    async def refused(_):
        raise DomainError("NO")

    with pytest.raises(DomainError):
        await writer.run(caller, Attempt("test"), refused)
    await writer.close()
    await reader.close()
