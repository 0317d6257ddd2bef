"""Guesses at passwords: throttled, with the same response for every name."""

import asyncio
import logging
import statistics
import time

import pytest

from auth.issuer import passwords
from auth.issuer.attempts import of_address
from auth.issuer.passwords import Passwords
from auth.issuer.turns import Turns
from db.unavailable import BusyError
from tests.visitor import Visitor, site

SESSION, DEVICE = "__Host-sangkien-session", "__Host-sangkien-device"
NEW = "a longer passphrase"


@pytest.fixture
async def at(identity):
    """A site that requires no second factor."""
    async with site(identity) as made:
        yield made


@pytest.fixture
async def visitor(at):
    """A visitor with a browser."""
    return Visitor(at)


async def test_an_unknown_name_is_answered_like_a_wrong_password(at, visitor, caplog):
    caplog.set_level(logging.INFO)
    answers = []
    for username in ("an", "nobody here", "invited", "robot", "public", "an\u0301"):
        page = await visitor.sign_in(username, "wrong")
        answers.append((page.response.status_code, page.alert))
    assert set(answers) == {(422, "There is a problem The username or the password is not right.")}
    assert (await Visitor(at).sign_in("robot")).response.status_code == 422


async def test_an_unknown_name_costs_the_work_of_a_wrong_password(at, visitor, monkeypatch):
    verified = []
    real = Passwords._verify

    def counted(self, password_hash, password):
        began = time.thread_time()
        right = real(self, password_hash, password)
        verified.append(time.thread_time() - began)
        return right

    monkeypatch.setattr(Passwords, "_verify", counted)
    for username in ("an", "nobody here"):
        for _ in range(4):
            await visitor.sign_in(username, "wrong")
    assert len(verified) == 8
    known, unknown = statistics.median(verified[:4]), statistics.median(verified[4:])
    assert 0.5 < known / unknown < 2
    assert not at.app.state.issuer.passwords._hasher.check_needs_rehash(passwords._NOBODY)


async def test_guesses_have_to_wait_ever_longer_but_never_long(at, visitor):
    waits = []
    for _ in range(14):
        page = await visitor.sign_in(password="wrong")
        while page.response.status_code == 429:
            waits.append(int(page.response.headers["retry-after"]))
            at.clock.now += waits[-1]
            page = await visitor.sign_in(password="wrong")
        assert page.response.status_code == 422
    assert [wait - 1 for wait in waits] == [1, 2, 4, 8, 16, 32, 60, 60]


async def test_while_one_waits_the_right_password_is_not_looked_at_either(at, visitor):
    for _ in range(6):
        await visitor.sign_in(password="wrong")
    page = await visitor.sign_in()
    assert page.response.status_code == 429
    assert page.alert.startswith("There is a problem There were too many tries.")
    at.clock.now += 2
    assert (await visitor.sign_in()).heading == "Account"


async def test_unknown_names_have_to_wait_like_known_ones(at, visitor):
    for _ in range(6):
        await visitor.sign_in("nobody here", "wrong")
    assert (await visitor.sign_in("nobody here")).response.status_code == 429


async def test_others_guesses_do_not_lock_out_a_device_that_signed_in_before(at, visitor):
    page = await visitor.sign_in()
    await visitor.submit(page)
    attacker = Visitor(at)  # from the same address
    for _ in range(6):
        await attacker.sign_in(password="wrong")
    assert (await attacker.sign_in()).response.status_code == 429
    assert (await visitor.sign_in()).heading == "Account"
    assert (await Visitor(at, "198.51.100.9").sign_in()).heading == "Account"


async def test_an_address_that_tries_many_names_has_to_wait(at, visitor):
    for number in range(21):
        await visitor.sign_in(f"name {number}", "wrong")
    assert (await visitor.sign_in()).response.status_code == 429
    assert (await Visitor(at, "198.51.100.9").sign_in()).heading == "Account"


def test_an_address_of_ipv6_counts_with_its_network():
    assert of_address("2001:db8::1") == of_address("2001:db8::ffff")
    assert of_address("2001:db8::1") != of_address("2001:db8:0:1::1")
    assert of_address("::ffff:192.0.2.1") == of_address("192.0.2.1")
    assert of_address("") == of_address("nonsense")


async def test_many_guesses_at_once_do_not_slip_through(at):
    visitors = [Visitor(at) for _ in range(12)]
    pages = await asyncio.gather(*(v.sign_in(password="wrong") for v in visitors))
    statuses = sorted(page.response.status_code for page in pages)
    assert statuses == [422] * 6 + [429] * 6


async def test_more_sign_ins_at_once_than_can_be_worked_off_are_put_off(at, visitor, monkeypatch):
    none = Turns(0, waiting=0, each=0)
    monkeypatch.setattr(at.app.state.issuer.passwords, "_turns", none)
    page = await visitor.sign_in()
    assert page.response.status_code == 503
    assert "busy" in page.alert
    with pytest.raises(BusyError):
        await at.app.state.issuer.passwords.hash("x")
