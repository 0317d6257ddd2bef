"""Anonymous callers write nothing to the audit log, and accounts no more than their share."""

import asyncio
import json

import pytest

from api.graphql import GraphQLEndpoint
from api.metrics import exposition
from db.rules.errors import NotFoundError
from db.transactions import Attempt
from schema import refusals
from schema.refusals import AT_ONCE, EACH_REQUEST, LARGEST, Refusals, bounded
from tests.audit_log import events
from tests.client import client
from tests.deciding import SEVERAL
from tests.live import live
from tests.mutating import writing
from tests.subscribing import peer
from tests.test_initiatives import SUBMIT, ask

MERGE = "mutation($u:[String!]!,$r:String!){%s}"
ALIASES = MERGE % " ".join(
    f'm{n}:mergeUnits(input:{{units:$u,into:"X",reason:$r}}){{__typename}}' for n in range(20)
)
HUGE = {"u": [f"{n:033d}" for n in range(60)], "r": "ộ" * 2_000}


async def test_what_anonymous_callers_are_refused_leaves_no_row_and_takes_no_writer(programme):
    before = len(events(programme))
    async with client(programme, batch_limit=50) as http:
        writer = _writer_of(http)
        one = {"query": ALIASES, "variables": HUGE}
        answer = (await http.post(**one)).json()
        assert {found["__typename"] for found in answer["data"].values()} == {"Forbidden"}
        lone = MERGE % 'mergeUnits(input:{units:$u,into:"X",reason:$r}){__typename}'
        batch = await http.http.post("/graphql", json=[{"query": lone, "variables": HUGE}] * 10)
        assert len(batch.json()) == 10
        stream = await http.http.post("/graphql", json=one, headers={"Accept": "text/event-stream"})
        assert "Forbidden" in stream.text
        by_get = await http.http.get(
            "/graphql", params={"query": ALIASES, "variables": json.dumps(HUGE)}
        )
        assert by_get.status_code == 405
        for path in ("token", "revoke", "introspect"):
            await http.http.post(f"/oauth/{path}", data={"client_id": "x", "token": "y" * 999})
        for _ in range(30):
            await http.http.get("/oauth/authorize", params={"client_id": "x", "scope": "z" * 999})
        metrics = exposition().decode()
        assert writer._idle == []
    assert len(events(programme)) == before
    counted = 'mutation="mergeUnits"'
    assert 'caller="anonymous"' in metrics
    assert counted in metrics


async def test_over_a_websocket_anonymous_callers_leave_no_row_either(programme):
    before = len(events(programme))
    async with live(programme) as server, peer(server) as one:
        await one.subscribe("1", ALIASES, **HUGE)
        assert "Forbidden" in json.dumps(await one.hear())
    assert len(events(programme)) == before


async def test_one_request_with_many_aliases_leaves_few_events_and_one_sum(programme):
    async with client(programme) as http:
        await http.data(ALIASES, "member", variables=HUGE)
    refused = events(programme, "kind = 'REFUSED'")
    assert len(refused) == EACH_REQUEST + 1
    assert refused[-1]["after"] == {"code": "MORE_REFUSED", "count": 20 - EACH_REQUEST}
    assert (refused[-1]["username"], refused[-1]["unit"]) == ("member", "VNPT-HNI")
    assert refused[-1]["action"] == "refusals"


async def test_an_account_has_so_many_events_and_the_rest_is_summed_up(programme, monkeypatch):
    monkeypatch.setattr(refusals, "SUMMED_UP_AFTER", 0.2)
    async with client(programme) as http:
        for number in range(AT_ONCE + 12):
            await ask(http, SUBMIT, "member", number=f"X-{number}")
        await asyncio.sleep(0.5)
        refused = events(programme, "kind = 'REFUSED'")
        await ask(http, SUBMIT, "council", number="X-1")
    sums = [e["after"]["count"] for e in refused if e["after"]["code"] == "MORE_REFUSED"]
    assert len(refused) - len(sums) == AT_ONCE
    assert sum(sums) == 12
    assert events(programme, "kind = 'REFUSED'")[-1]["username"] == "council"


def decisions_on(names):
    return [{"number": name, "decision": "APPROVE"} for name in names]


