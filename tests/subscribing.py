"""Subscribers for tests, and changes for them. Every wait is bounded."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.live import Live

SECONDS = 10.0  # seconds within which an expected event must happen
QUIET = 0.8  # seconds after which no further event is expected
PROGRESS = """subscription Progress($unit: String!, $phase: Int) {
  progress(unit: $unit, campaign: "1TRSK", phase: $phase) { submitted }
}"""
_DRAFT = """mutation ($input: DraftInitiativeInput!) { draftInitiative(input: $input) {
  ... on InitiativePayload { initiative { number } } } }"""
_INPUT = {
    "campaign": "1TRSK",
    "title": "Giá đỡ cáp bằng vật liệu tái sử dụng",
    "summary": "Giảm một nửa thời gian kéo cáp.",
    "content": "Bản vẽ và cách làm.",
    "solutionType": "TECHNICAL",
    "appliedOn": "2022-09-01",
}


class Peer:
    """A client of graphql-transport-ws that sends and receives plain messages."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, type_: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": type_, **fields}))

    async def hear(self) -> Any:
        """Return the next message."""
        async with asyncio.timeout(SECONDS):
            return json.loads(await self.socket.recv())

    async def subscribe(self, id_: str = "1", query: str = PROGRESS, **variables: Any) -> None:
        variables = variables or {"unit": "TTTT", "phase": 2}
        await self.say("subscribe", id=id_, payload={"query": query, "variables": variables})

    async def count(self) -> int:
        """Return the submitted count in the next message, which must be a result."""
        message = await self.hear()
        assert message["type"] == "next", message
        submitted: int = message["payload"]["data"]["progress"]["submitted"]
        return submitted

    async def code(self) -> str:
        """Return the code in the next message, which must be an error."""
        message = await self.hear()
        assert message["type"] == "error", message
        code: str = message["payload"][0]["extensions"]["code"]
        return code

    async def silent(self, seconds: float = QUIET) -> bool:
        """Return whether no message arrives for a while."""
        try:
            async with asyncio.timeout(seconds):
                await self.socket.recv()
        except TimeoutError:
            return True
        return False

    async def closed(self) -> tuple[int, str]:
        """Return the code and reason with which the server closes."""
        async with asyncio.timeout(SECONDS):
            try:
                while True:
                    await self.socket.recv()
            except ConnectionClosed:
                return self.socket.close_code or 0, self.socket.close_reason or ""


@asynccontextmanager
async def opened(server: Live, **options: Any) -> AsyncIterator[Peer]:
    """A connection after the handshake."""
    address = server.url.replace("http", "ws", 1)
    options = {"subprotocols": ["graphql-transport-ws"], **options}
    async with connect(address, close_timeout=1, **options) as socket:
        yield Peer(socket)


@asynccontextmanager
async def peer(server: Live, username: str | None = None, **token: Any) -> AsyncIterator[Peer]:
    """A connection of an account; None is anonymous."""
    async with opened(server) as newcomer:
        bearer = f"Bearer {server.token(username, **token)}" if username else None
        await newcomer.say("connection_init", payload={"authorization": bearer})
        assert await newcomer.hear() == {"type": "connection_ack"}
        yield newcomer


class Stream:
    """The events of a text/event-stream response."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.lines = response.aiter_lines()

    async def event(self) -> tuple[str, Any]:
        """Return the next event's name and data; an empty name at the end of the stream."""
        name, data = "", None
        async with asyncio.timeout(SECONDS):
            async for line in self.lines:
                field, _, value = line.partition(":")
                if field == "event":
                    name = value.strip()
                elif field == "data":
                    data = json.loads(value) if value.strip() else None
                elif not line and name:
                    return name, data
        return "", None


@asynccontextmanager
async def streamed(
    server: Live, username: str | None, query: str = PROGRESS, **variables: Any
) -> AsyncIterator[Stream]:
    """A POST that accepts only events."""
    headers = {"Accept": "text/event-stream", **bearing(server, username)}
    body = {"query": query, "variables": variables or {"unit": "TTTT", "phase": 2}}
    async with (
        httpx.AsyncClient() as http,
        http.stream("POST", server.url, json=body, headers=headers) as response,
    ):
        yield Stream(response)


def bearing(server: Live, username: str | None) -> dict[str, str]:
    """Return the authorization header of an account."""
    return {"Authorization": f"Bearer {server.token(username)}"} if username else {}


async def told(server: Live, query: str, username: str, **variables: Any) -> Any:
    """Return the data of an operation over HTTP."""
    async with httpx.AsyncClient(timeout=SECONDS) as http:
        answer = await http.post(
            server.url,
            json={"query": query, "variables": variables},
            headers=bearing(server, username),
        )
    assert "errors" not in answer.json(), answer.text
    return answer.json()["data"]


async def drafted(server: Live, how_many: int = 1) -> list[str]:
    """Return the numbers of new drafts of `member`, who belongs to the unit VNPT-HNI."""
    numbers = []
    for place in range(how_many):
        title = f"{_INPUT['title']} {place}"
        data = await told(server, _DRAFT, "member", input={**_INPUT, "title": title})
        numbers.append(data["draftInitiative"]["initiative"]["number"])
    return numbers


async def submit(server: Live, *numbers: str) -> None:
    """Submit drafts concurrently."""
    document = """mutation ($number: String!) {
      submitInitiative(input: {number: $number}) { __typename } }"""
    answers = await asyncio.gather(
        *(told(server, document, "member", number=number) for number in numbers)
    )
    for answer in answers:
        assert answer["submitInitiative"]["__typename"] == "InitiativePayload"


async def change(server: Live) -> None:
    """Submit one more initiative in VNPT-HNI, which is below TTTT."""
    await submit(server, *await drafted(server))
