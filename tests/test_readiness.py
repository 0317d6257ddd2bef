"""Readiness: bounded in time whatever the database does, and false when no write is possible."""

import asyncio
import os
import signal
import time
from pathlib import Path

import httpx
import psycopg

from db import embedded
from db.readiness import Readiness, Standing
from db.url import READER, WRITER, with_role
from tests.client import client
from tests.live import live
from tests.small_disk import SMALL, fill, small_disk

__all__ = ["small_disk"]


def children_of(process):
    tasks = Path(f"/proc/{process}/task/{process}/children")
    return [int(child) for child in tasks.read_text().split()]


async def standing(reader, writer):
    readiness = Readiness(reader, writer)
    try:
        return await readiness.standing()
    finally:
        readiness.close()


def urls(owner):
    return with_role(owner, READER), with_role(owner, WRITER)


async def test_a_database_that_can_be_written_is_ready_and_nothing_is_left_in_it(demo):
    readiness = Readiness(*urls(demo))
    try:
        first = await readiness.standing()
        with psycopg.connect(demo) as connection:
            size = connection.execute("select pg_database_size(current_database())").fetchone()
        for _ in range(3):
            readiness._known = None
            assert await readiness.standing() == first
        with psycopg.connect(demo) as connection:
            assert (
                size == connection.execute("select pg_database_size(current_database())").fetchone()
            )
    finally:
        readiness.close()
    assert first.wrong is None
    assert first.revision


async def test_a_server_that_writes_nothing_is_not_ready(demo):
    reader, writer = urls(demo)
    between = "&" if "?" in writer else "?"
    found = await standing(reader, f"{writer}{between}default_transaction_read_only=on")
    assert found.wrong == "read-only"


async def test_probes_of_one_moment_share_a_look(demo, monkeypatch):
    looks = []
    look = Readiness._look

    async def counted(self):
        looks.append(1)
        return await look(self)

    monkeypatch.setattr(Readiness, "_look", counted)
    readiness = Readiness(*urls(demo))
    try:
        await asyncio.gather(*(readiness.standing() for _ in range(20)))
        await readiness.standing()
    finally:
        readiness.close()
    assert len(looks) == 1


async def test_a_frozen_database_is_not_ready_within_two_seconds(demo, server):
    postmaster = int((server.data_directory / "postmaster.pid").read_text().splitlines()[0])
    readiness = Readiness(*urls(demo))
    try:
        assert (await readiness.standing()).wrong is None
        frozen = [postmaster, *children_of(postmaster)]
        for process in frozen:
            os.kill(process, signal.SIGSTOP)
        try:
            for _ in range(3):
                readiness._known = None
                began = time.monotonic()
                found = await readiness.standing()
                assert time.monotonic() - began < 2
                assert found == Standing(None, "down")
        finally:
            for process in reversed(frozen):
                os.kill(process, signal.SIGCONT)
        readiness._known = None
        assert (await readiness.standing()).wrong is None
    finally:
        readiness.close()


async def test_readyz_needs_no_connection_of_the_pools(demo):
    async with client(demo, pool_size=1) as http:
        reader = http.http._transport.app.state.reader
        async with reader._pool.link(5):
            assert (await http.http.get("/readyz")).status_code == 200


async def test_a_full_disk_is_not_ready(small_disk):
    running = embedded.start(small_disk / "home", settings=SMALL)
    try:
        with psycopg.connect(running.url, autocommit=True) as connection:
            connection.execute("create table alembic_version as select 'x' as version_num")
        assert (await standing(running.url, running.url)).wrong is None
        ballast = fill(small_disk)
        assert (await standing(running.url, running.url)).wrong == "full"
        ballast.unlink()
        assert (await standing(running.url, running.url)).wrong is None
    finally:
        running.stop()


async def test_a_stopping_server_says_so_first_and_serves_on_until_it_was_seen(demo):
    question = {"query": "{ __typename }"}
    async with live(demo, drain=1.0) as server, httpx.AsyncClient() as http:
        base = server.url.removesuffix("/graphql")
        assert (await http.get(f"{base}/readyz")).status_code == 200
        kept = await http.post(server.url, json=question)
        assert kept.headers.get("connection") != "close"
        server.stop()
        await asyncio.sleep(0.3)
        async with httpx.AsyncClient() as other:
            probed = await other.get(f"{base}/readyz")
            assert (probed.status_code, probed.json()["status"]) == (503, "stopping")
            for client_ in (http, other):
                answer = await client_.post(server.url, json=question)
                assert answer.status_code == 200
                assert answer.headers["connection"] == "close"