async def test_refused_parts_of_commands_are_drawn_from_the_share_of_their_account(programme):
    async with client(programme) as http:
        for turn in range(AT_ONCE // EACH_REQUEST + 2):
            given = decisions_on(f"X-{turn}-{part}" for part in range(9))
            answer = await ask(http, SEVERAL, "unit-officer", decisions=given, mode="EACH")
            assert [one["error"]["code"] for one in answer["results"]] == ["NOT_FOUND"] * 9
        # Other attempts use the same share.
        await ask(http, SUBMIT, "unit-officer", number="X-1")
    refused = events(programme, "kind = 'REFUSED'")
    sums = [e["after"]["count"] for e in refused if e["after"]["code"] == "MORE_REFUSED"]
    assert len(refused) - len(sums) == AT_ONCE
    assert sums == [9 * (AT_ONCE // EACH_REQUEST + 2) + 1 - AT_ONCE]


async def test_parts_of_several_commands_in_one_request_have_its_few_events(programme):
    several = " ".join(
        f"""m{turn}: reviewInitiatives(input: {{ mode: EACH, decisions: [
            {{ number: "X-{turn}-1", decision: APPROVE }}, {{ number: "X-{turn}-2",
            decision: APPROVE }} ] }}) {{ __typename }}"""
        for turn in range(6)
    )
    async with client(programme) as http:
        await http.data(f"mutation {{ {several} }}", "unit-officer")
    refused = events(programme, "kind = 'REFUSED'")
    assert len(refused) == EACH_REQUEST + 1
    assert refused[-1]["after"] == {"code": "MORE_REFUSED", "count": 12 - EACH_REQUEST}


async def test_what_a_command_that_fails_has_not_recorded_goes_back_into_the_share(programme):
    async with writing(programme) as unguarded:
        caller = (await unguarded._principals.of("unit-officer")).caller
        recorded = Refusals(unguarded._writer)

        async def fail(session):
            await session.note_refusal(None, {"code": "NOT_FOUND"})
            raise NotFoundError("Initiative", "X")

        for _ in range(2 * EACH_REQUEST):
            share = recorded.of_request().of_command(caller)
            with pytest.raises(NotFoundError):
                await unguarded._writer.run(caller, Attempt("test", refusals=share), fail)
        # The failed commands have used nothing of the share.
        taken = sum(recorded.take(caller) for _ in range(2 * AT_ONCE))
    assert taken == AT_ONCE
    assert events(programme, "kind = 'REFUSED'") == []


async def test_beyond_its_share_an_account_is_refused_by_the_grants_that_it_has(programme):
    async with client(programme) as http:
        for number in range(AT_ONCE + 1):
            await ask(http, SUBMIT, "nobody", number=f"X-{number}")
        made = await http.data(
            """mutation { grantRole(input: {username: "nobody", role: MEMBER, unit: "VNPT-HNI"}) {
                __typename } }""",
            "tttt-admin",
        )
        assert made["grantRole"]["__typename"] == "GrantPayload"
        assert (await ask(http, SUBMIT, "nobody", number="X-1"))["code"] == "NOT_FOUND"


async def test_what_an_event_repeats_of_an_input_is_bounded_in_bytes(programme):
    async with client(programme) as http:
        await http.data(ALIASES, "member", variables=HUGE)
    for event in events(programme, "action = 'mergeUnits'"):
        size = sum(len(str(value).encode()) for value in event["after"].values())
        assert size + len((event["reason"] or "").encode()) <= LARGEST
        assert event["after"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize("most", [0, 1, 5, 100])
def test_bounded_never_exceeds_its_bytes(most):
    named, reason = bounded({"a": "ộộộ", "b": 7, "c": "x" * 90}, "ý" * 50, most)
    texts = [named["a"], named["c"], reason or ""]
    assert sum(len(text.encode()) for text in texts) <= most


def _writer_of(http):
    """Return the pool of the writer's connections."""
    (route,) = [
        route
        for route in http.http._transport.app.routes
        if isinstance(getattr(route, "endpoint", None), GraphQLEndpoint)
    ]
    return route.endpoint._operations._mutations._writer._pool
