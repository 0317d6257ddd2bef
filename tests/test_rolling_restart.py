"""Two servers behind nginx with its defaults restart one after the other: no request fails."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.settings import DRAIN_SECONDS

ROOT = Path(__file__).parents[1]
# Debian installs it where only root's PATH has it.
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
pytestmark = pytest.mark.skipif(
    NGINX is None, reason="NGINX IS NOT INSTALLED: ROLLING RESTARTS ARE NOT TESTED"
)
QUESTION = '{"query":"{ unit(code: \\"TTTT\\") { name } }"}'
KEEPING = 'proxy_http_version 1.1; proxy_set_header Connection "";'
CONFIGURATION = """
daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream servers {{ server 127.0.0.1:{one}; server 127.0.0.1:{two}; {keepalive} }}
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://servers; {keeping} }}
    }}
}}
"""


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def started(words: list[Any], **options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(words, **options)


class Servers:
    """The two servers, by port."""

    def __init__(self, url: str, workers: int) -> None:
        self._environment = {
            **os.environ,
            "SANGKIEN_DATABASE_URL": url,
            "SANGKIEN_TODAY": "2022-10-21",
            "SANGKIEN_DEMO": "1",
            "SANGKIEN_DRAIN_SECONDS": str(DRAIN_SECONDS),  # as outside the demo
        }
        self._workers = workers
        self._running: dict[int, subprocess.Popen[bytes]] = {}

    async def start(self, port: int) -> None:
        words = ["serve", "--port", str(port), "--workers", str(self._workers)]
        self._running[port] = started(
            [sys.executable, "-m", "api.cli", *words], cwd=ROOT, env=self._environment
        )
        async with asyncio.timeout(300), httpx.AsyncClient() as http:
            while True:
                try:
                    answer = await http.get(f"http://127.0.0.1:{port}/readyz")
                    if answer.status_code == 200:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.2)

    async def stop(self, port: int) -> None:
        process = self._running.pop(port)
        process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(process.wait, 60)

    def kill(self) -> None:
        for process in self._running.values():
            process.kill()
            process.wait()


@pytest.mark.parametrize(("workers", "keeps"), [(1, False), (2, True)])
async def test_a_rolling_restart_behind_nginx_fails_no_request(demo, tmp_path, workers, keeps):
    one, two, port = free_ports(3)
    tmp_path.chmod(0o755)
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(
        CONFIGURATION.format(
            folder=tmp_path,
            one=one,
            two=two,
            port=port,
            keepalive="keepalive 16;" if keeps else "",
            keeping=KEEPING if keeps else "",
        )
    )
    servers, over, answers = Servers(demo, workers), asyncio.Event(), Counter[str]()

    async def ask(http: httpx.AsyncClient) -> None:
        headers = {"content-type": "application/json"}
        while not over.is_set():
            try:
                answer = await http.post(
                    f"http://127.0.0.1:{port}/graphql", content=QUESTION, headers=headers
                )
                answers[str(answer.status_code)] += 1
            except httpx.HTTPError as error:
                answers[type(error).__name__] += 1
            await asyncio.sleep(0.02)

    assert NGINX is not None
    nginx = started([NGINX, "-c", configuration, "-p", tmp_path])
    try:
        await asyncio.gather(servers.start(one), servers.start(two))
        async with httpx.AsyncClient(timeout=60) as http:
            asking = [asyncio.create_task(ask(http)) for _ in range(4)]
            for restarted in (one, two):
                await servers.stop(restarted)
                await servers.start(restarted)
            over.set()
            await asyncio.gather(*asking)
    finally:
        nginx.send_signal(signal.SIGTERM)
        nginx.wait(20)
        servers.kill()
    assert set(answers) == {"200"}, answers
    assert answers["200"] > 100
