"""Responses as text/event-stream: how clients request them, how they begin and end."""

import json

import httpx
import pytest

from tests.live import live
from tests.subscribing import PROGRESS, bearing, streamed

HELLO = "{ viewer { account { username } } }"
MUTATION = 'mutation { submitInitiative(input: {number: "x"}) { __typename } }'
TOTALS = 'subscription { progress(unit: "TLD", campaign: "1TRSK") { submitted } }'
EVENTS = "text/event-stream"
MANY = "application/graphql-response+json, application/json, text/event-stream, multipart/mixed"


async def asked(server, query: str, accept: str, username: str | None = None) -> httpx.Response:
    headers = {"Accept": accept, "Accept-Encoding": "gzip, br", **bearing(server, username)}
    async with httpx.AsyncClient(timeout=10) as http:
        return await http.post(server.url, json={"query": query}, headers=headers)


@pytest.mark.parametrize(
    ("query", "type_"), [(HELLO, '"viewer"'), (MUTATION, '"__typename":"NotFound"')]
)
async def test_a_query_or_a_mutation_is_one_event_and_the_end(programme, query, type_):
    async with live(programme) as server:
        answer = await asked(server, query, EVENTS, "member")
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "content-encoding" not in answer.headers
    comment, next_, complete, rest = answer.text.split("\n\n")
    assert (comment, complete, rest) == (":", "event: complete\ndata:", "")
    assert next_.startswith('event: next\ndata: {"data":{')
    assert type_ in next_


async def test_an_event_is_one_line_of_data(demo):
    query = "{ campaigns { nodes { code phases { ordinal } } } }"
    async with live(demo) as server:
        answer = await asked(server, query, EVENTS)
        plain = await asked(server, query, "application/json")
        assert "\n" in plain.text, "as PostgreSQL writes a list"
    lines = answer.text.splitlines()
    assert [line.partition(":")[0] for line in lines if line] == ["", *("event", "data") * 2]


async def test_who_takes_json_too_gets_it_for_all_but_subscriptions(demo):
    async with live(demo) as server:
        answer = await asked(server, HELLO, MANY)
        assert answer.headers["content-type"].startswith("application/graphql-response+json")
        async with (
            httpx.AsyncClient() as http,
            http.stream("POST", server.url, json={"query": TOTALS}, headers={"Accept": MANY}) as s,
        ):
            assert s.headers["content-type"].startswith(EVENTS)


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json", "*/*"])
async def test_a_subscription_has_no_other_answer(demo, accept):
    async with live(demo, batch_limit=2) as server:
        answer = await asked(server, TOTALS, accept)
        async with httpx.AsyncClient() as http:
            batch = await http.post(server.url, json=[{"query": TOTALS}])
    assert answer.status_code == 406
    code = "NOT_ACCEPTABLE"
    assert answer.json()["errors"][0]["extensions"]["code"] == code
    assert batch.json()[0]["errors"][0]["extensions"]["code"] == code


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        (TOTALS.replace("TLD", "TTTT"), "NOT_FOUND"),
        (PROGRESS, "BAD_USER_INPUT"),
    ],
)
async def test_why_an_operation_does_not_run_is_an_event(demo, query, code):
    async with live(demo) as server:
        answer = await asked(server, query, EVENTS)
    assert answer.status_code == 200
    assert f'"code":"{code}"' in answer.text
    assert answer.text.endswith("event: complete\ndata:\n\n")


async def test_what_is_wrong_with_the_request_is_a_status(demo):
    async with live(demo) as server, httpx.AsyncClient() as http:
        accept = {"Accept": EVENTS}
        server.token("member")  # creates a key
        token = await http.post(
            server.url, json={"query": TOTALS}, headers={**accept, "Authorization": "Bearer x"}
        )
        body = await http.post(server.url, json=[], headers=accept)
        change = await http.get(server.url, params={"query": MUTATION}, headers=accept)
    assert [answer.status_code for answer in (token, body, change)] == [401, 400, 405]


async def test_a_stream_is_kept_alive(demo, monkeypatch):
    monkeypatch.setattr("api.live.stream.KEEP_ALIVE", 0.1)
    async with live(demo) as server, streamed(server, None, unit="TLD") as stream:
        lines = []
        async for line in stream.lines:
            lines.append(line)
            if lines.count(":") == 4:
                break
    assert sum(line.startswith("event") for line in lines) == 1


async def test_trusted_documents_hold_for_streams(demo, tmp_path):
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"one": TOTALS}))
    async with live(demo, trusted_documents=manifest) as server, httpx.AsyncClient() as http:
        other = await asked(server, TOTALS.replace("submitted", "target"), EVENTS)
        got = {"params": {"documentId": "one"}, "headers": {"Accept": EVENTS}}
        async with http.stream("GET", server.url, **got) as answer:
            lines = answer.aiter_lines()
            while "submitted" not in (line := await anext(lines)):
                pass
    assert "DOCUMENT_NOT_TRUSTED" in other.text
    assert line.startswith('data: {"data":{"progress":{"submitted":')
