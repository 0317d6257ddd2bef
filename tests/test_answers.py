"""Responses: compression, entity tags, batches."""

import gzip
import json
import sys

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.compression import preferred
from tests.client import client

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

UNPACK = {"zstd": zstd.decompress, "br": brotli.decompress, "gzip": gzip.decompress}
LARGE = "{ units(first: 100) { nodes { id code name level memberCount } } }"
SMALL = "{ __typename }"


@pytest.mark.parametrize(
    ("accepted", "best"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("GZIP;Q=0.5", "gzip"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("zstd;q=0, br", "br"),
        ("*", "zstd"),
        ("*;q=0.1, gzip", "gzip"),
        ("identity", None),
        ("identity;q=1, gzip;q=0.5", None),
        ("gzip;q=0", None),
        ("gzip;q=x", None),
        ("deflate", None),
        ("", None),
    ],
)
def test_an_encoding_is_chosen_as_the_client_weighs_them(accepted, best):
    assert preferred(accepted) == best


@given(st.text(max_size=60))
def test_no_header_makes_us_choose_what_we_cannot_do(text):
    assert preferred(text) in {None, *UNPACK}


@pytest.mark.parametrize("coding", ["zstd", "br", "gzip"])
async def test_a_large_answer_is_compressed_to_the_same_content(demo, coding):
    async with client(demo) as api:
        api.http.headers["Authorization"] = f"Bearer {api.token('confed-admin')}"
        body = {"query": LARGE}
        plain = await api.http.post("/graphql", json=body, headers={"Accept-Encoding": "identity"})
        request = api.http.build_request(
            "POST", "/graphql", json=body, headers={"Accept-Encoding": coding}
        )
        packed = await api.http.send(request, stream=True)
        raw = b"".join([chunk async for chunk in packed.aiter_raw()])
    assert packed.headers["content-encoding"] == coding
    assert int(packed.headers["content-length"]) == len(raw)
    assert UNPACK[coding](raw) == plain.content
    assert len(raw) * 2 < len(plain.content)
    assert "content-encoding" not in plain.headers
    assert "Accept-Encoding" in plain.headers["vary"]
    assert "Accept-Encoding" in packed.headers["vary"]


async def test_a_small_answer_and_one_that_may_betray_a_secret_are_not_compressed(demo):
    accepts = {"Accept-Encoding": "gzip"}
    cookie = {**accepts, "Cookie": "session=x"}
    async with client(demo) as api:
        api.http.headers["Authorization"] = f"Bearer {api.token('confed-admin')}"
        small = await api.http.post("/graphql", json={"query": SMALL}, headers=accepts)
        linked = await api.http.get("/graphql", params={"query": LARGE}, headers=cookie)
        got = await api.http.get("/graphql", params={"query": LARGE}, headers=accepts)
    assert "content-encoding" not in small.headers
    assert "content-encoding" not in linked.headers
    assert got.headers["content-encoding"] == "gzip"


async def test_what_a_client_has_is_not_sent_again_while_it_stays_the_same(demo):
    async with client(demo) as api:
        parameters = {"query": '{ viewer { account { username } } unit(code: "TTTT") { code } }'}

        async def get(tag: str = "", username: str | None = None, coding: str = "identity"):
            headers = {"Accept-Encoding": coding, **({"If-None-Match": tag} if tag else {})}
            if username:
                headers["Authorization"] = f"Bearer {api.token(username)}"
            return await api.http.get("/graphql", params=parameters, headers=headers)

        first = await get()
        tag = first.headers["etag"]
        same = await get(tag)
        among = await get(f'"other", W/{tag}')
        other_caller = await get(tag, "tttt-admin")
    assert first.headers["cache-control"] == "private, no-cache"
    assert {"Accept", "Accept-Encoding", "Authorization", "Cookie", "Origin"} == {
        name.strip() for name in first.headers["vary"].split(",")
    }
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert same.headers["vary"] == first.headers["vary"]
    assert among.status_code == 304
    assert other_caller.status_code == 200
    assert other_caller.headers["etag"] != tag


async def test_each_encoding_of_an_answer_has_a_tag_of_its_own(demo):
    async with client(demo) as api:
        api.http.headers["Authorization"] = f"Bearer {api.token('confed-admin')}"
        tags = {
            (
                await api.http.get(
                    "/graphql", params={"query": LARGE}, headers={"Accept-Encoding": coding}
                )
            ).headers["etag"]
            for coding in ("identity", "gzip", "br", "zstd")
        }
        changed = await api.http.get(
            "/graphql", params={"query": LARGE + " "}, headers={"Accept-Encoding": "gzip"}
        )
    assert len(tags) == 4
    assert changed.headers["etag"] in tags


async def test_what_is_no_answer_to_a_get_is_not_kept(demo):
    async with client(demo) as api:
        posted = await api.post(SMALL)
        wrong = await api.http.get("/graphql", params={"query": "{ nothing }"})
        matched = await api.http.get(
            "/graphql", params={"query": "{ nothing }"}, headers={"If-None-Match": "*"}
        )
    for response in (posted, wrong, matched):
        assert response.headers["cache-control"] == "no-store"
        assert "etag" not in response.headers
        assert response.status_code == 200


async def test_a_batch_is_refused_unless_it_is_allowed(demo):
    batch = [{"query": SMALL}, {"query": SMALL}]
    async with client(demo) as api:
        off = await api.http.post("/graphql", json=batch)
    async with client(demo, batch_limit=3) as api:
        on = await api.http.post("/graphql", json=batch)
        most = await api.http.post("/graphql", json=batch * 2)
        none = await api.http.post("/graphql", json=[])
        nested = await api.http.post("/graphql", json=[batch])
    assert off.status_code == most.status_code == none.status_code == nested.status_code == 400
    assert "batches are not taken" in off.json()["errors"][0]["message"]
    assert on.json() == [{"data": {"__typename": "Query"}}] * 2


async def test_each_operation_of_a_batch_succeeds_or_fails_by_itself(demo):
    batch = [
        {"query": "{ viewer { account { username } } }"},
        {"query": "{ nothing }"},
        {"query": "{ __schema { description } }"},
        {"query": "query ($c: String!) { unit(code: $c) { code } }", "variables": {"c": "TLD"}},
    ]
    async with client(demo, batch_limit=4, introspection="none") as api:
        token = api.token("member")
        response = await api.http.post(
            "/graphql", json=batch, headers={"Authorization": f"Bearer {token}"}
        )
    first, second, third, fourth = response.json()
    assert first == {"data": {"viewer": {"account": {"username": "member"}}}}
    assert second["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert third["errors"][0]["extensions"]["code"] == "INTROSPECTION_DISABLED"
    assert fourth == {"data": {"unit": {"code": "TLD"}}}
    assert json.loads(response.text) == response.json()


async def test_a_batch_counts_as_what_it_holds(demo):
    async with client(demo, batch_limit=10, rate=0.01, burst=8) as api:
        first = await api.http.post("/graphql", json=[{"query": SMALL}] * 8)
        second = await api.http.post("/graphql", json=[{"query": SMALL}])
    assert (first.status_code, second.status_code) == (200, 429)
