"""Passwords: changed by their owner, chosen by invitation, and the demo's."""

import psycopg
import pytest

from auth.issuer import invitations
from db.seed import demo as demo_data
from tests.visitor import PASSWORD, Visitor, site

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


async def test_changing_the_password_ends_every_other_session_and_token(at, visitor):
    elsewhere = Visitor(at)
    await elsewhere.sign_in()
    await visitor.sign_in()
    page = await visitor.go("/oauth/password")
    problems = [
        ({"current": PASSWORD, "new": "short", "repeat": "short"}, "at least 12"),
        ({"current": PASSWORD, "new": "x" * 201, "repeat": "x" * 201}, "longer than 200"),
        ({"current": PASSWORD, "new": "an" + NEW, "repeat": "an" + NEW}, "contain the username"),
        ({"current": PASSWORD, "new": "1" * 12, "repeat": "1" * 12}, "5 different"),
        ({"current": PASSWORD, "new": NEW, "repeat": NEW + "x"}, "differ"),
        ({"current": PASSWORD}, "Fill in"),
        (
            {"current": "wrong", "new": "sufficiently long", "repeat": "sufficiently long"},
            "current password is not right",
        ),
    ]
    for fields, told in problems:
        page = await visitor.submit(page, **fields)
        assert told in page.alert, fields
    fresh = "sufficiently long"
    before = visitor.http.cookies[SESSION]
    page = await visitor.submit(page, current=PASSWORD, new=fresh, repeat=fresh)
    assert "password was changed" in page.texts["all"]
    assert visitor.http.cookies[SESSION] != before
    assert (await visitor.go("/oauth/account")).heading == "Account"
    assert (await elsewhere.go("/oauth/account")).heading == "Sign in"
    assert (await elsewhere.sign_in()).response.status_code == 422
    assert (await elsewhere.sign_in(password=fresh)).heading == "Account"


async def test_a_wrong_current_password_cannot_be_guessed_at_either(at, visitor):
    await visitor.sign_in()
    page = await visitor.go("/oauth/password")
    for _ in range(6):
        page = await visitor.submit(
            page, current="wrong", new="sufficiently long", repeat="sufficiently long"
        )
    page = await visitor.submit(
        page, current=PASSWORD, new="sufficiently long", repeat="sufficiently long"
    )
    assert "too many tries" in page.alert


async def test_an_invitation_sets_a_password_once(at, visitor):
    path = f"/oauth/invitation/{at.invite()}"
    await visitor.go(path)  # as a mail scanner might: a GET uses nothing up
    page = await visitor.go(path)
    assert "Your account: invited" in page.texts["all"]
    assert "at least 12" in (await visitor.submit(page, new="short", repeat="short")).alert
    done = await visitor.submit(page, new=NEW, repeat=NEW)
    assert done.heading == "Sign in"
    assert "The password is set" in done.texts["all"]
    assert (await visitor.sign_in("invited", NEW)).heading == "Account"
    again = await visitor.go(path)
    assert again.response.status_code == 404
    assert "was used or has expired" in again.alert


async def test_an_invitation_expires_and_a_newer_one_replaces_it(at, visitor):
    first = f"/oauth/invitation/{at.invite()}"
    page = await visitor.go(first)
    second = f"/oauth/invitation/{at.invite()}"
    assert (await visitor.go(first)).response.status_code == 404
    assert (await visitor.submit(page, new=NEW, repeat=NEW)).response.status_code == 404
    at.clock.now += invitations.VALID_FOR.total_seconds() - 1
    page = await visitor.go(second)
    assert page.response.status_code == 200
    at.clock.now += 2
    assert (await visitor.submit(page, new=NEW, repeat=NEW)).response.status_code == 404
    assert (await visitor.go("/oauth/invitation/%00")).response.status_code == 404


async def test_the_demos_password_is_good_in_the_demo_alone(database):
    with psycopg.connect(database) as connection:
        demo_data.load(connection)
    async with site(database, demo=True) as at:
        page = await Visitor(at).sign_in("tttt-admin", "demo")
        assert page.heading == "Account"
        assert "“demo”" in (await Visitor(at).go("/oauth/sign-in")).texts["all"]
    async with site(database) as at:
        page = await Visitor(at).sign_in("tttt-admin", "demo")
        assert page.response.status_code == 422
        assert "demo" not in (await Visitor(at).go("/oauth/sign-in")).texts["all"]
