"""Live totals go to callers who may see them, while their credentials are valid."""

import asyncio
from contextlib import AsyncExitStack

import httpx
import psycopg
import pytest

from api.identities import CSRF_HEADER
from api.live import lifetime
from auth import access_tokens, keys, tokens
from db.rules import secret
from tests.live import live
from tests.subscribing import (
    PROGRESS,
    QUIET,
    change,
    opened,
    peer,
    streamed,
    told,
)
from tests.token_holding import CREATE
from tests.token_holding import REVOKE as REVOKE_TOKEN

HELLO = "{ viewer { account { username } } }"
REVOKE = """mutation ($grant: ID!) {
  revokeRole(input: {grant: $grant, reason: "Đã chuyển công tác."}) { __typename } }"""
MUTATE = 'mutation { submitInitiative(input: {number: "x"}) { __typename } }'


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(lifetime, "CHECK_AGAIN", 0.3)


def session_of(url: str, username: str) -> dict[str, str]:
    """Return the header with the cookie of a new browser session."""
    made = secret.new()
    with psycopg.connect(url) as connection:
        connection.execute(
            "insert into browser_session"
            " (secret_hash, account_id, complete, amr, signed_in_at, idle_ends_at, ends_at)"
            " select %s, id, true, '{pwd}', now(), now() + '1 hour', now() + '2 hours'"
            " from account where username = %s",
            (secret.hashed(made), username),
        )
    return {"Cookie": f"sangkien-session={made}"}


@pytest.mark.parametrize(
    ("username", "unit"),
    [
        ("unit-officer", "TTTT"),  # above
        ("upper-officer", "VNPOST"),  # beside
        ("member", "VNPT"),
        ("tttt-auditor", "NOTHING"),
        ("nobody", "TTTT"),
        (None, "TTTT"),
    ],
)
async def test_what_a_caller_may_not_see_cannot_be_subscribed_to(demo, username, unit):
    async with live(demo) as server, peer(server, username) as watcher:
        await watcher.subscribe(unit=unit, phase=2)
        assert await watcher.code() == "NOT_FOUND"
        await watcher.subscribe("2", PROGRESS, unit="TLD", phase=99)
        assert await watcher.code() == "NOT_FOUND"
        assert await watcher.silent(0.3)


async def test_everybody_hears_the_total_of_the_root(programme):
    async with live(programme) as server, peer(server) as watcher:
        await watcher.subscribe(unit="TLD", phase=2)
        first = await watcher.count()
        await change(server)
        assert await watcher.count() == first + 1


async def test_a_revoked_grant_ends_a_subscription_and_no_other(programme):
    async with live(programme) as server, AsyncExitStack() as stack:
        watcher = await stack.enter_async_context(peer(server, "upper-officer"))
        other = await stack.enter_async_context(peer(server, "tttt-admin"))
        for one in (watcher, other):
            await one.subscribe(unit="VNPT", phase=2)
            await one.count()
        with psycopg.connect(programme) as connection:
            ((id_,),) = connection.execute(
                "select global_id('Grant', g.id) from role_grant g"
                " join account a on a.id = g.account_id where a.username = 'upper-officer'"
            ).fetchall()
        answer = await told(server, REVOKE, "confed-admin", grant=id_)
        assert answer["revokeRole"]["__typename"] == "GrantPayload"
        assert await watcher.code() == "NOT_FOUND"
        assert await other.silent()
        await change(server)
        assert await other.count() > 0
        assert await watcher.silent(0.1)


