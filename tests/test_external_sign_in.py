"""Signing in at a real external provider through our pages: linking, returning, attacks."""

import asyncio
import random
from datetime import UTC, datetime
from functools import partial
from urllib.parse import quote, urlencode

import psycopg
import pytest

from auth.external import codes
from auth.issuer import totp
from tests.provider import BACK, START, arrive, ec_key, provider, set_out, sign_in, trusting
from tests.visitor import Visitor, query_of

ADMIN_LATER = """
    insert into role_grant (account_id, role, unit_id, valid_from)
    values (1, 'ADMIN', 1, '2999-01-01')
"""
KNOWN_BEFORE = """
    insert into external_identity (issuer, subject, account_id, linked_by)
    values ('{issuer}', 'before@sso', 1, 'ADMIN')
"""
LINKED = "select account_id, linked_by, subject from external_identity"


@pytest.fixture(scope="module")
def sso():
    with provider() as made:
        yield made


@pytest.fixture
def at(identity, sso):
    """Creates a site that trusts the provider, with changes of the settings and of the trust."""
    return partial(trusting, identity, sso)


def give_code(at, account_id):
    with psycopg.connect(at.settings.urls()[0]) as connection:
        return codes.give(connection, account_id, datetime.fromtimestamp(at.clock.now, UTC))


def emails(at, *addresses):
    """Set the e-mail address of the person behind `an`, and add people with the further ones."""
    for number, address in enumerate(addresses):
        at.sql(
            "insert into person (id, code, name, unit_id, sector, email) overriding system value"
            " values (%s, %s, 'Somebody', 1, 'PUBLIC', %s)"
            " on conflict (id) do update set email = excluded.email",
            number + 1,
            f"NV{number + 1}",
            address,
        )


async def test_the_sign_in_page_has_a_button_for_each_issuer_in_both_languages(at):
    async with at() as made:
        page = await Visitor(made).go("/oauth/sign-in?to=/graphql")
        assert "Sign in with The portal" in page.texts["all"]
        assert f"{START}?to={quote('/graphql', safe='')}" in page.response.text
        page = await Visitor(made).go("/oauth/sign-in?ui_locales=vi")
        assert "Đăng nhập bằng Cổng chung" in page.texts["all"]
    async with at(client_id=None, client_secret=None, link="none") as made:
        assert "portal" not in (await Visitor(made).go("/oauth/sign-in")).response.text
        assert (await Visitor(made).go(START)).heading == "Sign in"


async def test_one_is_sent_there_with_pkce_state_and_nonce(at, sso):
    async with at(link="email") as made:
        visitor = Visitor(made)
        answer = await visitor.http.get(START)
        asked = query_of(answer)
        assert answer.headers["location"].startswith(f"{sso.issuer}/auth?")
        assert asked["redirect_uri"] == BACK
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert (asked["scope"], asked["client_id"]) == ("openid email", "sangkien")
        assert len(asked["state"]) >= 20
        assert len(asked["nonce"]) >= 20
        (cookie,) = [
            value
            for name, value in answer.headers.multi_items()
            if name == "set-cookie" and "external" in value
        ]
        assert cookie.startswith("__Host-sangkien-external=")
        for flag in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=600"):
            assert flag in cookie
        for secret in (asked["state"], asked["nonce"]):
            assert secret not in cookie


async def test_a_code_links_somebody_once_and_then_they_just_come_in(at, sso):
    async with at() as made:
        visitor = Visitor(made)
        page = await arrive(visitor)
        assert page.heading == "Link to your account"
        page = await visitor.submit(page, code="aaaa-bbbb-cccc-dddd")
        assert "not right" in page.alert
        code = give_code(made, 1)
        page = await visitor.submit(page, code=f" {code.upper()} ")
        assert "Signed in as an" in page.texts["all"]
        assert made.sql(LINKED) == [(1, "CODE", "an@sso")]
        assert made.sql("select amr from browser_session") == [(["fed"],)]
        other = Visitor(made)
        assert "Signed in as an" in (await arrive(other)).texts["all"]
        third = Visitor(made)
        page = await arrive(third, "binh@sso")
        assert "not right" in (await third.submit(page, code=code)).alert


async def test_a_code_is_for_one_account_that_has_nobody_at_the_issuer_yet(at):
    async with at() as made:
        for login, expected in (("an@sso", "Account"), ("binh@sso", "Link to your account")):
            visitor = Visitor(made)
            page = await arrive(visitor, login)
            page = await visitor.submit(page, code=give_code(made, 1))
            assert page.heading == expected
        assert made.sql(LINKED) == [(1, "CODE", "an@sso")]


