"""Personal access tokens: created once, returned once, limited, and useless after their end."""

import asyncio
import re

import psycopg
import pytest

from auth.access_tokens import HOLD
from db.pool import Link
from db.rules import access_token
from tests.audit_log import events
from tests.mutating import change, rows, value
from tests.token_holding import LIST, WHO, holding


@pytest.fixture
async def http(programme):
    """A site with the demo's data."""
    async with holding(programme) as made:
        yield made


# Creation


async def test_a_token_is_told_once_and_kept_as_a_hash(programme, http):
    made = await http.make("unit-officer", name="Báo cáo đêm")
    secret = made["secret"]
    assert re.fullmatch("skpat_[0-9A-Za-z]{38}", secret)
    assert await http.asked(secret, WHO) == {"viewer": {"account": {"username": "unit-officer"}}}
    kept = rows(programme, "select * from access_token")
    assert [row["token_hash"] for row in kept] == [access_token.hashed(secret)]
    for table in ("access_token", "request_key", "audit_event"):
        assert secret not in str(rows(programme, f"select t::text from {table} t"))
    token = made["accessToken"]
    assert (token["name"], token["readOnly"], token["everywhere"]) == ("Báo cáo đêm", False, True)
    assert (token["permissions"], token["unit"], token["revokedAt"]) == (None, None, None)
    listed = (await http.data(LIST, "unit-officer"))["viewer"]["accessTokens"]
    assert [node["id"] for node in listed["nodes"]] == [token["id"]]
    assert secret not in str(listed)


async def test_the_secret_never_goes_to_the_database(programme, http, monkeypatch):
    """Not even as a parameter: a server may log those."""
    with psycopg.connect(programme, autocommit=True) as owner:
        owner.execute("create table heard (t text)")
        owner.execute("grant all on heard to public")
        owner.execute("""create function hear() returns trigger language plpgsql as $$ begin
            insert into heard select current_query(); return null; end $$""")
        owner.execute("""create trigger hear after insert on access_token
            for each row execute function hear()""")
    sent: list[str] = []
    value = Link.value

    async def overheard(self, sql, values):
        sent.extend(map(str, values))
        return await value(self, sql, values)

    monkeypatch.setattr(Link, "value", overheard)
    secret = await http.secret("member", idempotencyKey="k")
    assert sent
    assert all(secret not in text for text in sent)
    assert secret not in str(rows(programme, "select t from heard"))


async def test_the_same_key_again_makes_no_other_token_and_tells_no_secret(programme, http):
    first = await http.make("member", idempotencyKey="k")
    again = await http.make("member", idempotencyKey="k")
    assert first["secret"]
    assert again["secret"] is None
    assert again["accessToken"] == first["accessToken"]
    other = await http.make("member", idempotencyKey="k", name="Another")
    assert other["code"] == "KEY_REUSED"
    assert value(programme, "select count(*) from access_token") == 1
    assert first["secret"] not in str(rows(programme, "select outcome::text from request_key"))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"days": 0}, "TOO_SMALL"),
        ({"days": 367}, "TOO_LARGE"),
        ({"name": " "}, "BLANK"),
        ({"name": "x" * 101}, "TOO_LONG"),
        ({"permissions": []}, "TOO_FEW"),
        ({"permissions": ["UNIT_READ", "UNIT_READ"]}, "REPEATED"),
    ],
)
async def test_a_token_that_cannot_be_meant_is_refused(http, fields, problem):
    answer = await http.make("member", **fields)
    assert [found["code"] for found in answer["problems"]] == [problem]


async def test_a_token_holds_for_a_year_at_most_whoever_makes_it(programme, http):
    made = await http.make("member", days=366)
    assert made["accessToken"]["expiresAt"][:4] > made["accessToken"]["createdAt"][:4]
    with pytest.raises(psycopg.errors.CheckViolation):
        change(programme, "update access_token set expires_at = expires_at + interval '1 second'")


async def test_a_token_is_limited_to_a_unit_that_its_maker_sees(http):
    made = await http.make("upper-officer", unit="VNPT-HNI")
    assert made["accessToken"]["unit"] == {"code": "VNPT-HNI"}
    assert not made["accessToken"]["everywhere"]
    for unit in ("HNI", "NO-SUCH"):
        hidden = await http.make("upper-officer", unit=unit)
        assert (hidden["__typename"], hidden["what"]) == ("NotFound", "Unit")