async def test_a_disabled_account_is_told_nothing_more(programme):
    async with (
        live(programme) as server,
        peer(server, "upper-officer") as watcher,
        streamed(server, "upper-officer", unit="VNPT", phase=2) as stream,
    ):
        await watcher.subscribe(unit="VNPT", phase=2)
        await watcher.count()
        await stream.event()
        with psycopg.connect(programme) as connection:
            connection.execute(
                "update account set disabled_at = now() where username = 'upper-officer'"
            )
        await change(server)
        assert await watcher.code() == "UNAUTHENTICATED"
        _, result = await stream.event()
        assert result["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_connection_ends_when_its_token_does(demo):
    async with (
        live(demo) as server,
        peer(server, "tttt-admin", ttl=2) as watcher,
        peer(server, "tttt-admin") as other,
    ):
        await watcher.subscribe()
        await watcher.count()
        await other.subscribe()
        await other.count()
        code, reason = await watcher.closed()
        assert (code, "expired" in reason) == (4403, True)
        assert await other.silent()


async def test_a_stream_ends_when_its_token_does(demo):
    async with live(demo) as server:
        headers = {"Accept": "text/event-stream"}
        headers["Authorization"] = f"Bearer {server.token('tttt-admin', ttl=2)}"
        parameters = {
            "query": 'subscription { progress(unit: "TTTT", campaign: "1TRSK") { target } }'
        }
        async with httpx.AsyncClient(timeout=10) as http:
            answer = await http.get(server.url, params=parameters, headers=headers)
        events = answer.text.split("\n\n")
    assert '"target"' in events[1]
    assert '"code":"UNAUTHENTICATED"' in events[2]
    assert events[3] == "event: complete\ndata:"


async def test_a_revoked_token_ends_its_connections(programme, monkeypatch):
    monkeypatch.setattr(tokens, "_REVOKED_HOLD", 0.2)
    family = "7d444840-9dc0-11d1-b245-5ffdce74fad2"
    async with live(programme) as server, opened(server) as watcher:
        with psycopg.connect(programme) as connection:
            key = keys.ensure(connection)
        config = server.settings
        token = tokens.issue(
            *(key, "tttt-admin"),
            issuer=config.issuer,
            audience=config.audience,
            ttl=600,
            family=family,
        )
        revoked: list[str] = []

        async def families(_) -> list[str]:
            return revoked

        monkeypatch.setattr(tokens.Verifier, "_revoked_families", families)
        await watcher.say("connection_init", payload={"authorization": f"Bearer {token}"})
        assert (await watcher.hear())["type"] == "connection_ack"
        assert await watcher.silent()
        revoked.append(family)
        assert (await watcher.closed())[0] == 4403


@pytest.mark.parametrize("authorization", ["Bearer nonsense", "nonsense", "Basic YTpi"])
async def test_wrong_credentials_are_refused_at_once(demo, authorization):
    async with live(demo) as server, opened(server) as watcher:
        await watcher.say("connection_init", payload={"Authorization": authorization})
        code, reason = await watcher.closed()
    assert (code, reason.startswith("Forbidden")) == (4403, True)


async def test_a_token_for_reading_changes_nothing(demo):
    async with live(demo) as server, opened(server) as watcher:
        with psycopg.connect(demo) as connection:
            key = keys.ensure(connection)
        config = server.settings
        token = tokens.issue(
            *(key, "member"),
            issuer=config.issuer,
            audience=config.audience,
            ttl=600,
            scope=tokens.READ,
        )
        await watcher.say("connection_init", payload={"authorization": f"Bearer {token}"})
        assert (await watcher.hear())["type"] == "connection_ack"
        await watcher.subscribe("1", HELLO)
        assert (await watcher.hear())["payload"]["data"]["viewer"]["account"]
        assert (await watcher.hear()) == {"id": "1", "type": "complete"}
        await watcher.subscribe("2", MUTATE)
        assert await watcher.code() == "INSUFFICIENT_SCOPE"


async def test_the_session_of_our_pages_opens_a_connection_for_our_pages_alone(programme):
    async with live(programme, demo=True) as server:
        headers = session_of(programme, "tttt-admin")
        ours = server.url.removesuffix("/graphql")
        for origin, username in (
            (ours, "tttt-admin"),
            ("https://evil.example", None),
            (None, None),
        ):
            async with opened(server, origin=origin, additional_headers=headers) as watcher:
                await watcher.say("connection_init")
                if username is None:
                    assert (await watcher.closed())[0] == 4403
                    continue
                assert (await watcher.hear())["type"] == "connection_ack"
                await watcher.subscribe("1", HELLO)
                answer = await watcher.hear()
                assert answer["payload"]["data"]["viewer"]["account"]["username"] == username


async def test_with_a_token_the_cookie_that_a_browser_adds_is_not_looked_at(programme):
    async with live(programme, demo=True) as server:
        headers = session_of(programme, "tttt-admin")
        origin = "https://app.example"
        async with opened(server, origin=origin, additional_headers=headers) as watcher:
            bearer = f"Bearer {server.token('member')}"
            await watcher.say("connection_init", payload={"authorization": bearer})
            assert (await watcher.hear())["type"] == "connection_ack"
            await watcher.subscribe("1", HELLO)
            answer = await watcher.hear()
    assert answer["payload"]["data"]["viewer"]["account"]["username"] == "member"


async def test_signing_out_ends_the_connections_of_a_session(programme):
    async with live(programme, demo=True) as server:
        headers = session_of(programme, "tttt-admin")
        ours = server.url.removesuffix("/graphql")
        async with opened(server, origin=ours, additional_headers=headers) as watcher:
            await watcher.say("connection_init")
            assert (await watcher.hear())["type"] == "connection_ack"
            with psycopg.connect(programme) as connection:
                (before,) = connection.execute(
                    "select idle_ends_at from browser_session"
                ).fetchone() or (None,)
            assert await watcher.silent(QUIET)
            with psycopg.connect(programme) as connection:
                (after,) = connection.execute(
                    "select idle_ends_at from browser_session"
                ).fetchone() or (None,)
                connection.execute("delete from browser_session")
            assert before == after, "to stay connected is not to use the session"
            assert (await watcher.closed())[0] == 4403


async def test_an_event_source_of_our_pages_may_subscribe_by_its_cookie(programme):
    async with live(programme, demo=True) as server:
        headers = session_of(programme, "tttt-admin")
        query = 'subscription { progress(unit: "TTTT", campaign: "1TRSK") { target } }'
        headers["Accept"] = "text/event-stream"
        async with httpx.AsyncClient(timeout=10) as http:
            got = {"url": server.url, "params": {"query": query}}
            same = {**headers, "Sec-Fetch-Site": "same-origin"}
            async with http.stream("GET", **got, headers=same) as answer:
                chunks = answer.aiter_text()
                async with asyncio.timeout(10):
                    text = await anext(chunks)
                    while "target" not in text:
                        text += await anext(chunks)
            cross = {**headers, "Sec-Fetch-Site": "cross-site"}
            other = await http.get(**got, headers=cross)
            change_by_get = {"url": server.url, "params": {"query": MUTATE}}
            mutation = await http.get(**change_by_get, headers={**same, CSRF_HEADER: "1"})
    assert other.json()["errors"][0]["extensions"]["code"] == "CSRF"
    assert mutation.status_code == 405


async def test_introspection_is_as_over_http(demo):
    async with live(demo) as server, peer(server) as stranger, peer(server, "nobody") as known:
        for watcher in (stranger, known):
            await watcher.subscribe("1", "{ __schema { queryType { name } } }")
        assert await stranger.code() == "INTROSPECTION_DISABLED"
        assert (await known.hear())["type"] == "next"


async def test_a_personal_token_subscribes_within_its_unit_until_it_is_revoked(
    programme, monkeypatch
):
    monkeypatch.setattr(access_tokens, "HOLD", 0.3)
    given = {"name": "A wall", "days": 30, "unit": "VNPT", "permissions": ["UNIT_READ"]}
    async with live(programme) as server:
        made = (await told(server, CREATE, "tttt-admin", input=given))["createAccessToken"]
        async with opened(server) as watcher:
            await watcher.say(
                "connection_init", payload={"authorization": f"Bearer {made['secret']}"}
            )
            assert (await watcher.hear())["type"] == "connection_ack"
            await watcher.subscribe("1", unit="TTTT", phase=2)
            assert await watcher.code() == "NOT_FOUND"
            await watcher.subscribe("2", unit="VNPT", phase=2)
            first = await watcher.count()
            await change(server)
            assert await watcher.count() == first + 1
            token_id = made["accessToken"]["id"]
            await told(server, REVOKE_TOKEN, "tttt-admin", input={"accessToken": token_id})
            assert (await watcher.closed())[0] == 4403
