"""No response repeats the Host header of its request."""

import httpx
import pytest

from api.app import create_app
from api.settings import Settings

HOST = "evil.example"


async def answered(method, path, **given):
    app = create_app(Settings(database_url="postgresql://x@/x", demo=True))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as http:
        return await http.request(method, path, **given)


def paths():
    app = create_app(Settings(database_url="postgresql://x@/x", demo=True))
    found = {route.path.replace("{", "").replace("}", "") for route in app.routes}
    return sorted(found - {"/"})


@pytest.mark.parametrize("path", paths())
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_slash_too_many_is_another_address(method, path):
    answer = await answered(method, f"{path}/")
    assert answer.status_code in {404, 405}, answer.headers
    assert "location" not in answer.headers


@pytest.mark.parametrize("path", ["/graphql/assets", "/oauth", "/.well-known"])
async def test_a_slash_too_few_is_another_address(path):
    answer = await answered("GET", path)
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/.well-known/openid-configuration", "/oauth/token", "/oauth/sign-in"]
)
async def test_the_host_of_a_request_is_in_no_answer(path):
    for method in ("GET", "POST"):
        answer = await answered(
            method, path, headers={"X-Forwarded-Host": HOST, "Forwarded": f"host={HOST}"}
        )
        assert HOST not in answer.text
        assert HOST not in str(answer.headers)
