"""Authorizations of applications: visible to their account only, used, and revoked for good."""

import asyncio
from datetime import UTC, datetime

import psycopg
import pytest

from api.live import lifetime
from auth import tokens
from auth.issuer import consents
from auth.tokens import READ, TOKENS, WRITE
from auth.uses import Uses
from db.url import WRITER, with_role
from tests import authorizing
from tests.audit_log import events
from tests.authorizing import HOLD, LIST, REVOKE, authorize, held_by, register, revoke
from tests.live import live
from tests.mutating import change, rows, value
from tests.subscribing import opened, told
from tests.token_holding import WHO, code_of, holding

ISSUER = "https://issuer.test"


@pytest.fixture
async def http(programme):
    """A site with the demo's data, and an application that people have authorised."""
    async with holding(programme, issuer=ISSUER) as made:
        made.http.base_url = ISSUER
        register(programme)
        made.token("member")  # the first token creates a key
        yield made


async def refreshed(http, held):
    form = {"grant_type": "refresh_token", "refresh_token": held.refresh, "client_id": "app"}
    return await http.http.post("/oauth/token", data=form)


# Visibility


async def test_an_account_sees_what_applications_hold_for_it(programme, http):
    authorize(http, "member")
    register(programme, "wall", permissions=["UNIT_READ"], read_only=True)
    authorize(http, "member", "wall", scope=READ)
    wall, app = await held_by(http, "member")
    assert (app["grantType"], app["scope"], app["readOnly"]) == (
        *("AUTHORIZATION_CODE", authorizing.WHOLE, False),
    )
    assert (app["lastUsedAt"], app["revokedAt"]) == (None, None)
    assert app["createdAt"] < app["expiresAt"]
    assert app["client"] == {
        "clientId": "app",
        "name": "An application",
        "permissions": None,
        "everywhere": True,
        "readOnly": False,
        "username": None,
        "unit": None,
    }
    assert (wall["readOnly"], wall["client"]["permissions"]) == (True, ["UNIT_READ"])


async def test_nobody_else_sees_or_ends_them(programme, http):
    authorize(http, "member")
    (own,) = await held_by(http, "member")
    node = "query ($id: ID!) { node(id: $id) { id } }"
    for other in ("confed-admin", "unit-officer", "support"):
        answer = await revoke(http, other, own["id"])
        assert (answer["__typename"], answer["what"]) == ("NotFound", "Authorization")
    for other in ("confed-admin", "unit-officer", "auditor", "nobody", None):
        assert await held_by(http, other) == []
        assert (await http.data(node, other, variables={"id": own["id"]}))["node"] is None
    assert (await http.data(node, "member", variables={"id": own["id"]}))["node"] is not None
    assert value(programme, "select revoked_at from token_family") is None


@pytest.mark.parametrize(
    ("username", "code"), [(None, "SIGN_IN"), ("auditor", "AUDITOR"), ("nobody", "FORBIDDEN")]
)
async def test_who_writes_nothing_ends_none(programme, http, username, code):
    authorize(http, username or "member")
    answer = await revoke(http, username, "QXV0aG9yaXphdGlvbjox")
    assert (answer["__typename"], answer["code"]) == ("Forbidden", code)
    assert value(programme, "select revoked_at from token_family") is None


async def test_a_limited_credential_is_told_of_none_and_ends_none(programme, http):
    register(programme, "feed", permissions=["INITIATIVE_READ", "UNIT_READ"])
    authorize(http, "unit-officer")
    (own,) = await held_by(http, "unit-officer")
    limited = authorize(http, "unit-officer", "feed").access
    for token in (await http.secret("unit-officer"), limited):
        told_ = await http.asked(token, LIST)
        assert told_["viewer"]["authorizations"]["nodes"] == []
        answer = (await http.asked(token, REVOKE, input={"authorization": own["id"]}))[
            "revokeAuthorization"
        ]
        assert (answer["__typename"], answer["what"]) == ("NotFound", "Authorization")
    assert value(programme, "select count(*) from token_family where revoked_at is not null") == 0


