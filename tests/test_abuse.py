"""Requests with bad intentions, and their responses."""

import asyncio
import contextlib
import json
import time

import httpx
import pytest

from api import operations
from tests.client import client
from tests.live import live

HELLO = "{ viewer { account { username } } }"
SCHEMA_QUERY = "{ __schema { queryType { name } } }"


def code_of(response: httpx.Response) -> str:
    code: str = response.json()["errors"][0]["extensions"]["code"]
    return code


# --- sizes


async def test_a_caller_who_asks_too_often_waits_and_no_other_does(demo):
    async with client(demo, rate=0.01, burst=3) as api:
        first = [await api.post(HELLO, "member") for _ in range(4)]
        other = await api.post(HELLO, "council")
        stranger = await api.post(HELLO)
    assert [response.status_code for response in first] == [200, 200, 200, 429]
    assert code_of(first[3]) == "RATE_LIMITED"
    assert 0 < int(first[3].headers["retry-after"]) <= 100
    assert (other.status_code, stranger.status_code) == (200, 200)


async def test_a_new_document_counts_by_its_length(demo):
    long = "{ " + "__typename " * 15 + "}" + " " * 3_000
    async with client(demo, rate=0.01, burst=6) as api:
        statuses = [(await api.post(long + "#" * n)).status_code for n in range(3)]
    assert statuses == [200, 429, 429]


async def test_guessing_tokens_is_held_back(demo):
    async with client(demo, rate=0.01, burst=2) as api:
        guesses = [
            (await api.http.post("/graphql", json={}, headers={"Authorization": f"Bearer {n}"}))
            for n in range(3)
        ]
    assert [guess.status_code for guess in guesses] == [401, 401, 429]


async def test_too_many_at_once_are_sent_away(demo, monkeypatch):
    async def endless(*_: object) -> bytes:
        await asyncio.sleep(3_600)
        return b""

    async with client(demo, concurrency=3, concurrency_each=2) as api:
        await api.data(HELLO, "member")
        working = operations.Operations._read
        monkeypatch.setattr(operations.Operations, "_read", endless)
        running = [asyncio.create_task(api.post(HELLO, "member")) for _ in range(2)]
        running.append(asyncio.create_task(api.post(HELLO, "council")))
        await asyncio.sleep(0.2)
        full = await api.post(HELLO, "auditor")
        running.pop().cancel()
        await asyncio.sleep(0.05)
        own = await api.post(HELLO, "member")
        for task in running:
            task.cancel()
        await asyncio.sleep(0.05)
        monkeypatch.setattr(operations.Operations, "_read", working)
        after = await api.post(HELLO, "member")
    assert (full.status_code, code_of(full)) == (503, "OVERLOADED")
    assert (own.status_code, code_of(own)) == (429, "TOO_MANY_AT_ONCE")
    assert full.headers["retry-after"] == own.headers["retry-after"] == "1"
    assert after.status_code == 200


async def test_a_mutation_that_takes_too_long_is_stopped(programme, monkeypatch):
    async def slow(*_: object) -> bytes:
        await asyncio.sleep(60)
        return b""

    timeout = asyncio.timeout
    monkeypatch.setattr("schema.run.asyncio.timeout", lambda seconds: timeout(seconds / 600))
    monkeypatch.setattr("schema.run.Mutations._answer", slow)
    document = 'mutation { submitInitiative(input: {number: "x"}) { __typename } }'
    async with client(programme) as api:
        response = await api.post(document, "member")
    assert (response.status_code, code_of(response)) == (503, "TIMEOUT")


async def test_a_body_may_be_given_up_by_the_caller(demo):
    async with live(demo) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        head = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        writer.write(head + b"Content-Length: 1000\r\n\r\n{")
        await writer.drain()
        writer.close()
        async with httpx.AsyncClient() as http:
            after = await http.post(server.url, json={"query": HELLO})
    assert after.status_code == 200


