"""Runs the blocks of docs/frontend.md in their order and compares their output.

A TypeScript block becomes a file of its name. A shell block runs beside these files, with the
exports of earlier blocks. A JSON or text block is the output of the previous command.
"""

import asyncio
import json
import re
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest

from tests import node
from tests.visitor import Page

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "frontend.md"
CLIENTS = ROOT / "tests" / "clients"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Parts of a browser that Node lacks, and the application's page.
BROWSER = """
const kept = new Map();
globalThis.sessionStorage = { setItem: (k, v) => kept.set(k, v), getItem: (k) => kept.get(k) };
const { signIn, signedIn, renewed } = await import("./auth.ts");
console.log(await signIn());
const back = await new Promise((got) => process.stdin.once("data", (data) => got(`${data}`)));
const tokens = await signedIn(back.trim());
console.log(JSON.stringify([tokens, await renewed(tokens.refresh_token)]));
process.exit(0);
"""


class Block(NamedTuple):
    """A fenced block: its language, the name of its file, and its text."""

    language: str
    name: str
    text: str


def blocks() -> list[Block]:
    return [Block(*found.groups("")) for found in BLOCK.finditer(PAGE.read_text("utf-8"))]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Workshop:
    """A folder in which the page's blocks run."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.ports = {"8000": str(self.port), "8001": str(free_port())}
        self.environment = {
            **node.environment(),
            "SANGKIEN_DATABASE_URL": url,
            "LC_ALL": "C.UTF-8",
            "NO_COLOR": "1",
        }
        (folder / "node_modules").symlink_to(CLIENTS / "node_modules")
        (folder / ".venv").symlink_to(Path(sys.prefix))
        (folder / "package.json").write_text('{"type": "module"}')
        (folder / "exports").touch()

    def here(self, text: str) -> str:
        """Return a text with the ports of this run."""
        return re.sub(r"(?<!\d)800[01](?!\d)", lambda found: self.ports[found[0]], text)

    async def run(self, *command: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=self.folder,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate()
        logs = "".join(log.read_text("utf-8") for log in self.folder.glob("*.log"))
        assert process.returncode == 0, f"{command[-1]}\n{(output + errors).decode()}{logs}"
        return output.decode()

    async def shell(self, script: str) -> str:
        """Run a script; later scripts get its exports."""
        whole = f". ./exports\n{self.here(script)}\nexport -p > exports"
        return await self.run("bash", "-euo", "pipefail", "-c", whole)

    @asynccontextmanager
    async def demo(self) -> AsyncIterator[None]:
        """Serve the demo as `make demo` does."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "api.cli", "demo", "--port", str(self.port)),
            cwd=ROOT,
            env=self.environment,
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            async with httpx.AsyncClient() as http:
                await asyncio.wait_for(self._ready(http), 60)
            yield
        finally:
            process.terminate()
            await process.wait()

    async def _ready(self, http: httpx.AsyncClient) -> None:
        while True:
            try:
                if (await http.get(f"http://127.0.0.1:{self.port}/readyz")).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.2)

    async def sign_in(self) -> None:
        """Run auth.ts as a member of the demo, and use a renewed token."""
        process = await asyncio.create_subprocess_exec(
            *(node.NODE, "--input-type=module", "--eval", BROWSER),
            cwd=self.folder,
            env=self.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        address = (await process.stdout.readline()).decode().strip()
        back = await signed_in(address, "member", "demo")
        output, _ = await process.communicate(f"{back}\n".encode())
        first, renewed = json.loads(output)
        assert first["refresh_token"] != renewed["refresh_token"]
        async with httpx.AsyncClient() as http:
            answer = await http.post(
                f"http://127.0.0.1:{self.port}/graphql",
                json={"query": "{ viewer { account { username } } }"},
                headers={"Authorization": f"Bearer {renewed['access_token']}"},
            )
        assert answer.json() == {"data": {"viewer": {"account": {"username": "member"}}}}


async def signed_in(address: str, username: str, password: str) -> str:
    """Sign in and consent, as a person does; return the issuer's redirect address."""
    parts = urlsplit(address)
    origin = f"{parts.scheme}://{parts.netloc}"
    async with httpx.AsyncClient(base_url=origin, headers={"Origin": origin}) as http:
        response = await http.get(address)
        for given in ({"username": username, "password": password}, {"decision": "allow"}):
            while response.is_redirect and response.headers["location"].startswith(("/", origin)):
                response = await http.get(response.headers["location"])
            if response.is_redirect:
                break
            page = Page(response)
            assert page.action is not None, response.text
            response = await http.post(page.action, data={**page.fields, **given})
    return str(response.headers["location"])


@pytest.fixture
def workshop(tmp_path: Path, programme: str) -> Workshop:
    try:
        node.install(CLIENTS)
    except node.NodeError as error:
        pytest.skip(f"the clients cannot be installed: {error}")
    return Workshop(tmp_path, programme)


async def test_every_block_of_the_page_does_what_it_says(workshop):
    printed = ""
    async with workshop.demo():
        for block in blocks():
            if block.language == "sh":
                printed = await workshop.shell(block.text)
            elif block.language == "ts":
                (workshop.folder / block.name).write_text(workshop.here(block.text), "utf-8")
            elif block.language == "json":
                assert json.loads(printed) == json.loads(block.text)
            else:
                assert block.language == "text"
                assert printed.strip() == block.text.strip()
            if block.name == "auth.ts":
                await workshop.sign_in()


def test_no_block_is_overlooked():
    fences = re.findall(r"^\s*(?:```|~~~)", PAGE.read_text("utf-8"), re.MULTILINE)
    assert len(fences) == 2 * len(blocks())
