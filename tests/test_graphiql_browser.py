"""The built GraphiQL page in a real browser, against a small server with canned responses.

Needs the built page, Chromium and its driver; where one is missing the tests skip.
"""

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from graphql import build_schema, graphql_sync
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from api import graphiql_page
from tests.chromium import CHROMIUM, DRIVER, Browser, drive

pytestmark = [
    pytest.mark.skipif(
        not (graphiql_page.BUILT / ".built").exists(), reason="the page is not built: make graphiql"
    ),
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium or chromedriver is missing"),
]

SCHEMA = build_schema("""
    type Query { viewer: Viewer! }
    type Subscription { progress: Int! }
    type Viewer { account: Account grants: [Grant!]! units: [Unit!]! }
    type Account { username: String! }
    type Grant { role: String! unit: Unit! }
    type Unit { code: String! name: String! level: String! }
""")

ACCOUNTS = [
    {"username": "confed-admin", "description": "ADMIN at TLD", "token": "token-of-confed"},
    {"username": "tttt-admin", "description": "ADMIN at TTTT", "token": "token-of-tttt"},
]


class CannedApi:
    """A server with the page and canned responses, which records its requests."""

    def __init__(self) -> None:
        self.offers_accounts = True
        self.asked: list[dict[str, Any]] = []
        routes = [
            graphiql_page.assets(),
            Route("/graphql", self.graphql, methods=["GET", "POST"]),
            WebSocketRoute("/graphql", self.subscription),
            Route("/demo/accounts", self.accounts),
            Route("/favicon.ico", lambda _: Response(status_code=204)),  # as the API does
        ]
        # Only this port of this machine: the page could reach no other address.
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        config = uvicorn.Config(
            Starlette(routes=routes), log_level="warning", ws="websockets-sansio", lifespan="off"
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, args=([self.socket],))

    async def graphql(self, request: Request) -> Response:
        if request.method == "GET":
            return graphiql_page.page(request)
        body = await request.json()
        authorization = request.headers.get("authorization")
        self.asked.append({"authorization": authorization, **body})
        if "__schema" in body["query"]:
            return JSONResponse({"data": graphql_sync(SCHEMA, body["query"]).data})
        if authorization is None:
            error = {"message": "Sign in first.", "extensions": {"code": "UNAUTHENTICATED"}}
            return JSONResponse({"errors": [error]})
        unit = {"code": "TTTT", "name": "Công đoàn Thông tin và Truyền thông Việt Nam"}
        return JSONResponse({"data": {"viewer": {"units": [unit]}}})

    async def accounts(self, _request: Request) -> Response:
        if self.offers_accounts:
            return JSONResponse(ACCOUNTS)
        return JSONResponse({"errors": [{"message": "Not in demo mode."}]}, status_code=404)

    async def subscription(self, websocket: WebSocket) -> None:
        await websocket.accept(subprotocol="graphql-transport-ws")
        self.asked.append(await websocket.receive_json())
        await websocket.send_json({"type": "connection_ack"})
        started = await websocket.receive_json()
        data = {"data": {"progress": 3572}}
        await websocket.send_json({"id": started["id"], "type": "next", "payload": data})
        await websocket.send_json({"id": started["id"], "type": "complete"})
        await websocket.close()


