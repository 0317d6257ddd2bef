"""Pages that reject a request have a code in the access line, like JSON responses."""

import asyncio
import logging

import pytest

from auth.issuer.turns import Turns
from db.unavailable import BusyError
from tests.asking import asked
from tests.visitor import Visitor, site


def lines(caplog):
    """Return route, status and code of each logged request."""
    facts = [record.facts for record in caplog.records if record.name == "sangkien.access"]
    return [(one["route"], one["status"], one["code"]) for one in facts]


@pytest.fixture
async def at(identity):
    async with site(identity, access_log=True) as made:
        made.register()
        yield made


async def test_a_page_that_refuses_has_a_code_in_its_line(at, caplog):
    caplog.set_level(logging.INFO, "sangkien.access")
    visitor = Visitor(at)
    await visitor.go("/oauth/sign-in")
    await visitor.sign_in(password="not the password")
    forged = {"username": "an", "password": "correct horse", "csrf": "forged"}
    await visitor.http.post("/oauth/sign-in", data=forged)
    await visitor.http.post("/oauth/sign-in", content=b"{}")
    await visitor.go(asked(client_id="nobody"))
    await visitor.go("/oauth/invitation/none")
    await visitor.sign_in()
    await visitor.go(asked())
    await visitor.http.post(asked(), data={"decision": "allow"})
    found = lines(caplog)
    assert found[0] == ("/oauth/sign-in", 200, None)
    refused = [line for line in found if line[1] >= 400]
    assert refused == [
        ("/oauth/sign-in", 422, "INVALID_INPUT"),
        ("/oauth/sign-in", 403, "CSRF"),
        ("/oauth/sign-in", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("/oauth/authorize", 400, "invalid_client"),
        ("/oauth/invitation/{token}", 404, "NOT_FOUND"),
        ("/oauth/authorize", 403, "CSRF"),
    ]


@pytest.mark.parametrize(
    ("raised", "line"),
    [(BusyError("full"), (503, "BUSY")), (RuntimeError("hush"), (500, "INTERNAL"))],
)
async def test_a_page_that_fails_has_a_code_in_its_line(at, caplog, monkeypatch, raised, line):
    caplog.set_level(logging.INFO, "sangkien.access")

    async def fail(*_, **__):
        raise raised

    visitor = Visitor(at)
    await visitor.go("/oauth/sign-in")
    monkeypatch.setattr("auth.issuer.sign_in.by_password", fail)
    await visitor.sign_in()
    assert line in [one[1:] for one in lines(caplog)]


async def test_turns_tell_how_far_they_are_used_and_waited_for():
    turns, over = Turns(1, waiting=5, each=5), asyncio.Event()

    async def hold():
        async with turns.turn("x"):
            await over.wait()

    held = [asyncio.create_task(hold()) for _ in range(3)]
    await asyncio.sleep(0.05)
    assert turns.usage()[:4] == (1, 1, 2, 0)
    over.set()
    await asyncio.gather(*held)
    usage = turns.usage()
    assert usage[:4] == (1, 0, 0, 2)
    assert usage.seconds_waited >= 0.08
