"""The second factor: which accounts need one, enrolment, and sign-in with it."""

import re

import pytest

from auth.issuer import totp
from auth.issuer.sessions import PENDING
from tests.visitor import BACK, PASSWORD, Visitor, query_of, site

# RFC 6238, appendix B: the secret and, of its 8 digits, the last 6.
RFC_SECRET = b"12345678901234567890"
RFC_CODES = {
    59: "287082",
    1_111_111_109: "081804",
    1_111_111_111: "050471",
    1_234_567_890: "005924",
    2_000_000_000: "279037",
    20_000_000_000: "353130",
}
AUTHORIZE = (
    "/oauth/authorize?response_type=code&client_id=app&redirect_uri=https://app.test/back"
    "&scope=openid&code_challenge_method=S256&code_challenge="
    "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"
)


@pytest.fixture
async def at(identity):
    """A site where admins and auditors need a second factor."""
    async with site(identity, totp_required=True) as made:
        made.register()
        yield made


@pytest.fixture
async def visitor(at):
    """A visitor with a browser."""
    return Visitor(at)


def code_now(at, secret, *, later=0):
    at.clock.now += later
    return totp.code_of(secret, totp.step_of(at.clock.now))


def secret_of(at, username):
    ((secret,),) = at.sql(
        "select secret from totp_secret t join account a on a.id = t.account_id"
        " where username = %s",
        username,
    )
    return bytes(secret)


async def enrolled(at, username="admin"):
    """Enrol a second factor; return the secret, the recovery codes and the visitor."""
    visitor = Visitor(at)
    page = await visitor.sign_in(username)
    if page.heading == "Account":
        page = await visitor.go("/oauth/second-factor/enrol")
    assert page.heading == "Set up the second factor"
    secret = secret_of(at, username)
    page = await visitor.submit(page, code=code_now(at, secret))
    assert page.heading == "The second factor is on"
    codes = re.findall(r"<code>([a-z2-7-]{19})</code>", page.response.text)
    return secret, codes, visitor


@pytest.mark.parametrize("seconds", RFC_CODES)
def test_codes_are_those_of_the_rfc(seconds):
    assert totp.code_of(RFC_SECRET, totp.step_of(seconds)) == RFC_CODES[seconds]


def test_a_code_is_good_for_its_step_and_the_ones_beside_it_and_only_once():
    code, step = RFC_CODES[59], 1
    assert totp.matching_step(RFC_SECRET, code, 59, after=0) == step
    assert totp.matching_step(RFC_SECRET, code, 59 + 30, after=0) == step
    assert totp.matching_step(RFC_SECRET, code, 59 + 60, after=0) is None
    assert totp.matching_step(RFC_SECRET, code, 59, after=1) is None
    for wrong in ("", "287083", "28708", "2870820", "２８７０８２"):
        assert totp.matching_step(RFC_SECRET, wrong, 59, after=0) is None


async def test_an_admin_sets_it_up_before_anything_else(at, visitor):
    page = await visitor.sign_in("admin", to="/oauth/password")
    assert page.heading == "Set up the second factor"
    assert "Your role needs" in page.texts["all"]
    assert (await visitor.go("/oauth/account")).heading == "Sign in"
    assert (await visitor.go(AUTHORIZE)).heading == "Sign in"
    page = await visitor.go("/oauth/second-factor/enrol?to=/oauth/password")
    secret = secret_of(at, "admin")
    assert totp.text_of(secret) in page.texts["all"].replace(" ", "")
    assert f"otpauth://totp/sangkien:admin?secret={totp.text_of(secret)}" in page.links[1]
    assert '<svg viewBox="' in page.response.text
    wrong = await visitor.submit(page, code="000000")
    assert wrong.response.status_code == 422
    assert totp.text_of(secret) in wrong.texts["all"].replace(" ", ""), "it stays the same"
    done = await visitor.submit(wrong, code=code_now(at, secret))
    assert done.heading == "The second factor is on"
    assert "/oauth/password" in done.links
    assert (await visitor.go("/oauth/account")).heading == "Account"
    shown_again = await visitor.go("/oauth/second-factor/enrol")
    assert totp.text_of(secret) not in shown_again.response.text.replace(" ", "")


async def test_the_audit_log_tells_who_set_it_up_and_no_secret(at):
    await enrolled(at, "an")
    events = at.sql(
        "select e.action, a.username, u.code, e.after::text from audit_event e"
        " join account a on a.id = e.account_id left join unit u on u.id = e.unit_id"
        " where e.object_type = 'Account' and e.after ? 'secret'"
    )
    assert [event[:3] for event in events] == [("enrolSecondFactor", "an", "TLD")]
    assert secret_of(at, "an").hex() not in events[0][3]
    assert '"secret": "***"' in events[0][3]


