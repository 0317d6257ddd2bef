"""Live totals: the events of a subscriber, their time, and their cost for the database."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from itertools import pairwise

import asyncpg
import psycopg
import pytest

from db import announcing, watching
from db.sessions import Reader
from tests.live import live
from tests.subscribing import PROGRESS, change, drafted, peer, streamed, submit, told

FIELDS = """fragment F on Progress {
  submitted t: target percent pace { status day } tiers { count tier { label } }
  history(interval: MONTH) { startsOn achieved } __typename
}
"""


@pytest.fixture
def statements(monkeypatch):
    """Return the number of statements of each kind since the last call."""
    seen: Counter[str] = Counter()
    for name in ("fetch_json", "fetch_rows", "fetch_row"):
        original = getattr(Reader, name)

        async def counting(self, *args, name=name, original=original):
            what = "marks" if args[0] is watching._MARKS else name
            seen[what] += 1
            return await original(self, *args)

        monkeypatch.setattr(Reader, name, counting)
    return seen


def listeners(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "select count(*) from pg_stat_activity"
            " where application_name = %s and datname = current_database()",
            (announcing.LISTENER,),
        ).fetchone()
    return row[0]


async def test_a_subscriber_gets_the_totals_now_and_when_somebody_else_changes_them(programme):
    async with live(programme) as server, peer(server, "tttt-admin") as watcher:
        await watcher.subscribe()
        first = await watcher.count()
        await change(server)
        assert await watcher.count() == first + 1


async def test_what_is_selected_is_answered_as_a_query_would(programme):
    query = FIELDS + '{ unit(code: "TTTT") { progress(campaign: "1TRSK", phase: 2) { ...F } } }'
    document = (
        FIELDS
        + """subscription {
      p: progress(unit: "TTTT", campaign: "1TRSK", phase: 2) { ...F } }"""
    )
    async with live(programme) as server, peer(server, "tttt-admin") as watcher:
        await watcher.subscribe(query=document)
        message = await watcher.hear()
        asked_once = await told(server, query, "tttt-admin")
    assert message["payload"]["data"]["p"] == asked_once["unit"]["progress"]


async def test_a_burst_of_changes_is_folded_into_few_events(programme):
    async with live(programme) as server, peer(server, "tttt-admin") as watcher:
        numbers = await drafted(server, 50)
        await watcher.subscribe()
        first = await watcher.count()
        await submit(server, *numbers)
        counts = [await watcher.count()]
        while counts[-1] < first + 50:
            counts.append(await watcher.count())
        assert await watcher.silent()
    assert counts == sorted(set(counts))
    assert len(counts) <= 15


async def test_an_event_is_one_statement_and_no_change_is_none(programme, statements):
    async with live(programme) as server, AsyncExitStack() as stack:
        accounts = ["tttt-admin", "confed-admin", "upper-officer", "unit-officer"]
        watchers = [await stack.enter_async_context(peer(server, name)) for name in accounts]
        for watcher in watchers:
            await watcher.subscribe(unit="VNPT-HNI", phase=2)
            await watcher.count()
        numbers = await drafted(server)
        await asyncio.sleep(1)
        statements.clear()
        # A write that changes no total is checked, and no subscriber's query runs again.
        await drafted(server)
        await asyncio.sleep(1)
        # The mutation's own payload is read on the connection that wrote it.
        assert "fetch_json" not in statements
        assert 0 < statements.pop("marks") <= 3
        statements.clear()
        await submit(server, *numbers)
        for watcher in watchers:
            await watcher.count()
        assert all(await asyncio.gather(*(watcher.silent() for watcher in watchers)))
        assert statements["fetch_json"] == len(watchers)


async def test_callers_who_see_the_same_share_a_statement(programme, statements):
    async with live(programme) as server, AsyncExitStack() as stack:
        watchers = [await stack.enter_async_context(peer(server)) for _ in range(20)]
        for watcher in watchers:
            await watcher.subscribe(unit="TLD", phase=2)
            await watcher.count()
        numbers = await drafted(server)
        statements.clear()
        await submit(server, *numbers)
        counts = [await watcher.count() for watcher in watchers]
        assert len(set(counts)) == 1
        assert statements["fetch_json"] <= 2


async def test_a_change_elsewhere_asks_no_subscriber_again(programme, statements):
    async with live(programme) as server, peer(server, "confed-admin") as watcher:
        await watcher.subscribe(unit="TTTT", phase=1)
        await watcher.count()
        numbers = await drafted(server)
        statements.clear()
        await submit(server, *numbers)
        assert await watcher.silent(1.5)
        assert "fetch_json" not in statements


async def test_a_target_and_a_window_are_news_too(programme):
    document = """subscription { progress(unit: "VNPT-HNI", campaign: "1TRSK", phase: 2) {
      target pace { closesOn } } }"""
    async with live(programme) as server, peer(server, "unit-officer") as watcher:
        await watcher.subscribe(query=document)
        first = (await watcher.hear())["payload"]["data"]["progress"]
        with psycopg.connect(programme) as connection:
            connection.execute(
                "update target set registered = 777, version = version + 1 where unit_id ="
                " (select id from unit where code = 'VNPT-HNI') and phase_id ="
                " (select id from phase where ordinal = 2)"
            )
            connection.execute(f"notify {announcing.CHANNEL}")
        second = (await watcher.hear())["payload"]["data"]["progress"]
        with psycopg.connect(programme) as connection:
            connection.execute(
                "insert into window_override (phase_id, unit_id, opens_on, closes_on)"
                " select p.id, u.id, p.opens_on, p.closes_on + 3 from phase p, unit u"
                " where p.ordinal = 2 and u.code = 'TTTT'"
            )
            connection.execute(f"notify {announcing.CHANNEL}")
        third = (await watcher.hear())["payload"]["data"]["progress"]
    assert (first["target"] == 777, second["target"]) == (False, 777)
    assert third["pace"]["closesOn"] > second["pace"]["closesOn"]


async def test_another_process_tells_its_subscribers(programme):
    async with (
        live(programme) as writing,
        live(programme) as other,
        peer(other, "tttt-admin") as watcher,
        streamed(other, "auditor") as stream,
    ):
        await watcher.subscribe()
        first = await watcher.count()
        _, data = await stream.event()
        assert data["data"]["progress"]["submitted"] == first
        await change(writing)
        assert await watcher.count() == first + 1
        _, data = await stream.event()
        assert data["data"]["progress"]["submitted"] == first + 1


async def test_what_nobody_announced_is_seen_all_the_same(programme, monkeypatch):
    monkeypatch.setattr(watching, "EVERY", 0.5)
    document = 'subscription { progress(unit: "VNPT-HNI", campaign: "1TRSK") { target } }'
    async with live(programme) as server, peer(server, "unit-officer") as watcher:
        await watcher.subscribe(query=document)
        first = (await watcher.hear())["payload"]["data"]["progress"]["target"]
        with psycopg.connect(programme) as connection:
            connection.execute(
                "update target set registered = registered + 1, version = version + 1"
                " where unit_id = (select id from unit where code = 'VNPT-HNI')"
                " and phase_id = (select id from phase where ordinal = 2)"
            )
        second = (await watcher.hear())["payload"]["data"]["progress"]["target"]
    assert second == first + 1


async def test_without_subscribers_there_is_no_connection_and_no_look(programme, statements):
    async with live(programme) as server:
        await change(server)
        assert listeners(programme) == 0
        async with peer(server, "tttt-admin") as watcher:
            await asyncio.sleep(0.3)
            assert listeners(programme) == 0
            await watcher.subscribe("1")
            await watcher.subscribe("2", unit="TLD", phase=1)
            await watcher.count()
            await watcher.count()
            await asyncio.sleep(0.3)
            assert listeners(programme) == 1
            await watcher.say("complete", id="1")
            await watcher.say("complete", id="2")
            await asyncio.sleep(0.5)
            assert listeners(programme) == 0
            statements.clear()
            await change(server)
            assert await watcher.silent()
        assert "marks" not in statements


async def test_subscriptions_outlive_a_lost_database(server, programme):
    async with live(programme) as serving, peer(serving, "tttt-admin") as watcher:
        await watcher.subscribe()
        first = await watcher.count()
        with psycopg.connect(server.url, autocommit=True) as connection:
            name = programme.partition("@/")[2].partition("?")[0]
            ended = connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s",
                (name,),
            ).fetchall()
        assert len(ended) > 1
        await asyncio.sleep(0.5)
        await change(serving)
        assert await watcher.count() == first + 1
        assert listeners(programme) == 1
        await change(serving)
        assert await watcher.count() == first + 2


@pytest.mark.parametrize(
    "document",
    [
        "subscription { __typename }",
        PROGRESS.replace("}\n}", "} __typename }"),
        PROGRESS.replace(") {\n  p", ') { q: progress(unit: $unit, campaign: "x") { target }\n p'),
        PROGRESS.replace("phase) {", "phase) @skip(if: true) {"),
        PROGRESS.replace("phase) {", "phase) @include(if: $yes) {").replace(
            "$phase: Int", "$phase: Int, $yes: Boolean! = false"
        ),
    ],
)
async def test_a_subscription_asks_for_exactly_one_field(demo, document):
    async with live(demo) as server, peer(server, "tttt-admin") as watcher:
        await watcher.subscribe("1", document)
        assert await watcher.code() == "GRAPHQL_VALIDATION_FAILED"


async def test_a_subscription_may_ask_for_a_fifth_of_what_a_query_may(demo):
    histories = " ".join(f"h{number}: history {{ achieved }}" for number in range(20))
    document = f'progress(unit: "TLD", campaign: "1TRSK") {{ {histories} }}'
    query = f'{{ unit(code: "TLD") {{ progress(campaign: "1TRSK") {{ {histories} }} }} }}'
    async with live(demo) as server, peer(server) as watcher:
        await watcher.subscribe("1", f"subscription {{ {document} }}")
        assert await watcher.code() == "LIMIT"
        await watcher.subscribe("2", query)
        assert (await watcher.hear())["type"] == "next"


async def test_many_writes_are_announced_by_few_notifications(programme):
    heard: list[float] = []
    loop = asyncio.get_running_loop()
    listener = await asyncpg.connect(programme)
    async with live(programme) as server:
        numbers = await drafted(server, 30)
        await asyncio.sleep(0.3)
        await listener.add_listener(announcing.CHANNEL, lambda *_: heard.append(loop.time()))
        await submit(server, *numbers)
        await asyncio.sleep(0.5)
    await listener.close()
    assert heard
    assert all(later - sooner > 0.08 for sooner, later in pairwise(heard))
