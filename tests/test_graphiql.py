"""The GraphiQL page: its text before the build, its files, its example queries."""

import gzip
import json
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate
from graphql.language import OperationDefinitionNode
from httpx import ASGITransport, AsyncClient
from starlette.applications import Starlette
from starlette.routing import Route

from api import graphiql_page

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "api" / "graphiql" / "src" / "examples").glob("*.graphql"))
SCRIPT = "main-ABCD1234.js"


def site() -> AsyncClient:
    app = Starlette(routes=[graphiql_page.assets(), Route("/graphql", graphiql_page.page)])
    return AsyncClient(transport=ASGITransport(app), base_url="http://sangkien.test")


@pytest.fixture
def not_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncClient:
    monkeypatch.setattr(graphiql_page, "BUILT", tmp_path / "graphiql")
    return site()


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncClient:
    folder = tmp_path / "graphiql"
    monkeypatch.setattr(graphiql_page, "BUILT", folder)
    (folder / "assets" / "deep").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "index.html").write_text("<title>built</title>")
    (folder / ".built").touch()
    for name in [SCRIPT, "main-ABCD1234.css", "icon-ABCD1234.svg", "licences.txt"]:
        (folder / "assets" / name).write_text(f"text of {name}")
    (folder / "assets" / f"{SCRIPT}.gz").write_bytes(gzip.compress(b"packed script"))
    return site()


async def test_without_a_build_the_page_says_how_to_build_it(not_built: AsyncClient) -> None:
    answer = await not_built.get("/graphql")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "The GraphQL API works" in answer.text
    assert "make graphiql" in answer.text


async def test_without_a_build_every_file_is_not_found(not_built: AsyncClient) -> None:
    assert (await not_built.get(f"/graphql/assets/{SCRIPT}")).status_code == 404


async def test_a_build_without_its_stamp_is_not_served(built: AsyncClient) -> None:
    (graphiql_page.BUILT / ".built").unlink()
    assert "not built yet" in (await built.get("/graphql")).text


async def test_the_page_comes_with_a_strict_policy(built: AsyncClient) -> None:
    answer = await built.get("/graphql")
    assert answer.text == "<title>built</title>"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "script-src" not in policy, "scripts fall under default-src: no inline script, no eval"
    script = await built.get(f"/graphql/assets/{SCRIPT}")
    assert script.headers["content-security-policy"] == policy, "a worker obeys its own policy"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["vary"] == "Accept"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        (SCRIPT, "text/javascript; charset=utf-8"),
        ("main-ABCD1234.css", "text/css; charset=utf-8"),
        ("icon-ABCD1234.svg", "image/svg+xml"),
        ("licences.txt", "text/plain; charset=utf-8"),
    ],
)
async def test_each_file_has_its_media_type(built: AsyncClient, name: str, media_type: str) -> None:
    answer = await built.get(f"/graphql/assets/{name}", headers={"Accept-Encoding": "identity"})
    assert answer.status_code == 200
    assert answer.text == f"text of {name}"
    assert answer.headers["content-type"] == media_type
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_only_a_hashed_name_is_kept_for_long(built: AsyncClient) -> None:
    hashed = await built.get(f"/graphql/assets/{SCRIPT}")
    assert hashed.headers["cache-control"] == "public, max-age=31536000, immutable"
    plain = await built.get("/graphql/assets/licences.txt")
    assert plain.headers["cache-control"] == "public, no-cache"


async def test_a_browser_that_takes_gzip_gets_the_packed_file(built: AsyncClient) -> None:
    answer = await built.get(f"/graphql/assets/{SCRIPT}", headers={"Accept-Encoding": "br, gzip"})
    assert answer.text == "packed script"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["vary"] == "Accept-Encoding"


async def test_an_unchanged_file_is_not_sent_again(built: AsyncClient) -> None:
    first = await built.get(f"/graphql/assets/{SCRIPT}")
    known = {"If-None-Match": first.headers["etag"]}
    again = await built.get(f"/graphql/assets/{SCRIPT}", headers=known)
    assert again.status_code == 304
    assert again.content == b""


async def test_head_answers_with_the_headers_alone(built: AsyncClient) -> None:
    answer = await built.head("/graphql/assets/licences.txt")
    assert answer.status_code == 200
    assert answer.headers["content-length"] == str(len("text of licences.txt"))
    assert answer.content == b""


@pytest.mark.parametrize(
    "path",
    [
        # Dots are written as %2e: the client would resolve them, the server sees them.
        "%2e%2e/index.html",
        "%2e%2e/.built",
        "%2e%2e/%2e%2e/secret.txt",
        "%2e%2e%2f%2e%2e%2fsecret.txt",
        "%2e%2e%5c%2e%2e%5csecret.txt",
        "deep/%2e%2e/%2e%2e/%2e%2e/secret.txt",
        "//etc/os-release",
        "%00.txt",
        "deep",
        "",
        f"{SCRIPT}.gz",
        f"{'x' * 300}.js",
    ],
)
async def test_nothing_outside_the_assets_is_served(built: AsyncClient, path: str) -> None:
    assert (await built.get(f"/graphql/assets/{path}")).status_code == 404


async def test_files_can_only_be_read(built: AsyncClient) -> None:
    assert (await built.post(f"/graphql/assets/{SCRIPT}")).status_code == 405


def test_the_sanitizer_is_past_the_versions_with_known_holes() -> None:
    """DOMPurify 3.2.4 fixes CVE-2025-26791."""
    locked = json.loads((ROOT / "api" / "graphiql" / "package-lock.json").read_text())["packages"]
    found = [one["version"] for name, one in locked.items() if name.endswith("/dompurify")]
    assert found
    assert all(tuple(map(int, version.split("."))) >= (3, 2, 4) for version in found)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_each_example_is_one_named_query_with_a_comment(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    (operation,) = parse(text).definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name is not None, "the tab takes its title from the name"
    assert text.startswith("# "), "it begins by saying what it asks"


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_each_example_is_valid_against_the_schema(file: Path) -> None:
    contract = ROOT / "schema.graphql"
    if not contract.exists():
        pytest.skip("schema.graphql is not there")
    schema = build_schema(contract.read_text(encoding="utf-8"))
    assert validate(schema, parse(file.read_text(encoding="utf-8"))) == []
