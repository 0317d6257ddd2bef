"""Credentials obtained without a second factor are useless once a role requires one."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from click.testing import CliRunner
from psycopg.rows import dict_row

from api.cli import cli
from auth import keys, tokens
from auth.access_tokens import HOLD
from auth.issuer import families
from auth.issuer.families import Family
from auth.tokens import READ, TOKENS, WRITE
from tests.live import live
from tests.subscribing import opened
from tests.test_second_factor import code_now, enrolled
from tests.token_holding import CREATE, WHO, holding
from tests.visitor import BACK, Page, Visitor, query_of, site

WHOLE = f"{READ} {WRITE}"
NEEDED = (403, "SECOND_FACTOR_NEEDED")
GRANT = "insert into role_grant (account_id, role, unit_id, valid_from) values (%s, %s, 1, %s)"
CHALLENGE = "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"


@pytest.fixture
async def at(identity):
    """A site where admins and auditors need a second factor."""
    async with site(identity, totp_required=True) as made:
        made.register("app", trusted=False, scope=f"openid {WHOLE} {TOKENS}")
        yield made


def family_of(at, account_id, username, *, scope=WHOLE, amr=("pwd",)):
    """Return an access token of an authorization, and the authorization's id."""
    now = datetime.fromtimestamp(at.clock.now, UTC)
    with psycopg.connect(at.settings.urls()[0], row_factory=dict_row) as connection:
        family = Family(
            id=uuid.uuid4(),
            client_id="app",
            account_id=account_id,
            session_id=None,
            scope=scope,
            auth_time=now,
            amr=list(amr),
            expires_at=now + timedelta(days=30),
        )
        families.start(connection, family, now)
    given = {"amr": list(amr), "scope": scope, "client_id": "app"}
    return cli_token(at, username, family=str(family.id), **given), family.id


def cli_token(at, username, **claims):
    with psycopg.connect(at.settings.urls()[0]) as connection:
        key = keys.ensure(connection)
    terms = {"issuer": at.settings.issuer, "audience": at.settings.audience, "ttl": 600}
    return tokens.issue(key, username, **terms, **claims)


async def graphql(at, token=None, visitor=None, query=WHO, **variables):
    """Return the status and the data, or the code of the error."""
    body = {"query": query, "variables": variables}
    if visitor is not None:
        answer = await visitor.http.post("/graphql", json=body, headers={"X-Sangkien-CSRF": "1"})
    else:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        answer = await at.post("/graphql", None, content=json.dumps(body), headers=headers)
    found = answer.json()
    if "errors" in found:
        return answer.status_code, found["errors"][0]["extensions"]["code"]
    return answer.status_code, found["data"]


async def made(at, **by):
    """Create a personal token and return its secret, or the code of the rejection."""
    status, data = await graphql(at, **by, query=CREATE, input={"name": "t", "days": 366})
    assert status == 200, data
    answer = data["createAccessToken"]
    return answer.get("secret") or answer["code"]


async def allowed(status_and_data):
    status, data = await status_and_data
    return data["viewer"]["account"]["username"] if status == 200 else (status, data)


async def test_from_the_moment_a_role_needs_one_tokens_without_are_rejected(at):
    visitor = Visitor(at)
    await visitor.sign_in("an")
    secret = await made(at, visitor=visitor)
    app, _ = family_of(at, 1, "an")
    before = tokens_of_before(at)
    for token in (secret, app, before):
        assert await allowed(graphql(at, token)) == "an"
    at.sql(GRANT, 1, "ADMIN", "2020-01-01")
    for token in (secret, app, before):
        assert await graphql(at, token) == NEEDED
    assert (await graphql(at, visitor=visitor))[0] == 401
    operator = cli_token(at, "an")
    assert await allowed(graphql(at, operator)) == "an"


def tokens_of_before(at):
    """Return a token of an authorization without a record of the sign-in's factors."""
    now = datetime.fromtimestamp(at.clock.now, UTC)
    with psycopg.connect(at.settings.urls()[0], row_factory=dict_row) as connection:
        family = Family(uuid.uuid4(), "app", 1, None, WHOLE, now, ["pwd"], now + timedelta(days=30))
        families.start(connection, family, now)
    return cli_token(at, "an", family=str(family.id), client_id="app", scope=WHOLE)


@pytest.mark.parametrize("role", ["ADMIN", "AUDITOR", "OFFICER"])
async def test_only_admins_and_auditors_need_one_and_only_while_they_are(at, role):
    app, _ = family_of(at, 1, "an")
    at.sql(GRANT, 1, role, "2020-01-01")
    expected = "an" if role == "OFFICER" else NEEDED
    assert await allowed(graphql(at, app)) == expected
    at.sql("update role_grant set revoked_at = now() where account_id = 1 and role = %s", role)
    assert await allowed(graphql(at, app)) == "an"


