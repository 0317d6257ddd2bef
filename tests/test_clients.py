"""Third-party clients and tools, run by Node against this server."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from api import manifest
from schema.build import SCHEMA
from schema.compiler.plan import Compiler
from tests import node
from tests.live import live

ROOT = Path(__file__).parents[1]
CLIENTS = ROOT / "tests" / "clients"
AUDITS = 61


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    try:
        node.install(CLIENTS)
    except node.NodeError as error:
        pytest.skip(f"the clients cannot be installed: {error}")


async def run(*command: str, folder: Path = CLIENTS) -> str:
    """Return the output of a Node program, which must succeed."""
    process = await asyncio.create_subprocess_exec(
        node.NODE,
        *command,
        cwd=folder,
        env=node.environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, (output + errors).decode()
    return output.decode()


async def audited(*arguments: str) -> list[Any]:
    results: list[Any] = json.loads(await run("audit.mjs", *arguments))
    return results


async def test_every_audit_of_graphql_over_http_passes_in_the_demo(demo):
    async with live(demo, demo=True) as server:
        results = await audited(server.url)
    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == AUDITS


async def test_every_audit_passes_for_a_caller_who_is_signed_in_elsewhere(demo):
    async with live(demo) as server:
        results = await audited(server.url, server.token("member"))
    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == AUDITS


@pytest.mark.parametrize("client", ["request.mjs", "urql.mjs"])
async def test_a_client_queries_changes_and_is_told_its_errors(programme, client):
    async with live(programme) as server:
        said = json.loads(await run(client, server.url, server.token("member")))
    assert said["post"] == said["get"]
    assert said["post"]["viewer"] == {"account": {"username": "member"}}
    drafted = said["valid"]["draftInitiative"]
    assert drafted["__typename"] == "InitiativePayload"
    assert drafted["initiative"]["state"] == "DRAFT"
    invalid = said["invalid"]["draftInitiative"]
    assert (invalid["__typename"], invalid["problems"][0]["path"]) == ("InvalidInput", ["title"])
    assert said["wrong"] == "GRAPHQL_VALIDATION_FAILED"
    assert said["refused"] == [401, "UNAUTHENTICATED"]
    assert said.get("isClientError", True)


async def apollo(programme, program: str, *arguments: str, **settings: Any) -> Any:
    """Return the output of a program with Apollo Client, as the Confederation's admin."""
    async with live(programme, **settings) as server:
        return json.loads(await run(program, server.url, server.token("confed-admin"), *arguments))


async def test_apollo_turns_pages_to_the_end_without_a_row_twice_or_missing(programme):
    said = await apollo(programme, "apollo.mjs", str(ROOT / "schema.graphql"))
    for walked in (said["units"], said["all"], said["backwards"], said["initiatives"]):
        assert len(walked["keys"]) == len(set(walked["keys"])) == walked["totalCount"]
    assert said["units"]["keys"] == sorted(said["units"]["keys"])
    assert set(said["units"]["keys"]) < set(said["all"]["keys"]) == set(said["backwards"]["keys"])
    # Each unit is in the cache once, whichever list returned it.
    assert said["entities"] == said["all"]["totalCount"] == 362


async def test_apollos_cache_follows_a_change_without_asking_again(programme):
    said = await apollo(programme, "apollo.mjs", str(ROOT / "schema.graphql"))
    name, version = said["before"]["name"], said["before"]["version"]
    new, later = "Công đoàn thử nghiệm", "Công đoàn của người đến sau"
    assert said["renamed"]["unit"]["version"] == version + 1
    assert (said["stale"]["__typename"], said["stale"]["code"]) == ("Conflict", "STALE")
    assert said["stale"]["version"] == version + 1
    # The optimistic value of the later one was shown, and rolled back.
    assert said["seen"] == [
        [name, version],
        [new, version + 1],
        [later, version + 1],
        [new, version + 1],
    ]
    assert said["listed"] == new
    assert said["requests"] == 2


async def test_apollos_links_go_by_the_codes_of_errors(programme):
    said = await apollo(programme, "apollo_links.mjs")
    assert said["thrown"] == "GRAPHQL_VALIDATION_FAILED"
    assert said["told"] == [None, "GRAPHQL_VALIDATION_FAILED"]
    assert said["refused"] == "UNAUTHENTICATED"
    assert said["renewed"] == "VNPT-HNI"
    assert [status for _, status, _ in said["renewal"]] == [401, 200]
    # First by hash; with the text, because the server does not know it yet; then only by hash.
    assert [in_full for _, _, in_full in said["byHash"]] == [False, True, False]
    assert said["byGet"] == ["VNPT-HNI", [["GET", 200, False]]]
    assert said["batches"] == ["BAD_REQUEST", "BAD_REQUEST"]


async def test_apollos_batches_are_answered_where_they_are_let_in(programme):
    said = await apollo(programme, "apollo_links.mjs", batch_limit=5)
    assert said["batches"] == ["VNPT-HNI", "VNPT-HNI"]


@pytest.fixture
def workshop(tmp_path: Path) -> Path:
    """A folder with the tools' inputs, the schema, and the packages."""
    for name in ("relay", "codegen"):
        shutil.copytree(CLIENTS / name, tmp_path / name)
    for place in (tmp_path, tmp_path / "relay"):
        shutil.copy(ROOT / "schema.graphql", place)
    (tmp_path / "node_modules").symlink_to(CLIENTS / "node_modules")
    return tmp_path


async def relay(workshop: Path) -> Path:
    compiler = str(workshop / "node_modules" / "relay-compiler" / "cli.js")
    await run(compiler, "relay.config.json", folder=workshop / "relay")
    return workshop / "relay" / "manifest.json"


async def codegen(workshop: Path) -> Path:
    await run("codegen.mjs", folder=workshop / "codegen")
    return workshop / "codegen" / "gql" / "persisted-documents.json"


@pytest.mark.parametrize(("tool", "count"), [(relay, 4), (codegen, 2)])
async def test_what_a_tool_writes_of_the_schema_is_a_manifest_that_is_served(
    demo, workshop, tool, count
):
    file = await tool(workshop)
    documents = manifest.load(file, Compiler(SCHEMA._schema).check)
    assert len(documents) == count
    (id_, variables), *_ = [
        (id_, {"first": 2} if tool is relay else {"code": "TLD", "campaign": "1TRSK"})
        for id_, text in documents.items()
        if text.startswith("query unitsPage") or "query Unit(" in text
    ]
    async with live(demo, trusted_documents=file) as server, httpx.AsyncClient() as http:
        named = await http.post(server.url, json={"documentId": id_, "variables": variables})
        other = await http.post(server.url, json={"query": "{ __typename }"})
    assert "errors" not in named.json(), named.text
    assert other.json()["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"
