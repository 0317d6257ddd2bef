"""Outside the demo, metrics need the token, or have a port of their own."""

import socket

import httpx
import pytest

from api import metrics_access, settings
from api.app import create_app
from api.settings import Settings, SettingsError

TOKEN = "a-token-of-twenty-four-or-more"


async def status(header=None, **given):
    app = create_app(Settings(database_url="postgresql://x@/x", **given))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        answer = await http.get("/metrics", headers={"Authorization": header} if header else {})
        elsewhere = await http.get("/nowhere")
    if answer.status_code == 200:
        assert "sangkien_graphql_seconds" in answer.text
    else:
        assert answer.text == elsewhere.text
        del answer.headers["x-request-id"], elsewhere.headers["x-request-id"]
        assert dict(answer.headers) == dict(elsewhere.headers)
    return answer.status_code


async def test_without_a_setting_there_are_no_metrics_outside_the_demo():
    assert await status() == 404
    assert await status("Bearer ") == 404
    assert await status("Bearer None") == 404
    assert await status(demo=True) == 200


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (f"Bearer {TOKEN}", 200), (f"bearer  {TOKEN}", 200), (None, 404), ("Bearer", 404),
        (TOKEN, 404), (f"Basic {TOKEN}", 404), (f"Bearer {TOKEN}x", 404),
        (f"Bearer {TOKEN[:-1]}", 404), ("Bearer \u00e4".encode(), 404),
    ],
)  # fmt: skip
@pytest.mark.parametrize("demo", [False, True])
async def test_a_token_opens_them_and_nothing_else_does(header, code, demo):
    assert await status(header, metrics_token=TOKEN, demo=demo) == code


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_port_of_its_own_serves_them():
    port = free_port()
    metrics_access.listen(Settings(metrics_port=port))
    answer = httpx.get(f"http://127.0.0.1:{port}/metrics")
    assert answer.status_code == 200
    assert "sangkien_graphql_seconds" in answer.text


async def test_the_port_of_the_api_then_has_none():
    assert await status(metrics_port=9_000) == 404
    assert await status(metrics_port=9_000, demo=True) == 404


def test_the_port_asks_for_the_token_too():
    port = free_port()
    metrics_access.listen(Settings(metrics_port=port, metrics_token=TOKEN))
    url = f"http://127.0.0.1:{port}/metrics"
    assert httpx.get(url).status_code == 404
    right = httpx.get(url, headers={"Authorization": f"Bearer {TOKEN}"})
    assert right.status_code == 200


@pytest.mark.parametrize("token", ["short", "x" * 23, "with a space in it, but long", "é" * 30])
def test_a_token_that_can_be_guessed_is_refused_and_not_repeated(monkeypatch, token):
    monkeypatch.setenv("SANGKIEN_METRICS_TOKEN", token)
    with pytest.raises(SettingsError, match="SANGKIEN_METRICS_TOKEN") as refused:
        settings.load()
    assert token not in str(refused.value)