async def test_what_was_made_with_a_second_factor_holds(at):
    _, _, visitor = await enrolled(at)
    secret = await made(at, visitor=visitor)
    app, _ = family_of(at, 2, "admin", amr=["pwd", "otp"])
    for token in (secret, app):
        assert await allowed(graphql(at, token)) == "admin"


async def test_who_enrols_later_makes_another_token(at):
    visitor = Visitor(at)
    await visitor.sign_in("an")
    old = await made(at, visitor=visitor)
    at.sql(GRANT, 1, "ADMIN", "2020-01-01")
    _, _, visitor = await enrolled(at, "an")
    assert await graphql(at, old) == NEEDED
    new = await made(at, visitor=visitor)
    assert await allowed(graphql(at, new)) == "an"


async def test_a_service_account_has_none_to_give(at):
    at.register_robot()
    at.sql(GRANT, 3, "ADMIN", "2020-01-01")
    form = {
        "grant_type": "client_credentials",
        "client_id": "robot-app",
        "client_secret": "a secret of the client",
    }
    answer = await at.token(form)
    assert await allowed(graphql(at, answer.json()["access_token"])) == "robot"


async def test_the_setting_turned_on_later_counts_for_what_was_made_before(identity):
    async with site(identity) as at:
        visitor = Visitor(at)
        await visitor.sign_in("admin")
        secret = await made(at, visitor=visitor)
        assert await allowed(graphql(at, secret)) == "admin"
    async with site(identity, totp_required=True) as at:
        assert await graphql(at, secret) == NEEDED


async def test_a_token_of_the_shell_is_the_operators(at, monkeypatch):
    monkeypatch.setenv("SANGKIEN_DATABASE_URL", at.settings.urls()[0])
    at.sql(GRANT, 1, "ADMIN", "2020-01-01")
    ran = CliRunner().invoke(cli, ["access-tokens", "add", "an", "--name", "x"])
    assert ran.exit_code == 0, ran.output
    assert await allowed(graphql(at, ran.output.strip())) == "an"


async def test_an_open_websocket_is_rejected_from_then_on(programme):
    async with holding(programme) as http:
        secret = await http.secret("member")
    with psycopg.connect(programme) as owner:
        owner.execute("update access_token set second_factor = false")
    async with live(programme, totp_required=True) as server, opened(server) as one:
        await one.say("connection_init", payload={"authorization": f"Bearer {secret}"})
        assert (await one.hear())["type"] == "connection_ack"
        await one.subscribe("1", WHO)
        assert (await one.hear())["payload"]["data"]["viewer"]["account"]["username"] == "member"
        await one.hear()
        with psycopg.connect(programme) as owner:
            owner.execute(
                "insert into role_grant (account_id, role, unit_id, valid_from)"
                " select id, 'ADMIN', 1, '2020-01-01' from account where username = 'member'"
            )
        await one.subscribe("2", WHO)
        (error,) = (await one.hear())["payload"]
        assert error["extensions"]["code"] == "SECOND_FACTOR_NEEDED"


# Applications and personal tokens


async def test_an_application_makes_no_tokens_unless_it_was_let(at):
    app, _ = family_of(at, 1, "an")
    assert await made(at, token=app) == "OWN_SESSION"
    let, _ = family_of(at, 1, "an", scope=f"{WHOLE} {TOKENS}")
    assert await allowed(graphql(at, await made(at, token=let))) == "an"


async def test_a_token_that_an_application_made_ends_with_the_authorization(at):
    let, family = family_of(at, 1, "an", scope=f"{WHOLE} {TOKENS}")
    secret = await made(at, token=let)
    ((expires, ends),) = at.sql(
        "select t.expires_at, f.expires_at from access_token t"
        " join token_family f on f.id = t.family_id"
    )
    assert expires == ends
    visitor = Visitor(at)
    await visitor.sign_in("an")
    _, listed = await graphql(
        at, visitor=visitor, query="{ viewer { authorizations { nodes { id } } } }"
    )
    (node,) = listed["viewer"]["authorizations"]["nodes"]
    await graphql(
        at,
        visitor=visitor,
        query="mutation ($id: ID!) { revokeAuthorization(input: {authorization: $id})"
        " { __typename } }",
        id=node["id"],
    )
    at.clock.now += HOLD + 0.1
    assert await graphql(at, secret) == (401, "UNAUTHENTICATED")
    assert await made_after(at, let) == (401, "UNAUTHENTICATED")
    assert at.sql("select revoked_at is not null from access_token where family_id = %s", family)


async def made_after(at, token):
    return await graphql(at, token, query=CREATE, input={"name": "t", "days": 1})


