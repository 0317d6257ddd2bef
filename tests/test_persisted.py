"""Documents that are named instead of sent: stored on first use, or registered beforehand."""

import hashlib
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from api import manifest
from api.persisted import Documents, Reference
from schema.build import SCHEMA
from schema.compiler.errors import RefusedError
from schema.compiler.plan import Compiler
from tests.client import Client, client

ROOT = Path(__file__).parents[1]
QUERY = "query Name($code: String!) { unit(code: $code) { code } }"
ANSWER = {"data": {"unit": {"code": "TLD"}}}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def extension(hash_: str) -> dict[str, object]:
    return {"persistedQuery": {"version": 1, "sha256Hash": hash_}}


async def send(api: Client, **body: object) -> httpx.Response:
    return await api.http.post("/graphql", json={"variables": {"code": "TLD"}, **body})


def code_of(response: httpx.Response) -> str:
    code: str = response.json()["errors"][0]["extensions"]["code"]
    return code


async def test_a_document_sent_with_its_hash_is_known_by_it_from_then_on(demo):
    named = {"extensions": extension(sha256(QUERY))}
    async with client(demo) as api:
        first = await send(api, **named)
        sent = await send(api, query=QUERY, **named)
        again = await send(api, **named)
        by_id = await send(api, documentId=f"sha256:{sha256(QUERY)}")
        parameters = {"variables": '{"code": "TLD"}', "extensions": json.dumps(named["extensions"])}
        got = await api.http.get("/graphql", params=parameters)
    assert first.status_code == 200
    assert first.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    assert code_of(first) == "PERSISTED_QUERY_NOT_FOUND"
    assert sent.json() == again.json() == by_id.json() == got.json() == ANSWER


async def test_a_hash_that_is_not_the_documents_is_refused_and_nothing_kept(demo):
    other = extension(sha256("{ __typename }"))
    async with client(demo) as api:
        mismatch = await send(api, query=QUERY, extensions=other)
        after = await send(api, extensions=other)
    assert code_of(mismatch) == "PERSISTED_QUERY_MISMATCH"
    assert code_of(after) == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_document_that_is_not_valid_is_not_kept(demo):
    document = "{ nothingOfThatName }"
    async with client(demo) as api:
        await send(api, query=document, extensions=extension(sha256(document)))
        after = await send(api, extensions=extension(sha256(document)))
    assert code_of(after) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    "body",
    [
        {"documentId": 3},
        {"documentId": ""},
        {"documentId": "x" * 257},
        {"documentId": "x", "query": QUERY},
        {"extensions": {"persistedQuery": "x"}},
        {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "x"}}},
        {"extensions": {"persistedQuery": {"version": 1}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": 3}}},
    ],
)
async def test_a_reference_that_is_none_is_refused(demo, body):
    async with client(demo) as api:
        response = await send(api, **body)
    assert response.status_code == 400


async def test_an_id_that_nobody_knows_gives_a_single_error(demo):
    async with client(demo) as api:
        response = await send(api, documentId="nobody-knows-it")
    assert [code_of(response)] == ["PERSISTED_DOCUMENT_NOT_FOUND"]
    assert len(response.json()["errors"]) == 1


def test_only_so_many_documents_are_kept():
    documents = Documents(None)
    texts = [f"{n:04}" + " " * 9_996 for n in range(500)]
    for text in texts:
        documents.keep(text, Reference(sha256=sha256(text)))
    assert documents.text(None, Reference(sha256=sha256(texts[-1]))) == texts[-1]
    with pytest.raises(RefusedError, match="PersistedQueryNotFound"):
        documents.text(None, Reference(sha256=sha256(texts[0])))


RELAY = {"a1b2": QUERY, "c3d4": "{ __typename }"}
APOLLO = {
    "format": "apollo-persisted-query-manifest",
    "version": 1,
    "operations": [{"id": "e5f6", "name": "Name", "type": "query", "body": QUERY}],
}


@pytest.mark.parametrize(("content", "id_"), [(RELAY, "a1b2"), (APOLLO, "e5f6")])
async def test_only_registered_documents_run_where_there_is_a_list(demo, tmp_path, content, id_):
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps(content))
    async with client(demo, trusted_documents=file, batch_limit=2) as api:
        run = [
            await send(api, documentId=id_),
            await send(api, documentId=f"sha256:{sha256(QUERY)}"),
            await send(api, extensions=extension(sha256(QUERY))),
            await send(api, extensions=extension(id_)),
            await send(api, query=QUERY),
        ]
        own = QUERY + " "
        refused = [
            await send(api, query=own),
            await send(api, query=own, extensions=extension(sha256(own))),
            await api.http.get("/graphql", params={"query": own}),
        ]
        unknown = await send(api, extensions=extension(sha256(own)))
        batch = await api.http.post("/graphql", json=[{"query": own}, {"query": own}])
    assert [response.json() for response in run] == [ANSWER] * 5
    assert {code_of(response) for response in refused} == {"DOCUMENT_NOT_TRUSTED"}
    assert code_of(unknown) == "PERSISTED_QUERY_NOT_FOUND"
    assert [entry["errors"][0]["extensions"]["code"] for entry in batch.json()] == [
        "DOCUMENT_NOT_TRUSTED"
    ] * 2


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON"),
        (b"\xff", "is not JSON"),
        ("[" * 5_000, "is not JSON"),
        ("[]", "is no manifest"),
        ("[1]", "is no manifest: it must be an object"),
        ("null", "is no manifest: it must be an object"),
        ('{"a": "query {\\n  noth\\ning\\n}"}', "'a' is not valid"),
        ('{"a\\nb": "{"}', "is not valid"),
        ("{}", "lists no document"),
        ('{"a": 3}', "must be strings"),
        ('{"a": "{ nothing }"}', "'a' is not valid: Cannot query field 'nothing'"),
        ('{"a": "{"}', "'a' is not valid: Syntax Error"),
        ('{"format": "apollo-persisted-query-manifest", "version": 2}', "is no manifest"),
        ('{"format": "x", "version": 1, "operations": []}', "is no manifest"),
        (
            json.dumps({**APOLLO, "operations": [{"id": "a", "body": b} for b in RELAY.values()]}),
            "'a' names two documents",
        ),
    ],
)
def test_a_manifest_that_cannot_be_is_refused_with_the_reason(tmp_path, content, told):
    file = tmp_path / "manifest.json"
    if content is not None:
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(manifest.ManifestError) as refused:
        manifest.load(file, Compiler(SCHEMA._schema).check)
    assert told in str(refused.value)
    assert str(file) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_wrong_manifest_is_told_in_one_line_at_the_start(demo):
    done = subprocess.run(
        [sys.executable, "-m", "api.cli", "serve", "--port", str(free_port())],
        cwd=ROOT,
        env={
            **os.environ,
            "SANGKIEN_DATABASE_URL": demo,
            "SANGKIEN_TRUSTED_DOCUMENTS": "/nowhere.json",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "SANGKIEN_TRUSTED_DOCUMENTS: /nowhere.json cannot be read" in done.stderr
    assert done.stderr.count("\n") == 1


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