@pytest.fixture(scope="module")
def canned() -> Iterator[CannedApi]:
    api = CannedApi()
    api.thread.start()
    yield api
    api.server.should_exit = True
    api.thread.join()
    api.socket.close()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with drive(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def page(chromium: Browser, canned: CannedApi) -> Browser:
    """The page, freshly loaded by a browser with an empty profile, its editors ready."""
    canned.offers_accounts = True
    chromium.open(f"{canned.origin}/graphql/assets/licences.txt")
    chromium.run("localStorage.clear(); sessionStorage.clear()")
    chromium.log("browser")
    chromium.log("performance")
    load(chromium, canned)
    return chromium


def load(browser: Browser, canned: CannedApi) -> None:
    canned.asked.clear()
    browser.open(f"{canned.origin}/graphql")
    browser.wait(
        """
        return document.querySelector(".account") !== null
            && document.querySelector(".graphiql-execute-button") !== null
            && window.__MONACO?.editor.getModels().length >= 4;
        """
    )
    until = time.monotonic() + 10
    while not canned.asked and time.monotonic() < until:  # the introspection
        time.sleep(0.02)


def write(browser: Browser, editor: str, text: str) -> None:
    """Put a text into the editor whose model has this name."""
    browser.run(
        """
        const models = __MONACO.editor.getModels();
        models.find((model) => model.uri.path.endsWith(arguments[0])).setValue(arguments[1]);
        """,
        editor,
        text,
    )


def complete(browser: Browser, text: str, expected: str) -> None:
    """Write an unfinished query and request completions until one is a name of the schema."""
    write(browser, "operation.graphql", text)
    browser.wait(
        """
        const shown = document.querySelector(".suggest-widget")?.innerText ?? "";
        if (shown.includes(arguments[0])) return true;
        if (shown.includes("Loading")) return false;
        const [editor] = __MONACO.editor.getEditors();
        editor.focus();
        editor.setPosition({ lineNumber: 1, column: arguments[1] });
        editor.trigger("test", "editor.action.triggerSuggest");
        return false;
        """,
        expected,
        len(text) + 1,
    )


def execute(browser: Browser) -> Any:
    """Press the button and return the displayed response."""
    browser.click(".graphiql-execute-button")
    shown = browser.wait(
        "return document.querySelector('.graphiql-response .view-lines').innerText.trim()"
    )
    # The page wraps long lines, with line breaks and non-breaking spaces.
    return json.loads(re.sub(r"\s+", " ", shown.replace("\xa0", " ")))


def test_the_page_loads_without_an_error_and_without_another_origin(
    page: Browser, canned: CannedApi
) -> None:
    assert page.run("return document.title") == "sangkien"
    page.wait("return document.querySelectorAll('[role=tab]').length >= 5")
    assert execute(page)["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    complete(page, "{ vie", "viewer")
    assert page.log("browser") == [], "neither an error nor a breach of the policy"
    urls = page.requested()
    for worker in ["editor", "graphql", "json"]:
        assert any(f"/graphql/assets/{worker}-" in url for url in urls), f"{worker} worker"
    assert [url for url in urls if not url.startswith(canned.origin)] == []


def test_the_picker_shows_the_demo_accounts(page: Browser) -> None:
    shown = page.run(
        "return [...document.querySelector('#account').options].map((option) => option.text)"
    )
    assert shown == [
        "browser session, or nobody",
        "confed-admin: ADMIN at TLD",
        "tttt-admin: ADMIN at TTTT",
    ]
    assert page.run("return document.querySelector('#account').labels[0].innerText") == "Run as"


def test_an_example_runs_as_the_picked_account(page: Browser, canned: CannedApi) -> None:
    canned.asked.clear()
    page.click("#account option[value=tttt-admin]")
    assert canned.asked == [], "picking an account alone asks nothing"
    (unit,) = execute(page)["data"]["viewer"]["units"]
    assert unit["name"] == "Công đoàn Thông tin và Truyền thông Việt Nam"
    assert [(asked["authorization"], asked["operationName"]) for asked in canned.asked] == [
        ("Bearer token-of-tttt", "Viewer")
    ]


def test_the_choice_stays_in_the_tab_and_no_token_is_stored(
    page: Browser, canned: CannedApi
) -> None:
    page.click("#account option[value=confed-admin]")
    write(page, "request-headers.json", '{"Authorization": "Bearer typed-by-hand"}')
    execute(page)
    assert canned.asked[-1]["authorization"] == "Bearer typed-by-hand", "the typed header wins"
    load(page, canned)
    assert page.run("return document.querySelector('#account').value") == "confed-admin"
    assert canned.asked[0]["authorization"] == "Bearer token-of-confed"
    stored = page.run("return JSON.stringify(localStorage)")
    assert "Viewer" in stored, "tabs and history are kept"
    assert "Bearer" not in stored
    assert "token" not in stored


def test_without_demo_accounts_a_token_is_pasted(page: Browser, canned: CannedApi) -> None:
    canned.offers_accounts = False
    load(page, canned)
    page.click("#token")
    page.type("#token", "  Bearer pasted.by.hand ")
    execute(page)
    assert canned.asked[-1]["authorization"] == "Bearer pasted.by.hand"
    assert "pasted" not in page.run("return JSON.stringify(localStorage) + location.href")


def test_a_subscription_says_who_asks(page: Browser, canned: CannedApi) -> None:
    page.click("#account option[value=tttt-admin]")
    write(page, "operation.graphql", "subscription Live { progress }")
    page.wait("return document.querySelector('[role=tab]').innerText.includes('Live')")
    assert execute(page) == {"data": {"progress": 3572}}
    assert canned.asked[-1] == {
        "type": "connection_init",
        "payload": {"Authorization": "Bearer token-of-tttt"},
    }


def test_an_example_can_be_opened_again(page: Browser) -> None:
    before = page.run("return document.querySelectorAll('[role=tab]').length")
    page.click("[aria-label=Examples]")
    page.wait("return document.querySelectorAll('[role=menuitem]').length === 5")
    page.click("[role=menuitem]:nth-child(5)")
    page.wait("return document.querySelectorAll('[role=tab]').length === arguments[0] + 1", before)
    page.wait("return document.querySelector('.graphiql-query-editor').innerText.includes('Pace')")