async def test_in_the_seconds_after_its_end_an_authorization_makes_no_token_either(at):
    let, family = family_of(at, 1, "an", scope=f"{WHOLE} {TOKENS}")
    assert (await made(at, token=let)).startswith("skpat_")
    at.sql("update token_family set revoked_at = now() where id = %s", family)
    assert await made(at, token=let) == "OWN_SESSION"


def authorize_url(scope):
    return (
        f"/oauth/authorize?response_type=code&client_id=app&redirect_uri={BACK}&scope="
        f"{scope.replace(' ', '+')}&code_challenge_method=S256&code_challenge={CHALLENGE}"
    )


@pytest.mark.parametrize("trusted", [False, True])
async def test_the_consent_page_says_that_an_application_makes_tokens(at, trusted):
    at.register("app", trusted=trusted, scope=f"openid {WHOLE} {TOKENS}")
    visitor = Visitor(at)
    await visitor.sign_in("an")
    page = await visitor.go(authorize_url(f"{WHOLE} {TOKENS}"))
    assert page.heading == "Allow An application?"
    assert "make personal access tokens" in page.texts["all"]
    vietnamese = await visitor.go(authorize_url(f"{WHOLE} {TOKENS}") + "&ui_locales=vi")
    assert "tạo mã truy cập cá nhân" in vietnamese.texts["all"]


async def test_letting_an_application_make_tokens_takes_a_recent_sign_in(at):
    visitor = Visitor(at)
    await visitor.sign_in("an")
    at.clock.now += 601
    page = await visitor.go(authorize_url(f"{WHOLE} {TOKENS}"))
    assert page.heading == "Sign in"
    assert (await visitor.go(authorize_url(WHOLE))).heading == "Allow An application?"


# A stolen session


async def test_a_session_of_some_time_ago_makes_no_tokens_and_still_revokes(at):
    visitor = Visitor(at)
    await visitor.sign_in("an")
    assert (await made(at, visitor=visitor)).startswith("skpat_")
    at.clock.now += 601
    assert await made(at, visitor=visitor) == "SIGN_IN_AGAIN"
    _, data = await graphql(
        at, visitor=visitor, query="{ viewer { accessTokens { nodes { id } } } }"
    )
    (token,) = data["viewer"]["accessTokens"]["nodes"]
    _status, data = await graphql(
        at,
        visitor=visitor,
        query="mutation ($id: ID!) { revokeAccessToken(input: {accessToken: $id}) { __typename } }",
        id=token["id"],
    )
    assert data["revokeAccessToken"]["__typename"] == "RevokeAccessTokenPayload"
    await visitor.sign_in("an")
    assert (await made(at, visitor=visitor)).startswith("skpat_")


async def test_a_session_of_some_time_ago_sets_up_no_second_factor(at):
    visitor = Visitor(at)
    await visitor.sign_in("an")
    page = await visitor.go("/oauth/second-factor/enrol")
    assert page.heading == "Set up the second factor"
    ((secret,),) = at.sql("select secret from totp_secret where account_id = 1")
    at.clock.now += 601
    late = await visitor.submit(page, code=code_now(at, bytes(secret)))
    assert late.heading == "Sign in"
    assert (await visitor.go("/oauth/second-factor/enrol")).heading == "Sign in"
    assert at.sql("select confirmed_at from totp_secret where account_id = 1") == [(None,)]
    page = await visitor.submit(late, username="an", password="correct horse")
    assert page.heading == "Set up the second factor"


# Public clients that any program of a machine could imitate (RFC 8252, 8.6)


@pytest.mark.parametrize(
    ("uri", "changes", "silent"),
    [
        ("http://127.0.0.1:7000/back", {}, False),
        ("http://localhost/back", {"trusted": True}, False),
        ("vn.example.app:/back", {}, False),
        ("https://app.test/back", {}, True),
        ("http://127.0.0.1:7000/back", {"secret_hash": b"x"}, True),
        ("https://issuer.test/graphql", {"trusted": True}, True),
    ],
)
async def test_a_client_that_cannot_be_told_from_others_is_asked_about_each_time(
    at, uri, changes, silent
):
    at.register("app", **{"trusted": False, "redirect_uris": [uri], "scope": WHOLE, **changes})
    visitor = Visitor(at)
    await visitor.sign_in("an")
    url = authorize_url(WHOLE).replace(BACK, uri)
    page = await visitor.go(url)
    if page.heading:
        answer = await visitor.post(str(page.action), {**page.fields, "decision": "allow"})
        assert query_of(answer)["code"]
    again = Page(await visitor.http.get(url))
    assert (again.response.status_code == 303) == silent
    assert (again.heading == "Allow An application?") == (not silent)
    none = await visitor.http.get(url + "&prompt=none")
    assert ("code" in query_of(none)) == silent