async def test_a_token_that_only_reads_lists_them_and_ends_none(programme, http):
    authorize(http, "member")
    reading = http.token("member", scope=READ)
    (own,) = (await http.asked(reading, LIST))["viewer"]["authorizations"]["nodes"]
    for token in (reading, await http.secret("member", readOnly=True)):
        refused = await http.by(token, REVOKE, input={"authorization": own["id"]})
        assert (refused.status_code, code_of(refused)) == (403, "INSUFFICIENT_SCOPE")
    assert value(programme, "select revoked_at from token_family") is None


# Revocation and expiry


async def test_revoking_ends_every_token_within_five_seconds_on_every_worker(programme, http):
    held, other = authorize(http, "member"), authorize(http, "member")
    _, first = await held_by(http, "member")
    async with holding(programme, issuer=ISSUER) as worker:
        workers = (http, worker)
        assert [(await one.by(held.access)).status_code for one in workers] == [200, 200]
        answer = await revoke(http, "member", first["id"])
        assert answer["authorization"]["revokedAt"]
        assert (await refreshed(http, held)).json()["error"] == "invalid_grant"
        for one in workers:
            one.clock.now += HOLD
            assert (await one.by(held.access)).status_code == 401
            assert (await one.by(other.access)).status_code == 200
    assert (await refreshed(http, other)).status_code == 200
    assert (await revoke(http, "member", first["id"]))["code"] == "ALREADY_REVOKED"
    assert [bool(one["revokedAt"]) for one in await held_by(http, "member")] == [False, True]


async def test_the_application_has_to_ask_for_consent_again(programme, http):
    now = datetime.now(UTC)
    with psycopg.connect(programme) as owner:
        for name in ("member", "support"):
            (account,) = owner.execute("select id from account where username = %s", (name,))
            consents.give(owner, account[0], "app", authorizing.WHOLE, now)
    authorize(http, "member")
    (own,) = await held_by(http, "member")
    await revoke(http, "member", own["id"])
    left = rows(programme, "select a.username from consent c join account a on a.id = c.account_id")
    assert left == [{"username": "support"}]


async def test_an_authorization_that_keeps_tokens_ends_itself(http):
    """An application with sangkien.tokens acts for the account, also in revoking itself."""
    held = authorize(http, "member", scope=f"{READ} {WRITE} {TOKENS}")
    (own,) = await held_by(http, "member")
    answer = await http.asked(held.access, REVOKE, input={"authorization": own["id"]})
    assert answer["revokeAuthorization"]["authorization"]["revokedAt"]


async def test_its_live_connections_end(programme, monkeypatch):
    monkeypatch.setattr(lifetime, "CHECK_AGAIN", 0.3)
    monkeypatch.setattr(tokens, "_REVOKED_HOLD", 0.2)
    register(programme)
    async with holding(programme) as http, live(programme) as server, opened(server) as watcher:
        authorization = f"Bearer {authorize(http, 'member').access}"
        await watcher.say("connection_init", payload={"authorization": authorization})
        assert (await watcher.hear())["type"] == "connection_ack"
        assert await watcher.silent()
        (own,) = await held_by(http, "member")
        answer = await told(server, REVOKE, "member", input={"authorization": own["id"]})
        assert answer["revokeAuthorization"]["authorization"]["revokedAt"]
        assert (await watcher.closed())[0] == 4403


async def test_that_somebody_ends_one_is_told_and_what_ends_by_itself_is_not(programme, http):
    held = authorize(http, "member")
    (own,) = await held_by(http, "member")
    await revoke(http, "member", own["id"])
    again = authorize(http, "member")
    await refreshed(http, again)
    await refreshed(http, again)  # used twice: it was stolen
    assert value(programme, "select count(*) from token_family where revoked_at is null") == 0
    (event,) = events(programme, "object_type = 'Authorization'")
    assert (event["kind"], event["action"]) == ("CHANGED", "revokeAuthorization")
    assert (event["username"], event["unit"]) == ("member", "VNPT-HNI")
    assert event["after"].keys() == {"revoked_at"}
    assert held.family not in str(event)