async def test_of_two_who_bring_one_code_at_once_one_is_linked(at):
    async with at() as made:
        visitors = [Visitor(made) for _ in range(2)]
        logins = ("an@sso", "binh@sso")
        pages = [await arrive(*pair) for pair in zip(visitors, logins, strict=True)]
        code = give_code(made, 1)
        ended = await asyncio.gather(
            *(who.submit(page, code=code) for who, page in zip(visitors, pages, strict=True))
        )
        assert sorted(page.heading for page in ended) == ["Account", "Link to your account"]
        assert len(made.sql(LINKED)) == 1


async def test_codes_expire_and_are_not_to_be_guessed(at):
    async with at() as made:
        visitor = Visitor(made)
        page = await arrive(visitor)
        code = give_code(made, 1)
        made.sql("update link_code set expires_at = now() - interval '1 second'")
        assert "not right" in (await visitor.submit(page, code=code)).alert
        alerts = [(await visitor.submit(page, code="x")).alert for _ in range(6)]
        assert "too many tries" in alerts[-1]


async def test_what_was_said_at_the_issuer_holds_for_ten_minutes(at):
    async with at() as made:
        visitor = Visitor(made)
        page = await arrive(visitor)
        made.clock.now += 601
        page = await visitor.submit(page, code=give_code(made, 1))
        assert page.heading == "Sign in"
        assert made.sql(LINKED) == []


async def test_a_verified_address_links_where_the_setting_says_so(at):
    async with at(link="email") as made:
        emails(made, "an@example.vn")
        assert "Signed in as an" in (await arrive(Visitor(made))).texts["all"]
        assert made.sql(LINKED) == [(1, "EMAIL", "an@sso")]
        emails(made, "somebody.else@example.vn")
        assert "Signed in as an" in (await arrive(Visitor(made))).texts["all"]


async def test_an_address_may_stand_in_the_id_token_too(identity):
    with provider(claims_by_userinfo=False) as sso:
        async with trusting(identity, sso, link="email") as made:
            emails(made, "an@example.vn")
            assert "Signed in as an" in (await arrive(Visitor(made))).texts["all"]


@pytest.mark.parametrize(
    ("login", "addresses", "sql"),
    [
        ("an@sso", ["another@example.vn"], ""),
        ("an@sso", ["an@example.vn", "AN@Example.VN"], ""),
        ("binh@sso", ["binh@example.vn"], ""),
        ("an@sso", ["an@example.vn"], "update account set disabled_at = now() where id = 1"),
        ("an@sso", ["an@example.vn"], "update account set person_id = null where id = 1"),
        ("an@sso", ["an@example.vn"], "update account set kind = 'SERVICE' where id = 1"),
        ("an@sso", ["an@example.vn"], ADMIN_LATER),
        ("an@sso", ["an@example.vn"], KNOWN_BEFORE),
    ],
    ids=[
        "of nobody",
        "of two people",
        "not verified",
        "of a disabled account",
        "of a person without account",
        "of a service",
        "of who will be an admin",
        "of who is known there as somebody else",
    ],
)
async def test_an_address_links_nobody(at, sso, login, addresses, sql):
    async with at(link="email") as made:
        emails(made, *addresses)
        if sql:
            made.sql(sql.replace("{issuer}", sso.issuer))
        before = made.sql(LINKED)
        page = await arrive(Visitor(made), login)
        assert page.response.status_code == 403
        assert f"Tell an administrator this identifier: {login}" in page.alert
        assert made.sql(LINKED) == before
        assert made.sql("select count(*) from browser_session") == [(0,)]


@pytest.mark.parametrize("link", ["code", "none"])
async def test_an_address_links_nobody_where_the_setting_does_not_say_so(at, link):
    async with at(link=link) as made:
        emails(made, "an@example.vn")
        await arrive(Visitor(made))
        assert made.sql(LINKED) == []