async def test_a_body_that_trickles_is_cut_off(demo, monkeypatch):
    monkeypatch.setattr("api.bodies.BODY_SECONDS", 0.3)
    head = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    async with live(demo) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(head + b"Content-Length: 1000\r\n\r\n")
        answer = bytearray()

        async def receive():
            # A client that is cut off while it sends gets the response and then a reset.
            with contextlib.suppress(ConnectionResetError):
                while chunk := await reader.read(65_536):
                    answer.extend(chunk)

        started = time.monotonic()
        receiving = asyncio.create_task(receive())
        while time.monotonic() - started < 5 and not answer:
            writer.write(b" ")
            await asyncio.sleep(0.05)
        await asyncio.wait_for(receiving, 5)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"BODY_TOO_SLOW" in answer
    assert b"connection: close" in answer.lower()
    assert time.monotonic() - started < 4


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"query": "{ a" + "(x: [" * 900 + "1" + "])" * 900 + "}"}),
        json.dumps({"query": "{ a(x: " + "[" * 1_500 + "]" * 1_500 + ") }"}),
        json.dumps({"query": "{ a(x: " + "{x: " * 900 + "1" + "}" * 900 + ") }"}),
        json.dumps({"query": "query ($v: " + "[" * 1_500 + "Int" + "]" * 1_500 + ") { a }"}),
        json.dumps({"query": "{" + "a{" * 1_500 + "b" + "}" * 1_500 + "}"}),
        json.dumps({"query": "{ viewer { __typename } }" + " @x" * 1_000}),
        json.dumps({"query": "{ viewer" + " @skip(if: false)" * 51 + " { __typename } }"}),
        json.dumps({"query": "{ viewer { __typename" + " @include(if: true)" * 500 + " } }"}),
        '{"query": "query ($i: [ID!]!) { nodes(ids: $i) { id } }", "variables": {"i": '
        + "[" * 1_000
        + "]" * 1_000
        + "}}",
        '{"query": "query ($f: UnitFilter) { units(filter: $f) { __typename } }","variables":{"f":'
        + '{"f": ' * 1_000
        + "1"
        + "}" * 1_000
        + "}}",
        '{"query": "query ($n: Int!) { units(first: $n) { __typename } }","variables":{"n": 1e9}}',
        '{"query": "{ unit(code: \\"\\ud800\\") { code } }"}',
        '{"query": "\\u0000"}',
        json.dumps({"query": "fragment a on Query { ...b } fragment b on Query { ...a } { ...a }"}),
        json.dumps({"query": "{" + "viewer { account { username } } " * 400 + "}"}),
        json.dumps({"query": "{" + "".join(f"a{n}: __typename " for n in range(1_900)) + "}"}),
    ],
)
async def test_an_awkward_document_is_refused_quickly_with_a_reason(demo, body):
    async with client(demo) as api:
        started = time.process_time()
        response = await api.http.post(
            "/graphql",
            content=body,
            headers={
                "Content-Type": "application/json",
                "Accept": "application/graphql-response+json",
            },
        )
        seconds = time.process_time() - started
    assert response.status_code == 400, response.text
    assert response.json()["errors"][0]["message"]
    assert seconds < 1.0


async def test_directives_are_limited_wherever_they_stand(demo):
    document = "query q" + " @a" * 20 + " { viewer" + " @b" * 20 + " { ...f" + " @c" * 11 + " } }"
    async with client(demo) as api:
        response = await api.post(document + " fragment f on Viewer { __typename }")
    error = response.json()["errors"][0]["extensions"]
    assert (error["code"], error["limit"], error["asked"]) == ("LIMIT", "directives", 51)


@pytest.mark.parametrize("field", ["number", "reason", "idempotencyKey"])
async def test_text_that_the_database_cannot_hold_is_refused_and_so_logged(programme, field):
    document = """mutation ($input: SubmitInitiativeInput!) { submitInitiative(input: $input) {
        ... on InvalidInput { problems { path } } } }"""
    given = {"number": "x", field: "a\0" + "b" * 5_000}
    async with client(programme) as api:
        data = await api.data(document, "member", variables={"input": given})
    assert {"path": [field]} in data["submitInitiative"]["problems"]


# --- the schema


@pytest.mark.parametrize(
    ("setting", "open_to"),
    [("all", {None, "member"}), ("signed-in", {"member"}), ("none", set())],
)
async def test_introspection_is_open_to_whom_the_setting_says(demo, setting, open_to):
    documents = [
        SCHEMA_QUERY,
        '{ a: __type(name: "Unit") { name } }',
        "{ ...f } fragment f on Query { ... on Query { __schema { description } } }",
    ]
    async with client(demo, introspection=setting) as api:
        for document in documents:
            # The permitted caller comes first: the cached result must not serve others.
            for username in ("member", None):
                for _ in range(2):
                    response = await api.post(document, username)
                    if username in open_to:
                        assert "errors" not in response.json()
                    else:
                        assert code_of(response) == "INTROSPECTION_DISABLED"
                        assert "data" not in response.json()
        assert (await api.post("{ __typename }")).json() == {"data": {"__typename": "Query"}}


async def test_introspection_is_for_everybody_in_a_demo_and_else_for_those_signed_in(demo):
    async with client(demo, demo=True) as api:
        assert "errors" not in (await api.post(SCHEMA_QUERY)).json()
    async with client(demo) as api:
        assert "errors" in (await api.post(SCHEMA_QUERY)).json()
        assert "errors" not in (await api.post(SCHEMA_QUERY, "member")).json()


