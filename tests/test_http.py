"""GraphQL over HTTP: responses, and rejections of invalid requests."""

import psycopg
import pytest

from api.bodies import LARGEST_BODY
from db.seed import demo as demo_data
from tests.client import client

ROOT = '{ unit(code: "TLD") { code } }'


async def test_a_query_by_post_and_by_get_gives_the_same(demo):
    async with client(demo) as api:
        posted = await api.post(ROOT)
        got = await api.http.get("/graphql", params={"query": ROOT})
    assert posted.json() == got.json() == {"data": {"unit": {"code": "TLD"}}}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"null", 400, "BAD_REQUEST"),
        (b"[]", 400, "BAD_REQUEST"),
        (b"\xff\xfe", 400, "BAD_REQUEST"),
        (b"[" * 2_000, 400, "BAD_REQUEST"),
        (b'{"query": ' + b"9" * 5_000 + b"}", 400, "BAD_REQUEST"),
        (b'{"query": "{ viewer { __typename } }", "variables": []}', 400, "BAD_REQUEST"),
        (b'{"query": "{ viewer { __typename } }", "variables": "{}"}', 400, "BAD_REQUEST"),
        (b'{"query": "{ viewer { __typename } }", "operationName": 3}', 400, "BAD_REQUEST"),
        (b'{"query": "{ viewer { __typename } }", "extensions": 3}', 400, "BAD_REQUEST"),
        (b'{"query": ""}', 400, "BAD_REQUEST"),
        (b"{}", 400, "BAD_REQUEST"),
        (b" " * (LARGEST_BODY + 1), 413, "BODY_TOO_LARGE"),
    ],
)
async def test_a_body_that_is_no_request_is_refused_with_its_reason(demo, body, status, code):
    async with client(demo) as api:
        response = await api.http.post(
            "/graphql", content=body, headers={"Content-Type": "application/json"}
        )
    assert response.status_code == status
    assert response.json()["errors"][0]["extensions"]["code"] == code


async def test_a_body_that_streams_past_the_limit_is_cut_off(demo):
    async def endless():
        for _ in range(1_000):
            yield b" " * 1_000

    async with client(demo) as api:
        response = await api.http.post(
            "/graphql", content=endless(), headers={"Content-Type": "application/json"}
        )
    assert response.status_code == 413


async def test_another_media_type_is_refused(demo):
    async with client(demo) as api:
        response = await api.http.post("/graphql", content=b"query=x")
        put = await api.http.put("/graphql", json={"query": ROOT})
    assert response.status_code == 415
    assert put.status_code == 405
    assert put.headers["allow"] == "GET, POST"


async def test_a_refused_document_is_400_in_graphqls_own_media_type_and_200_in_json(demo):
    async with client(demo) as api:
        old = await api.http.post("/graphql", json={"query": "{ nothing }"})
        new = await api.http.post(
            "/graphql",
            json={"query": "{ nothing }"},
            headers={"Accept": "application/graphql-response+json"},
        )
    assert (old.status_code, new.status_code) == (200, 400)
    assert new.headers["content-type"].startswith("application/graphql-response+json")
    error = new.json()["errors"][0]
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert error["locations"] == [{"line": 1, "column": 3}]


async def test_several_operations_need_a_name(demo):
    document = "query a { viewer { __typename } } query b { viewer { units { code } } }"
    async with client(demo) as api:
        unnamed = (await api.post(document)).json()
        named = await api.data(document, operationName="b")
        unknown = (await api.post(document, operationName="c")).json()
    assert "operationName" in unnamed["errors"][0]["message"]
    assert named == {"viewer": {"units": [{"code": "TLD"}]}}
    assert "'c'" in unknown["errors"][0]["message"]


async def test_revoking_a_grant_takes_effect_at_once(database):
    with psycopg.connect(database) as connection:
        demo_data.load(connection)
    query = '{ unit(code: "TTTT") { code } viewer { account { username } } }'
    async with client(database) as api:
        before = await api.data(query, "tttt-admin")
        with psycopg.connect(database) as connection:
            connection.execute(
                "delete from role_grant where account_id ="
                " (select id from account where username = 'tttt-admin')"
            )
        after = await api.data(query, "tttt-admin")
        with psycopg.connect(database) as connection:
            connection.execute(
                "update account set disabled_at = now() where username = 'tttt-admin'"
            )
        disabled = await api.post(query, "tttt-admin")
    assert before["unit"] == {"code": "TTTT"}
    assert after == {"unit": None, "viewer": {"account": {"username": "tttt-admin"}}}
    assert disabled.status_code == 401


async def test_without_a_database_the_answer_is_503_and_the_process_goes_on(demo):
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    async with client(demo, reader_url=nowhere) as api:
        answer = await api.post(ROOT)
        ready = await api.http.get("/readyz")
        alive = await api.http.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert "127.0.0.1" not in answer.text
    assert (ready.status_code, alive.status_code) == (503, 200)


async def test_readiness_tells_the_database_and_its_migration(demo):
    async with client(demo, demo=True) as api:
        ready = await api.http.get("/readyz")
        metrics = await api.http.get("/metrics")
    assert ready.json()["status"] == "ok"
    assert ready.json()["embedded"] is False
    assert "sangkien_graphql_seconds" in metrics.text


async def test_an_unexpected_error_is_masked_and_carries_a_correlation_id(
    demo, monkeypatch, caplog
):
    async with client(demo) as api:

        def broken(*_: object) -> None:
            raise RuntimeError("a secret")

        monkeypatch.setattr("api.graphql.bodies.parse_body", broken)
        response = await api.post("{ viewer { account { username } } }")
    error = response.json()["errors"][0]
    assert response.status_code == 500
    assert "secret" not in response.text
    assert error["extensions"]["correlationId"] in caplog.text
