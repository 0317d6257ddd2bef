"""Limits of the issuer for one address, which do not delay other addresses."""

import asyncio
import logging

import pytest

from api.limits import Rate
from api.oauth import limits
from auth.issuer.passwords import Passwords
from auth.issuer.turns import Turns
from db.unavailable import BusyError
from tests.visitor import Visitor, site

NOISY = "203.0.113.66"


@pytest.fixture
async def at(identity):
    """A site that requires no second factor."""
    async with site(identity) as made:
        yield made


async def test_an_address_that_asks_without_end_is_told_when_to_come_again(at):
    noisy, other = Visitor(at, NOISY), Visitor(at)
    statuses = []
    for _ in range(limits.AT_ONCE + 60):
        statuses.append(await noisy.http.get("/.well-known/openid-configuration"))
        if statuses[-1].status_code == 429:
            break
    assert statuses[-1].status_code == 429
    assert int(statuses[-1].headers["retry-after"]) >= 1
    assert statuses[-1].json()["error"] == "temporarily_unavailable"
    page = await noisy.http.get("/oauth/sign-in")
    assert (page.status_code, "retry-after" in page.headers) == (429, True)
    assert "too many requests from your address" in page.text
    assert (await other.go("/oauth/sign-in")).heading == "Sign in"


async def test_an_application_has_a_rate_at_its_address(at, monkeypatch):
    monkeypatch.setattr(at.app.state.oauth_limits, "_clients", Rate(0.01, 3))
    form = {"grant_type": "refresh_token", "client_id": "x", "refresh_token": "y"}
    answers = [await at.token(form) for _ in range(5)]
    assert [answer.status_code for answer in answers][-1] == 429
    assert "retry-after" in answers[-1].headers
    assert (await at.token({**form, "client_id": "other"})).status_code != 429
    basic = {"auth": ("x", "secret")}
    assert (await at.token({"grant_type": "refresh_token"}, **basic)).status_code == 429


async def test_many_waiting_requests_of_one_address_make_no_other_wait(at, monkeypatch):
    real, running = Passwords._verify, []

    def slow(self, password_hash, password):
        running.append(password)
        return real(self, password_hash, password)

    monkeypatch.setattr(Passwords, "_verify", slow)
    noisy = [Visitor(at, NOISY) for _ in range(20)]
    pages = [await visitor.go("/oauth/sign-in") for visitor in noisy]
    flood = asyncio.gather(
        *(
            visitor.submit(page, username=f"name {number}", password="wrong")
            for number in range(10)
            for visitor, page in zip(noisy, pages, strict=True)
        )
    )
    await asyncio.sleep(0)
    other = await Visitor(at).sign_in()
    assert other.heading == "Account"
    statuses = {page.response.status_code for page in await flood}
    assert statuses <= {422, 429}
    assert 429 in statuses


async def test_turns_are_given_address_by_address():
    turns, order = Turns(1, waiting=100, each=50), []

    async def work(address):
        async with turns.turn(address):
            order.append(address)
            await asyncio.sleep(0)

    first = asyncio.create_task(work("first"))
    await asyncio.sleep(0)
    noisy = [asyncio.create_task(work("noisy")) for _ in range(40)]
    await asyncio.sleep(0)
    other = asyncio.create_task(work("other"))
    await asyncio.gather(first, *noisy, other)
    assert order.index("other") < 6


async def test_turns_are_bounded_for_each_and_for_all():
    turns = Turns(1, waiting=3, each=2)

    async def hold(address):
        async with turns.turn(address):
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(hold(address)) for address in ("a", "a", "a", "b")]
    await asyncio.sleep(0)
    for address in ("a", "c"):
        with pytest.raises(BusyError):
            async with turns.turn(address):
                pass
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with turns.turn("a"):
        pass


async def test_a_turn_that_nobody_is_left_to_take_goes_to_the_next():
    turns = Turns(1, waiting=3, each=3)
    inside = turns.turn("a")
    await inside.__aenter__()
    gone = asyncio.create_task(turns.turn("b").__aenter__())
    await asyncio.sleep(0)
    await inside.__aexit__(None, None, None)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    async with asyncio.timeout(1), turns.turn("c"):
        pass


async def test_one_address_cannot_hold_an_accounts_new_devices_up(at, monkeypatch):
    monkeypatch.setattr(Passwords, "_verify", lambda *_: _[2] == "correct horse")
    attacker = Visitor(at, NOISY)
    for _ in range(20):
        page = await attacker.sign_in(password="wrong")
        at.clock.now += int(page.response.headers.get("retry-after", 0))
    assert (await attacker.sign_in()).response.status_code == 429
    assert (await Visitor(at, "198.51.100.9").sign_in()).heading == "Account"


async def test_guesses_from_everywhere_slow_one_another_down_and_no_more(at, monkeypatch):
    monkeypatch.setattr(Passwords, "_verify", lambda *_: _[2] == "correct horse")
    judged = 0
    for number in range(60):
        page = await Visitor(at, f"198.51.100.{number}").sign_in(password="wrong")
        judged += page.response.status_code == 422
    assert judged < 40
    page = await Visitor(at, "192.0.2.1").sign_in()
    assert int(page.response.headers["retry-after"]) <= 4
    at.clock.now += 4
    assert (await Visitor(at, "192.0.2.1").sign_in()).heading == "Account"


async def test_no_error_of_the_issuer_is_logged_with_its_values(at, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    secret = "a value of somebody"

    async def broken(*_args, **_kwargs):
        raise ValueError(secret)

    monkeypatch.setattr(at.app.state.issuer._transactions, "run", broken)
    for answer in (
        await at.get("/oauth/sign-in", headers={"Cookie": "__Host-sangkien-session=x"}),
        await at.token({"grant_type": "refresh_token", "client_id": "x", "refresh_token": secret}),
        await at.get("/oauth/jwks"),
    ):
        assert answer.status_code == 500
        assert secret not in answer.text
    logged = "\n".join(
        caplog.handler.format(record) for record in caplog.records if "sangkien" in record.name
    )
    assert "builtins.ValueError" in logged
    assert secret not in logged