WRONG_NAMES = [
    ("{ viewr { __typename } }", {}),
    ("{ viewer { acount { username } } }", {}),
    ("{ unit(cod: 1) { code } }", {}),
    ("{ ... on Unti { code } }", {}),
    ("{ units(orderBy: {field: COD}) { totalCount } }", {}),
    ("query ($o: UnitOrder) { units(orderBy: $o) { totalCount } }", {"o": {"feild": "CODE"}}),
    ("query ($o: UnitOrde) { units(orderBy: $o) { totalCount } }", {}),
    ("{ viewer @skp(if: true) { __typename } }", {}),
]


@pytest.mark.parametrize(("document", "variables"), WRONG_NAMES)
async def test_a_stranger_is_not_told_what_a_wrong_name_may_have_meant(demo, document, variables):
    async with client(demo) as api:
        told = await api.post(document, "member", variables=variables)
        kept = await api.post(document, variables=variables)
        other = await api.post(document + " ", variables=variables)
    assert "errors" in told.json()
    assert "Did you mean" not in kept.text
    assert "Did you mean" not in other.text


async def test_who_may_read_the_schema_is_told(demo):
    async with client(demo) as api:
        responses = [await api.post(document, "member", variables=v) for document, v in WRONG_NAMES]
    assert sum("Did you mean" in response.text for response in responses) >= 5


# --- other sites, browsers, logs


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
async def test_what_a_form_of_another_site_can_send_is_refused(demo, kind):
    async with client(demo) as api:
        response = await api.http.post(
            "/graphql", content=json.dumps({"query": HELLO}), headers={"Content-Type": kind}
        )
    assert response.status_code == 415


async def test_a_link_cannot_change_anything(demo):
    mutation = 'mutation { submitInitiative(input: {number: "x"}) { __typename } }'
    async with client(demo) as api:
        response = await api.http.get("/graphql", params={"query": mutation})
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


APP = "https://app.example.org"


async def test_only_listed_origins_may_call_from_a_browser(demo):
    asks = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    others = ["https://evil.example", APP + ".evil.example", "http://app.example.org", "null"]
    async with client(demo, cors_origins=(APP,)) as api:
        asked = await api.http.options("/graphql", headers={"Origin": APP, **asks})
        called = await api.http.post("/graphql", json={"query": HELLO}, headers={"Origin": APP})
        for origin in others:
            headers = {"Origin": origin}
            refused = await api.http.options("/graphql", headers={**headers, **asks})
            plain = await api.http.post("/graphql", json={"query": HELLO}, headers=headers)
            assert refused.status_code == 400
            assert "access-control-allow-origin" not in refused.headers
            assert "access-control-allow-origin" not in plain.headers
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == APP
    assert called.headers["access-control-allow-origin"] == APP
    assert called.headers["access-control-allow-credentials"] == "true"
    assert "Origin" in called.headers["vary"]


async def test_without_a_list_no_origin_may(demo):
    async with client(demo) as api:
        headers = {"Origin": APP, "Access-Control-Request-Method": "POST"}
        asked = await api.http.options("/graphql", headers=headers)
        called = await api.http.post("/graphql", json={"query": HELLO}, headers={"Origin": APP})
    assert asked.status_code == 405
    assert not [name for name in (*asked.headers, *called.headers) if "access-control" in name]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/graphql"),
        ("GET", "/graphql?query={__typename}"),
        ("PUT", "/graphql"),
        ("GET", "/healthz"),
        ("GET", "/metrics"),
        ("GET", "/nowhere"),
        ("GET", "/"),
    ],
)
async def test_every_answer_tells_browsers_to_be_careful(demo, method, path):
    async with client(demo) as api:
        headers = (await api.http.request(method, path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


async def test_the_page_keeps_a_policy_of_its_own(demo):
    async with client(demo) as api:
        headers = (await api.http.get("/graphql", headers={"Accept": "text/html"})).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers.get_list("content-security-policy") == [headers["content-security-policy"]]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


async def test_the_log_of_an_unexpected_error_repeats_no_value(demo, monkeypatch, caplog):
    def broken(*_: object) -> None:
        cause = ValueError("password=tr0ub4dor")
        raise RuntimeError("for nguyen.van.a@example.org") from cause

    async with client(demo) as api:
        await api.data(HELLO, "member")
        monkeypatch.setattr("api.graphql.bodies.parse_body", broken)
        token = api.token("member")
        response = await api.http.post(
            "/graphql", json={"query": "{ x }"}, headers={"Authorization": f"Bearer {token}"}
        )
    assert response.status_code == 500
    for secret in ("tr0ub4dor", "nguyen.van.a", token, token.split(".")[2]):
        assert secret not in caplog.text
        assert secret not in response.text
    assert "builtins.RuntimeError" in caplog.text
    assert "builtins.ValueError" in caplog.text
    assert "test_abuse.py" in caplog.text
