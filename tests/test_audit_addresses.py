"""Events of the issuer have the address of the browser or application, and the purpose."""

from datetime import UTC, datetime

import psycopg
import pytest

from auth.external import codes
from tests.audit_log import events
from tests.provider import arrive, provider, trusting
from tests.test_second_factor import AUTHORIZE, enrolled
from tests.visitor import BACK, CLIENT_SECRET, PASSWORD, Visitor, query_of, site

HERE, ELSEWHERE = "203.0.113.5", "198.51.100.7"
NEW = "a longer passphrase"


@pytest.fixture
async def at(identity):
    """A site with an application that needs consent."""
    async with site(identity) as made:
        made.register(trusted=False)
        yield made


@pytest.fixture(scope="module")
def sso():
    with provider() as made:
        yield made


def told(at):
    """Return the changes with actor and address, each once and in order.

    Without the owner's changes; tests/test_sign_in_trail.py covers the steps of a sign-in.
    """
    changes = "action <> all (%s) and kind not in ('NOTED', 'REFUSED')"
    beside = events(at.settings.urls()[0], changes, ["sql", "migrate"])
    return list(dict.fromkeys((e["action"], e["username"], e["address"]) for e in beside))


async def test_a_second_factor_that_is_set_up_or_used(at):
    _, recovery, _ = await enrolled(at, "an")
    visitor = Visitor(at, ELSEWHERE)
    page = await visitor.submit(await visitor.sign_in("an"), code=recovery[0])
    assert page.heading == "Account"
    assert told(at) == [("enrolSecondFactor", "an", HERE), ("secondFactor", "an", ELSEWHERE)]


async def test_a_consent_and_what_an_application_does_with_its_tokens(at):
    visitor = Visitor(at, ELSEWHERE)
    await visitor.sign_in("an")
    given = query_of(await visitor.submit(await visitor.go(AUTHORIZE), decision="allow"))
    form = {"grant_type": "authorization_code", "client_id": "app", "redirect_uri": BACK}
    tokens = (await at.token({**form, "code": given["code"], "code_verifier": "v" * 43})).json()
    again = {"grant_type": "refresh_token", "client_id": "app"}
    for status in (200, 400):  # the second time ends the family
        answer = await at.token({**again, "refresh_token": tokens["refresh_token"]})
        assert answer.status_code == status
    revoked = await at.post("/oauth/revoke", {"client_id": "app", "token": tokens["access_token"]})
    assert revoked.status_code == 200
    assert told(at) == [("authorize", "an", ELSEWHERE)]


async def test_tokens_of_a_service_account(at):
    at.register_robot()
    secret = ("robot-app", CLIENT_SECRET)
    assert (await at.token({"grant_type": "client_credentials"}, auth=secret)).status_code == 200
    assert told(at) == []


async def test_a_password_that_is_changed_or_chosen_by_invitation(at):
    visitor = Visitor(at)
    await visitor.sign_in("an")
    page = await visitor.go("/oauth/password")
    await visitor.submit(page, current=PASSWORD, new=NEW, repeat=NEW)
    invited = Visitor(at, ELSEWHERE)
    page = await invited.go(f"/oauth/invitation/{at.invite()}")
    await invited.submit(page, new=NEW, repeat=NEW)
    assert (await invited.sign_in("invited", NEW)).heading == "Account"
    await invited.submit(await invited.go("/oauth/end-session"))
    assert told(at) == [("changePassword", "an", HERE), ("acceptInvitation", "invited", ELSEWHERE)]


async def test_somebody_of_another_issuer_who_is_linked(identity, sso):
    async with trusting(identity, sso) as made:
        with psycopg.connect(made.settings.urls()[0]) as connection:
            code = codes.give(connection, 1, datetime.fromtimestamp(made.clock.now, UTC))
        visitor = Visitor(made, ELSEWHERE)
        await visitor.submit(await arrive(visitor), code=code)
        assert told(made) == [("linkIdentity", "an", ELSEWHERE)]


async def test_somebody_of_another_issuer_who_is_linked_by_e_mail(identity, sso):
    async with trusting(identity, sso, link="email") as made:
        made.sql("update person set email = 'an@example.vn' where id = 1")
        await arrive(Visitor(made, ELSEWHERE))
        assert told(made) == [("signIn", "an", ELSEWHERE)]


async def test_what_has_expired_is_swept_for_nobody_and_from_nowhere(at):
    at.invite()
    at.clock.now += 73 * 3600
    await Visitor(at).sign_in("an")
    at.app.state.issuer._transactions.sweep()
    assert at.sql("select count(*) from invitation") == [(0,)]
    assert told(at) == [("sweep", None, None)]