async def test_a_member_needs_none_but_may_have_one(at, visitor):
    assert (await visitor.sign_in("an")).heading == "Account"
    await enrolled(at, "an")
    assert (await Visitor(at).sign_in("an")).heading == "Second factor"


async def test_the_code_completes_the_session_under_another_secret(at):
    secret, _, _ = await enrolled(at)
    visitor = Visitor(at)
    page = await visitor.sign_in("admin")
    assert page.heading == "Second factor"
    before = visitor.http.cookies["__Host-sangkien-session"]
    assert (await visitor.go("/oauth/account")).heading == "Sign in"
    assert query_of(await visitor.go(AUTHORIZE + "&prompt=none"))["error"] == "login_required"
    page = await visitor.go("/oauth/second-factor")
    page = await visitor.submit(page, code=code_now(at, secret, later=30))
    assert page.heading == "Account"
    assert visitor.http.cookies["__Host-sangkien-session"] != before
    assert "code" in query_of(await visitor.go(AUTHORIZE))


async def test_a_code_is_not_taken_twice(at):
    secret, _, _ = await enrolled(at)
    code = code_now(at, secret, later=30)
    for expected in ("Account", "Second factor"):
        visitor = Visitor(at)
        page = await visitor.submit(await visitor.sign_in("admin"), code=code)
        assert page.heading == expected
    assert "was used before" in page.alert


async def test_codes_cannot_be_guessed_at(at):
    secret, _, _ = await enrolled(at)
    visitor = Visitor(at)
    page = await visitor.sign_in("admin")
    for _ in range(6):
        page = await visitor.submit(page, code="000000")
    page = await visitor.submit(page, code=code_now(at, secret))
    assert page.response.status_code == 429
    page = await visitor.submit(page, code=code_now(at, secret, later=30))
    assert page.heading == "Account"


async def test_the_half_signed_in_have_little_time(at):
    secret, _, _ = await enrolled(at)
    visitor = Visitor(at)
    page = await visitor.sign_in("admin")
    code = code_now(at, secret, later=PENDING.total_seconds() + 1)
    assert (await visitor.post("/oauth/second-factor", {**page.fields, "code": code})).headers[
        "location"
    ] == "/oauth/sign-in"


async def test_a_recovery_code_stands_in_once(at):
    _, codes, _ = await enrolled(at)
    assert len(set(codes)) == 10
    kept = str(at.sql("select recovery_code::text from recovery_code"))
    assert not any(code.replace("-", "").encode().hex() in kept for code in codes)
    for written, expected in (
        (codes[0].upper(), "Account"),
        (codes[0], "Second factor"),
        (codes[1].replace("-", " "), "Account"),
    ):
        visitor = Visitor(at)
        page = await visitor.submit(await visitor.sign_in("admin"), code=written)
        assert page.heading == expected, written


async def test_who_becomes_an_admin_meanwhile_is_asked_for_it(at, visitor):
    await visitor.sign_in("an")
    assert (await visitor.go("/oauth/account")).heading == "Account"
    tokens = await tokens_of(at, visitor)
    at.sql(
        "insert into role_grant (account_id, role, unit_id, valid_from)"
        " values (1, 'AUDITOR', 1, '2020-01-01')"
    )
    assert (await visitor.go("/oauth/account")).heading == "Sign in"
    refresh = {"grant_type": "refresh_token", "client_id": "app"}
    refused = await at.token({**refresh, "refresh_token": tokens["refresh_token"]})
    assert refused.json()["error"] == "invalid_grant"
    query = {"query": "{ viewer { account { username } } }"}
    cookie = await visitor.http.post("/graphql", json=query, headers={"X-Sangkien-CSRF": "1"})
    assert cookie.status_code == 401


async def tokens_of(at, visitor):
    code = query_of(await visitor.go(AUTHORIZE))["code"]
    form = {"grant_type": "authorization_code", "client_id": "app", "redirect_uri": BACK}
    return (await at.token({**form, "code": code, "code_verifier": "v" * 43})).json()


async def test_tokens_say_which_factors_were_given(at):
    _, _, visitor = await enrolled(at)
    await tokens_of(at, visitor)
    assert at.sql("select amr from token_family") == [(["pwd", "otp"],)]


async def test_an_invitation_does_not_take_the_second_factor_away(at):
    await enrolled(at)
    token = at.invite("admin")
    visitor = Visitor(at)
    new = "a longer passphrase"
    await visitor.submit(await visitor.go(f"/oauth/invitation/{token}"), new=new, repeat=new)
    assert (await visitor.sign_in("admin", new)).heading == "Second factor"
    assert (await visitor.sign_in("admin", PASSWORD)).response.status_code == 422