async def test_an_account_has_fifty_tokens_at_most_that_hold(programme, http):
    change(
        programme,
        """insert into access_token (account_id, name, token_hash, expires_at)
           select a.id, 'x', (a.id * 100 + n)::text::bytea, now() + interval '1 day'
           from account a, generate_series(1, 50) n
           where a.username = 'member' or (a.username = 'council' and n < 50)""",
    )
    assert (await http.make("member"))["most"] == 50
    change(
        programme,
        """update access_token set revoked_at = now() where id = (
           select min(t.id) from access_token t join account a on a.id = t.account_id
           where a.username = 'member')""",
    )
    assert (await http.make("member"))["secret"]
    assert (await http.make("member"))["code"] == "TOO_MANY_TOKENS"
    assert (await http.make("council"))["secret"]


# Rejected callers


@pytest.mark.parametrize(
    ("username", "code"), [(None, "SIGN_IN"), ("auditor", "AUDITOR"), ("nobody", "FORBIDDEN")]
)
async def test_without_a_task_nobody_makes_a_token(programme, http, username, code):
    assert (await http.make(username))["code"] == code
    assert value(programme, "select count(*) from access_token") == 0


async def test_a_token_makes_sees_and_revokes_no_token(programme, http):
    """Otherwise it could create a wider token."""
    made = await http.make("tttt-admin")
    for secret in (made["secret"], await http.secret("tttt-admin", unit="VNPT")):
        tried = (
            'mutation { createAccessToken(input: {name: "x", days: 1}) { ... on Error { code } } }'
        )
        assert await http.asked(secret, tried) == {"createAccessToken": {"code": "OWN_SESSION"}}
        tried = f"""mutation {{ revokeAccessToken(input: {{
            accessToken: "{made["accessToken"]["id"]}"}}) {{ ... on Error {{ code }} }} }}"""
        assert await http.asked(secret, tried) == {"revokeAccessToken": {"code": "OWN_SESSION"}}
        listed = await http.asked(secret, LIST)
        assert listed["viewer"]["accessTokens"] == {"totalCount": 0, "nodes": []}
    node = f'{{ node(id: "{made["accessToken"]["id"]}") {{ __typename }} }}'
    assert await http.asked(made["secret"], node) == {"node": None}
    assert (await http.data(node, "tttt-admin"))["node"] == {"__typename": "AccessToken"}
    assert value(programme, "select count(*) from access_token where revoked_at is null") == 2


async def test_nobody_sees_or_revokes_the_token_of_somebody_else(programme, http):
    token_id = (await http.make("member"))["accessToken"]["id"]
    for other in ("confed-admin", "unit-officer", "support"):
        answer = await http.revoke(other, token_id)
        assert (answer["__typename"], answer["what"]) == ("NotFound", "AccessToken")
    for other in ("confed-admin", "unit-officer", "auditor", "nobody", None):
        listed = await http.data(LIST, other)
        assert listed["viewer"]["accessTokens"]["totalCount"] == 0
    assert value(programme, "select revoked_at from access_token") is None


# Expiry and revocation


async def test_a_revoked_token_is_refused_within_five_seconds_on_every_worker(programme, http):
    made = await http.make("member")
    secret, token_id = made["secret"], made["accessToken"]["id"]
    async with holding(programme) as other_worker:
        assert (await http.by(secret)).status_code == 200
        assert (await other_worker.by(secret)).status_code == 200
        revoked = await http.revoke("member", token_id)
        assert revoked["accessToken"]["revokedAt"]
        for worker in (http, other_worker):
            worker.clock.now += HOLD + 0.1
            assert (await worker.by(secret)).status_code == 401
    assert (await http.revoke("member", token_id))["code"] == "ALREADY_REVOKED"
    listed = (await http.data(LIST, "member"))["viewer"]["accessTokens"]["nodes"]
    assert listed[0]["revokedAt"]


