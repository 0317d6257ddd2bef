"""Logs of requests: ids, operations, accounts, durations and codes, without contents."""

import asyncio
import io
import json
import logging

import httpx
import pytest

from api import logs
from api.request_log import RequestLog
from tests.client import client

SECRET = "bi-mat-cua-toi"
QUERY = "query ListUnits($code: String!) { unit(code: $code) { name } }"


@pytest.fixture
def lines():
    """The log of this test as JSON, one object for each line."""
    stream, handlers = io.StringIO(), logging.getLogger().handlers[:]
    level = logs.ACCESS.level
    logs.configure("json", "debug")
    ours = next(h for h in logging.getLogger().handlers if isinstance(h.formatter, logs.JsonLine))
    ours.setStream(stream)

    def read(logger="sangkien.access"):
        found = [json.loads(line) for line in stream.getvalue().splitlines()]
        return [line for line in found if line["logger"].startswith(logger)]

    yield read
    logging.getLogger().handlers = handlers
    logging.getLogger().setLevel(logging.WARNING)
    logging.getLogger("sangkien").setLevel(logging.NOTSET)
    logs.ACCESS.setLevel(level)


async def test_a_request_is_one_line_with_account_operation_outcome_and_duration(demo, lines):
    async with client(demo, access_log=True) as http:
        answer = await http.post(QUERY, "auditor", variables={"code": SECRET})
        id_ = await http.data("{ viewer { account { id } } }", "auditor")
    first = lines()[0]
    assert first["request_id"] == answer.headers["x-request-id"]
    expected = {
        "level": "info",
        "operation": "ListUnits",
        "kind": "query",
        "method": "POST",
        "route": "/graphql",
        "status": 200,
    }
    assert {name: first[name] for name in expected} == expected
    assert first["account"] > 0
    assert first["milliseconds"] > 0
    assert first["time"].endswith("+00:00")
    assert id_ is not None
    assert len(lines()) == 2


async def test_no_value_name_or_address_is_in_any_line(demo, lines):
    async with client(demo, access_log=True, slow_seconds=0.001) as http:
        await http.post(QUERY, "auditor", variables={"code": SECRET})
        await http.post('{ unit(code: "' + SECRET + '") { nothing } }', "auditor")
        await http.http.get(f"/{SECRET}?q={SECRET}", headers={"User-Agent": SECRET})
        await http.http.post("/oauth/token", data={"username": SECRET})
        logging.getLogger("x").warning("%s wrote", "an.nguyen@example.vn")
    text = json.dumps(lines(""))
    assert len(lines("")) > 4
    for said in (SECRET, "auditor", "127.0.0.1", "select", "SELECT", "example.vn"):
        assert said not in text


async def test_a_valid_id_of_a_client_is_taken_over_and_any_other_replaced(demo):
    async with client(demo) as http:
        for given, taken in (
            ("a-Z_0.9", True),
            ("x" * 64, True),
            ("x" * 65, False),
            ("", False),
            ("a b", False),
            ('a"b', False),
            ("a\u00e9", False),
        ):
            headers = {"X-Request-Id": given.encode("latin-1")}
            answer = await http.http.get("/graphql?query={__typename}", headers=headers)
            id_ = answer.headers["x-request-id"]
            assert (id_ == given) is taken
            assert taken or len(id_) == 32
        for path in ("/nowhere", "/healthz", "/oauth/token", "/metrics"):
            assert (await http.http.get(path)).headers["x-request-id"]


async def test_errors_have_the_id_and_internal_ones_it_as_correlation_id_too(
    demo, monkeypatch, caplog
):
    async with client(demo) as http:
        answer = await http.post("{ nothing }")
        (error,) = answer.json()["errors"]
        assert error["extensions"]["requestId"] == answer.headers["x-request-id"]

        def broken(*_: object) -> None:
            raise RuntimeError("a secret")

        monkeypatch.setattr("api.graphql.bodies.parse_body", broken)
        answer = await http.post("{ other }")
    (error,) = answer.json()["errors"]
    id_ = answer.headers["x-request-id"]
    assert error["extensions"]["requestId"] == error["extensions"]["correlationId"] == id_
    assert id_ in caplog.text


async def test_a_remembered_refusal_has_the_id_of_each_request(demo):
    async with client(demo) as http:
        ids = set()
        for _ in range(3):
            answer = await http.post("{ nothing }")
            assert (
                answer.json()["errors"][0]["extensions"]["requestId"]
                == answer.headers["x-request-id"]
            )
            ids.add(answer.headers["x-request-id"])
    assert len(ids) == 3


async def test_every_refusal_is_logged_with_its_code(demo, lines):
    async with client(demo, access_log=True) as http:
        await http.post("query Wrong { nothing }", "auditor")
        await http.http.post("/graphql", content="{", headers={"content-type": "application/json"})
        await http.http.post("/oauth/token", data={"grant_type": "nothing"})
    assert [line.get("code") for line in lines()] == [
        "GRAPHQL_VALIDATION_FAILED",
        "BAD_REQUEST",
        lines()[2]["code"],
    ]
    assert lines()[2]["route"] == "/oauth/token"
    assert lines()[2]["code"].islower()


async def test_each_operation_of_a_batch_has_a_line_with_the_requests_id(demo, lines):
    async with client(demo, access_log=True, batch_limit=3) as http:
        body = [{"query": "query A { __typename }"}, {"query": "query B { nothing }"}]
        answer = await http.http.post("/graphql", json=body)
    operations = [line for line in lines() if line["message"] == "operation"]
    assert [line.get("operation") for line in operations] == ["A", None]
    assert [line.get("code") for line in operations] == [None, "GRAPHQL_VALIDATION_FAILED"]
    assert {line["request_id"] for line in lines()} == {answer.headers["x-request-id"]}
    error = answer.json()[1]["errors"][0]
    assert error["extensions"]["requestId"] == answer.headers["x-request-id"]


async def test_a_slow_operation_is_logged_with_the_hash_of_its_slowest_statement(demo, lines):
    async with client(demo, slow_seconds=0.001) as http:
        for code in ("TLD", "VNPT"):
            await http.data(QUERY, variables={"code": code})
    slow = lines("sangkien.slow")
    assert len(slow) >= 1
    assert {line["operation"] for line in slow} == {"ListUnits"}
    assert all(len(line["statement"]) == 16 for line in slow)
    assert all(line["milliseconds"] >= 1 for line in slow)


async def test_a_quick_operation_is_not_logged_unless_each_is(demo, lines):
    async with client(demo) as http:
        await http.data(QUERY, variables={"code": "TLD"})
    assert lines("sangkien") == []


async def test_lines_after_a_request_do_not_belong_to_it(demo, lines):
    done = asyncio.Event()

    async def later() -> None:
        await done.wait()
        logging.getLogger("sangkien.later").warning("later")

    async def app(scope, receive, send):
        app.task = asyncio.create_task(later())
        logging.getLogger("sangkien.now").warning("now")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    transport = httpx.ASGITransport(app=RequestLog(app, access=False))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        await http.get("/")
    done.set()
    await app.task
    assert "request_id" in lines("sangkien.now")[0]
    assert "request_id" not in lines("sangkien.later")[0]
