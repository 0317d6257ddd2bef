"""A new password ends what acts for the account, unless the person explicitly keeps it."""

import pytest
from click.testing import CliRunner

from api.cli import cli
from auth.access_tokens import HOLD
from auth.issuer.passwords import Passwords
from tests.test_one_factor import family_of, graphql, made
from tests.visitor import PASSWORD, Visitor, site

NEW = "a longer passphrase"
ENDED = (401, "UNAUTHENTICATED")


@pytest.fixture
async def at(identity, monkeypatch):
    """A site with an application, where password hashes are cheap."""
    monkeypatch.setattr(
        Passwords, "_verify", lambda _, known, given: bool(known) and given in {PASSWORD, NEW}
    )
    async with site(identity) as made_:
        made_.register()
        yield made_


async def holding(at):
    """Sign in; return the visitor, a personal token and an application's."""
    visitor = Visitor(at)
    await visitor.sign_in()
    app, _ = family_of(at, 1, "an")
    return visitor, await made(at, visitor=visitor), app


@pytest.mark.parametrize("keep", [{}, {"keep_tokens": "1"}])
async def test_changing_it_ends_tokens_unless_the_box_is_ticked(at, keep):
    visitor, personal, app = await holding(at)
    page = await visitor.go("/oauth/password")
    assert "Keep my personal access tokens" in page.texts["all"]
    assert "checked" not in page.response.text
    done = await visitor.submit(page, current=PASSWORD, new=NEW, repeat=NEW, **keep)
    assert done.heading == "Account"
    at.clock.now += HOLD + 0.1
    assert (await graphql(at, personal))[0] == (200 if keep else 401)
    assert await graphql(at, app) == ENDED


@pytest.mark.parametrize("keep", [{}, {"keep_tokens": "1"}])
async def test_an_invitation_ends_tokens_unless_the_box_is_ticked(at, keep):
    _, personal, app = await holding(at)
    visitor = Visitor(at)
    page = await visitor.go(f"/oauth/invitation/{at.invite('an')}")
    await visitor.submit(page, new=NEW, repeat=NEW, **keep)
    at.clock.now += HOLD + 0.1
    assert (await graphql(at, personal))[0] == (200 if keep else 401)
    assert await graphql(at, app) == ENDED


async def test_the_shell_ends_all_at_once_after_a_compromise(at, monkeypatch):
    visitor, personal, app = await holding(at)
    monkeypatch.setenv("SANGKIEN_DATABASE_URL", at.settings.urls()[0])
    ran = CliRunner().invoke(cli, ["accounts", "invite", "an", "--end-all"])
    assert ran.exit_code == 0, ran.output
    at.clock.now += HOLD + 0.1
    assert await graphql(at, personal) == ENDED
    assert await graphql(at, app) == ENDED
    assert (await graphql(at, visitor=visitor)) == ENDED
    assert at.sql("select password_hash from account where id = 1") == [(None,)]
    assert (await Visitor(at).sign_in()).response.status_code == 422
    assert at.sql("select count(*) from known_device where account_id = 1") == [(0,)]