# Use


async def noted(programme, family):
    """Wait for records that are written outside requests."""
    for _ in range(100):
        used = value(programme, "select last_used_at from token_family where id = %s", family)
        if used is not None:
            return used
        await asyncio.sleep(0.02)
    raise AssertionError("no use was noted")


async def test_the_last_use_is_noted_every_ten_minutes_by_whichever_worker(programme, http):
    held = authorize(http, "member")
    await http.by(held.access)
    first = await noted(programme, held.family)
    async with holding(programme, issuer=ISSUER) as other:
        for worker in (http, other):
            worker.clock.now = http.clock.now + 1
            await worker.by(held.access)
            await asyncio.sleep(0.1)
            assert await noted(programme, held.family) == first
        other.clock.now += 600
        await other.by(held.access)
    later = await noted(programme, held.family)  # the other one has ended, after the record
    assert (later - first).total_seconds() > 600
    assert (await held_by(http, "member"))[0]["lastUsedAt"]


async def test_a_use_that_cannot_be_noted_does_not_hold_a_request_up(programme, http):
    held = authorize(http, "member")
    with psycopg.connect(programme) as owner:
        owner.execute("lock table token_family in share mode")  # nobody writes, all may read
        assert (await asyncio.wait_for(http.by(held.access), 5)).status_code == 200
    await noted(programme, held.family)


async def test_thousands_of_tokens_after_a_start_are_noted_by_two_transactions():
    noted_, tried = [], []

    async def note(keys):
        tried.append(len(keys))
        await asyncio.sleep(0)
        if len(tried) == 3:
            raise OSError
        noted_.extend(keys)

    moment = 0.0
    uses = Uses(note, clock=lambda: moment, size=5_000)
    for key in range(3_000):
        uses.tell(key)
        uses.tell(key)
        if key == 0:
            await asyncio.sleep(0)
    await uses.close()
    assert (tried, sorted(noted_)) == ([1, 2_999], list(range(3_000)))
    moment = 600.0
    uses.tell(7)
    await uses.close()
    uses.tell(7)  # a failed record is retried
    await uses.close()
    assert (tried[2:], noted_[-1]) == ([1, 1], 7)


# The database


@pytest.mark.parametrize(
    ("statement", "touched"),
    [
        ("update token_family set revoked_at = now()", 1),
        ("update token_family set expires_at = expires_at + interval '1 year'", None),
        ("update token_family set scope = 'openid', revoked_at = null", None),
        ("delete from token_family", 0),
        ("delete from consent", 1),
        ("update oauth_client set revoked_at = now()", 0),
        ("update oauth_client set scope = 'openid'", None),
        ("select * from refresh_token", 0),
    ],
)
async def test_the_database_lets_an_account_end_its_own_and_no_more(
    programme, http, statement, touched
):
    for name in ("member", "support"):
        authorize(http, name)
        change(
            programme,
            """insert into consent select id, 'app', 'openid', now() from account
               where username = %s""",
            name,
        )
    account = value(programme, "select id from account where username = 'member'")
    with psycopg.connect(with_role(programme, WRITER)) as connection:
        connection.execute(
            "select set_config('sangkien.account', %s, true),"
            " set_config('sangkien.tokens', 'on', true)",
            [str(account)],
        )
        if touched is None:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
        else:
            assert connection.execute(statement.encode()).rowcount == touched
            connection.execute("select set_config('sangkien.tokens', '', true)")
            assert connection.execute(b"select id from token_family").fetchall() == []


async def test_without_a_token_there_is_nothing_to_see(http):
    assert (await http.data(LIST))["viewer"]["authorizations"]["totalCount"] == 0
    assert (await http.data(WHO))["viewer"]["account"] is None