async def test_whatever_a_token_is_not_worth_the_answer_is_one(programme, http):
    revoked = await http.make("member")
    await http.revoke("member", revoked["accessToken"]["id"])
    disabled = await http.secret("support")
    change(programme, "update account set disabled_at = now() where username = 'support'")
    expired = await http.secret("council", days=1)
    http.clock.now += 24 * 3600 + 600  # the database's clock has advanced meanwhile
    good = access_token.new()
    answers = [
        await http.by(secret)
        for secret in (
            revoked["secret"],
            disabled,
            expired,
            good,
            good[:-1] + ("0" if good[-1] != "0" else "1"),
            good + "0",
            "skpat_",
            "skpat_" + "ü" * 38,
        )
        if secret.isascii()
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["www-authenticate"] for answer in answers} == {
        'Bearer realm="sangkien", error="invalid_token"'
    }
    assert len({re.sub('"requestId":"[0-9a-f]+"', "", one.text) for one in answers}) == 1


async def test_a_token_ends_to_the_second(http):
    secret = await http.secret("member", days=1)
    http.clock.now += 24 * 3600 - 30
    assert (await http.by(secret)).status_code == 200
    http.clock.now += 31  # also while it is cached
    assert (await http.by(secret)).status_code == 401


async def test_a_disabled_account_and_a_revoked_grant_are_felt_at_once(programme, http):
    secret = await http.secret("unit-officer")
    query = '{ unit(code: "VNPT-HNI") { viewerCan } }'
    assert "INITIATIVE_REVIEW" in (await http.asked(secret, query))["unit"]["viewerCan"]
    change(
        programme,
        """update role_grant set revoked_at = now() where account_id =
           (select id from account where username = 'unit-officer')""",
    )
    assert await http.asked(secret, query) == {"unit": None}
    change(programme, "update account set disabled_at = now() where username = 'unit-officer'")
    assert (await http.by(secret)).status_code == 401


# Use


async def noted(programme):
    """Wait for records that are written outside requests."""
    for _ in range(100):
        (used,) = rows(programme, "select last_used_at from access_token")
        if used["last_used_at"] is not None:
            return used["last_used_at"]
        await asyncio.sleep(0.02)
    raise AssertionError("no use was noted")


async def test_the_last_use_is_noted_every_ten_minutes_by_whichever_worker(programme, http):
    secret = await http.secret("member")
    await http.by(secret)
    first = await noted(programme)
    async with holding(programme) as other:
        for worker in (http, other):
            worker.clock.now = http.clock.now + HOLD + 1
            await worker.by(secret)
            await asyncio.sleep(0.1)
            assert await noted(programme) == first
        other.clock.now += 600
        await other.by(secret)
    later = await noted(programme)  # the other one has expired, after its use was recorded
    assert (later - first).total_seconds() > 600
    listed = (await http.data(LIST, "member"))["viewer"]["accessTokens"]["nodes"]
    assert listed[0]["lastUsedAt"]
    assert [e["kind"] for e in events(programme, "object_type = 'AccessToken'")] == ["CREATED"]


async def test_a_use_that_cannot_be_noted_does_not_hold_a_request_up(programme, http):
    secret = await http.secret("member")
    with psycopg.connect(programme) as owner:
        owner.execute("lock table access_token in share mode")  # nobody writes, all may read
        assert (await asyncio.wait_for(http.by(secret), 5)).status_code == 200
    await noted(programme)


# Audit events


async def test_making_and_revoking_a_token_are_told_without_secret_and_name(programme, http):
    made = await http.make("member", name="Nguyễn Văn An", unit="VNPT-HNI", readOnly=True)
    await http.revoke("member", made["accessToken"]["id"])
    created, revoked = events(programme, "object_type = 'AccessToken'")
    assert (created["kind"], created["action"]) == ("CREATED", "createAccessToken")
    assert (revoked["kind"], revoked["action"]) == ("CHANGED", "revokeAccessToken")
    assert {(e["username"], e["unit"]) for e in (created, revoked)} == {("member", "VNPT-HNI")}
    assert (created["after"]["token_hash"], created["after"]["name"]) == ("***", "***")
    assert created["after"]["read_only"] is True
    assert revoked["after"].keys() == {"revoked_at"}


async def test_a_change_made_by_a_token_is_told_of_its_account(programme, http):
    secret = await http.secret("unit-officer", permissions=["UNIT_READ", "TARGET_REGISTER"])
    query = """mutation { registerTarget(input: {campaign: "1TRSK", phase: 2, unit: "VNPT-HNI",
        registered: 77}) { __typename } }"""
    data = await http.asked(secret, query)
    assert data["registerTarget"]["__typename"] == "RegisterTargetPayload", data
    told = events(programme, "action = 'registerTarget'")
    assert {event["username"] for event in told} == {"unit-officer"}