async def test_one_goes_on_to_the_application_that_waits(at, sso):
    async with at() as made:
        made.register(trusted=False)
        made.sql(
            "insert into external_identity (issuer, subject, account_id, linked_by)"
            " values (%s, 'an@sso', 1, 'ADMIN')",
            sso.issuer,
        )
        asked = {
            "response_type": "code",
            "client_id": "app",
            "redirect_uri": "https://app.test/back",
            "scope": "openid",
            "state": "s" * 20,
            "code_challenge": "c" * 43,
            "code_challenge_method": "S256",
        }
        visitor = Visitor(made)
        page = await visitor.go(f"/oauth/authorize?{urlencode(asked)}")
        (start,) = [link for link in page.links if link.startswith(START)]
        page = await arrive(visitor, start=start)
        assert page.heading == "Allow An application?"
        page = await visitor.submit(page, decision="allow")
        assert page.response.headers["location"].startswith("https://app.test/back?code=")


async def test_a_way_onward_that_is_too_long_for_a_cookie_is_given_up(at, sso):
    async with at() as made:
        made.sql(
            "insert into external_identity (issuer, subject, account_id, linked_by)"
            " values (%s, 'an@sso', 1, 'ADMIN')",
            sso.issuer,
        )
        noise = random.Random(1).randbytes(3_000).hex()  # random: it does not compress
        to = quote(f"/oauth/authorize?client_id=app&state={noise}", safe="")
        assert (await arrive(Visitor(made), start=f"{START}?to={to}")).heading == "Account"


async def test_an_admin_gives_the_second_factor_here_unless_it_counts_there(at, sso):
    required = {"totp_required": True}
    link = (
        "insert into external_identity (issuer, subject, account_id, linked_by)"
        " values (%s, 'chi@sso', 2, 'ADMIN')"
    )
    async with at(required) as made:
        made.sql(link, sso.issuer)
        visitor = Visitor(made)
        page = await arrive(visitor, "chi@sso")
        assert page.heading == "Set up the second factor"
        ((secret,),) = made.sql("select secret from totp_secret")
        code = totp.code_of(bytes(secret), totp.step_of(made.clock.now))
        assert (await visitor.submit(page, code=code)).heading == "The second factor is on"
        assert made.sql("select amr, complete from browser_session") == [(["fed", "otp"], True)]
        assert (await arrive(Visitor(made), "chi@sso")).heading == "Second factor"
    async with at(required, second_factor=["mfa"]) as made:
        assert (await arrive(Visitor(made), "chi@sso")).heading == "Account"


@pytest.mark.parametrize(
    ("language", "told"), [("vi", "Hiện không liên lạc được với Cổng chung"), ("en", "The portal")]
)
async def test_while_it_is_down_a_page_says_so_and_a_password_works(identity, language, told):
    with provider(started=False) as sso:
        async with trusting(identity, sso) as made:
            visitor = Visitor(made)
            page = await visitor.go(f"{START}?ui_locales={language}")
            assert page.response.status_code == 503
            assert told in page.alert
            page = await visitor.submit(page, username="an", password="correct horse")
            assert page.heading in {"Account", "Tài khoản"}


async def test_going_down_on_the_way_is_told_too(identity):
    with provider() as sso:
        async with trusting(identity, sso) as made:
            visitor = Visitor(made)
            back = await sign_in(await set_out(visitor), "an@sso")
            sso.stop()
            page = await visitor.go(back)
            assert page.response.status_code == 503
            assert "cannot be reached" in page.alert


async def test_whoever_is_signed_in_and_comes_anew_shows_there_who_they_are(at):
    async with at() as made:
        visitor = Visitor(made)
        assert "prompt=" not in await set_out(visitor)
        await visitor.sign_in()
        assert "prompt=login" in await set_out(visitor)


async def test_linking_is_told_in_the_audit_log_without_the_subject(at):
    async with at() as made:
        visitor = Visitor(made)
        await visitor.submit(await arrive(visitor), code=give_code(made, 1))
        told = made.sql(
            "select kind, after from audit_event where object_type = 'Account'"
            " and after ? 'linked_by'"
        )
        assert [kind for kind, _ in told] == ["CREATED"]
        assert (told[0][1]["linked_by"], told[0][1]["subject"]) == ("CODE", "***")


async def test_one_signs_in_by_a_key_that_is_new_there(identity):
    with provider() as sso:
        async with trusting(identity, sso) as made:
            for key in ("second", "third"):
                assert (await arrive(Visitor(made))).heading == "Link to your account"
                sso.restart(ec_key(key))
                made.clock.now += 61
            assert (await arrive(Visitor(made))).heading == "Link to your account"


async def test_codes_that_have_expired_are_swept(at):
    async with at() as made:
        give_code(made, 1)
        made.clock.now += 73 * 3600
        made.app.state.issuer._transactions.sweep()
        assert made.sql("select count(*) from link_code") == [(0,)]
