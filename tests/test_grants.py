"""Role grants and their revocation, as each role, sequentially and concurrently."""

import asyncio
import base64
from typing import Any

import asyncpg
import psycopg
import pytest

from auth.principal import Principals
from db.rules.errors import ForbiddenError
from db.sessions import Reader
from db.transactions import Attempt, Writer
from db.url import READER, WRITER, with_role
from db.write_session import WriteSession
from tests.client import DEMO_TODAY, Client, client

ERRORS = """... on Error { __typename code message }
    ... on InvalidInput { problems { path code limit } }
    ... on GrantRejected { leftUntil }
    ... on NotFound { what key }
    ... on Forbidden { permission unitCode }
    ... on Conflict { field }"""
BODY = """id role username validFrom validTo revokedAt unit { code } person { name }
    grantedBy { name } revokedBy { name }"""
GRANT = f"""mutation ($input: GrantRoleInput!) {{ grantRole(input: $input) {{
    ... on GrantPayload {{ __typename grant {{ {BODY} }} }} {ERRORS} }} }}"""
REVOKE = f"""mutation ($input: RevokeRoleInput!) {{ revokeRole(input: $input) {{
    ... on GrantPayload {{ __typename grant {{ {BODY} }} }} {ERRORS} }} }}"""
AT = f"""query ($unit: String!) {{ unit(code: $unit) {{
    grants(first: 100) {{ totalCount nodes {{ {BODY} }} }} }} }}"""
OFFICER = {"username": "nobody", "role": "OFFICER", "unit": "VNPT-HNI"}
INSERT = """insert into role_grant (account_id, role, unit_id, valid_from, granted_by_id)
    select {account}, 'OFFICER', id, '2022-01-01', {by} from unit where code = '{unit}'"""
ROOT_ADMIN = {"role": "ADMIN", "unit": "TLD"}


async def ask(http: Client, document: str, by: str | None, /, **fields: Any) -> Any:
    data = await http.data(document, by, variables={"input": fields})
    return next(iter(data.values()))


async def revoke(http: Client, by: str | None, grant: str) -> Any:
    return await ask(http, REVOKE, by, grant=grant, reason="Thôi giữ nhiệm vụ")


def grant_of(url: str, username: str, role: str = "ADMIN") -> str:
    """Return the global id of an account's current role grant."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "select g.id from role_grant g join account a on a.id = g.account_id"
            " where a.username = %s and g.role = %s and g.revoked_at is null",
            [username, role],
        ).fetchone()
    assert row is not None
    return base64.b64encode(f"Grant:{row[0]}".encode()).decode()


def execute(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode())


def value(url: str, query: str) -> Any:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


async def test_a_role_is_granted_seen_and_revoked(programme):
    async with client(programme) as http:
        assert (await ask(http, GRANT, "nobody", **OFFICER))["__typename"] == "Forbidden"
        given = (await ask(http, GRANT, "tttt-admin", **OFFICER))["grant"]
        assert (given["username"], given["role"], given["unit"]) == (
            "nobody",
            "OFFICER",
            {"code": "VNPT-HNI"},
        )
        assert (given["validFrom"], given["validTo"], given["revokedAt"]) == (
            "2022-10-21",
            None,
            None,
        )
        assert given["grantedBy"] is not None
        can = '{ unit(code: "VNPT-HNI") { viewerCan } viewer { grants { id } } }'
        seen = await http.data(can, "nobody")
        assert "TARGET_REGISTER" in seen["unit"]["viewerCan"]
        assert seen["viewer"]["grants"] == [{"id": given["id"]}]
        taken = (await revoke(http, "tttt-admin", given["id"]))["grant"]
        assert taken["revokedAt"] is not None
        assert taken["revokedBy"] == given["grantedBy"]
        gone = await http.data(can, "nobody")
        assert gone == {"unit": None, "viewer": {"grants": []}}
        again = await revoke(http, "tttt-admin", given["id"])
        assert (again["__typename"], again["code"]) == ("Conflict", "ALREADY_REVOKED")
    log = """select array_agg(kind || ' ' || coalesce(reason, '') order by id)
        from audit_event where object_type = 'Grant' and kind <> 'REFUSED'"""
    assert value(programme, log)[-2:] == ["CREATED ", "CHANGED Thôi giữ nhiệm vụ"]


async def test_a_revoked_grant_holds_no_longer_on_any_worker(programme):
    query = '{ unit(code: "VNPT") { code } }'
    async with client(programme) as one, client(programme) as other:
        for http in (one, other):  # both have cached the principal now
            assert (await http.data(query, "upper-officer"))["unit"] == {"code": "VNPT"}
        await revoke(one, "tttt-admin", grant_of(programme, "upper-officer", "OFFICER"))
        assert (await other.data(query, "upper-officer"))["unit"] is None
        assert (await one.data(query, "upper-officer"))["unit"] is None
        # So does a new grant.
        fields = {"username": "upper-officer", "role": "OFFICER", "unit": "VNPT"}
        assert (await ask(one, GRANT, "tttt-admin", **fields))["__typename"] == "GrantPayload"
        assert (await other.data(query, "upper-officer"))["unit"] == {"code": "VNPT"}


async def test_who_may_not_grant_is_refused(programme):
    others = ("upper-officer", "unit-officer", "council", "support", "member", "tttt-auditor",
              "nobody", None)  # fmt: skip
    standing = grant_of(programme, "support", "SUPPORT")
    async with client(programme) as http:
        for username in others:
            assert (await ask(http, GRANT, username, **OFFICER))["__typename"] == "Forbidden"
            assert (await revoke(http, username, standing))["__typename"] == "Forbidden"
    assert value(programme, "select count(*) from role_grant where revoked_at is not null") == 0


async def test_nobody_grants_or_revokes_outside_their_own_subtree(programme):
    async with client(programme) as http:
        above = await ask(http, GRANT, "tttt-admin", **{**OFFICER, "unit": "TLD"})
        assert (above["__typename"], above["permission"], above["unitCode"]) == (
            "Forbidden",
            "GRANT_MANAGE",
            "TLD",
        )
        audit = {"username": "nobody", "role": "AUDITOR", "unit": "TLD"}
        assert (await ask(http, GRANT, "tttt-admin", **audit))["__typename"] == "Forbidden"
        hidden = await ask(http, GRANT, "tttt-admin", **{**OFFICER, "unit": "HNI"})
        assert (hidden["__typename"], hidden["what"]) == ("NotFound", "Unit")
        root = await revoke(http, "tttt-admin", grant_of(programme, "confed-admin"))
        assert (root["__typename"], root["what"]) == ("NotFound", "Grant")
        own = await ask(http, GRANT, "confed-admin", **audit)
        assert own["__typename"] == "GrantPayload"


@pytest.mark.parametrize("username", ["public", "no-such-account"])
async def test_nothing_is_granted_to_nobody(programme, username):
    async with client(programme) as http:
        answer = await ask(http, GRANT, "confed-admin", **{**OFFICER, "username": username})
        assert (answer["__typename"], answer["what"]) == ("NotFound", "Account")


async def test_a_role_is_not_granted_twice_for_one_day(programme):
    async with client(programme) as http:
        ending = {**OFFICER, "validFrom": "2022-10-01", "validTo": "2022-10-31"}
        assert (await ask(http, GRANT, "tttt-admin", **ending))["__typename"] == "GrantPayload"
        for days in ({}, {"validTo": "2022-10-21"}, {"validFrom": "2022-10-31"}):
            taken = await ask(http, GRANT, "tttt-admin", **OFFICER, **days)
            assert (taken["__typename"], taken["code"], taken["field"]) == (
                "Conflict",
                "TAKEN",
                "role",
            )
        after = await ask(http, GRANT, "tttt-admin", **OFFICER, validFrom="2022-11-01")
        assert after["__typename"] == "GrantPayload"
        both = await asyncio.gather(
            *(ask(http, GRANT, "tttt-admin", **{**OFFICER, "unit": "VNPT"}) for _ in range(2))
        )
        assert sorted(answer["__typename"] for answer in both) == ["Conflict", "GrantPayload"]


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({"validTo": "2022-10-20"}, ["validTo"], "DATES_REVERSED"),
        ({"validFrom": "2022-01-01", "validTo": "2022-10-20"}, ["validTo"], "OVER"),
        ({"username": " "}, ["username"], "BLANK"),
    ],
)
async def test_a_grant_that_cannot_be_meant_is_refused(programme, fields, path, code):
    async with client(programme) as http:
        answer = await ask(http, GRANT, "tttt-admin", **{**OFFICER, **fields})
        assert [(p["path"], p["code"]) for p in answer["problems"]] == [(path, code)]
        for key in ("Unit:1", "Grant:", "x"):
            unknown = await revoke(http, "tttt-admin", base64.b64encode(key.encode()).decode())
            assert [(p["path"], p["code"]) for p in unknown["problems"]] == [
                (["grant"], "UNKNOWN_ID")
            ]


async def test_nothing_is_granted_at_a_closed_unit_or_to_a_disabled_account(programme):
    execute(programme, "update unit set valid_to = '2022-10-01' where code = 'VNPT-HCM'")
    execute(programme, "update account set disabled_at = now() where username = 'support'")
    async with client(programme) as http:
        closed = await ask(http, GRANT, "tttt-admin", **{**OFFICER, "unit": "VNPT-HCM"})
        assert (closed["__typename"], closed["code"]) == ("GrantRejected", "UNIT_CLOSED")
        disabled = await ask(http, GRANT, "tttt-admin", **{**OFFICER, "username": "support"})
        assert (disabled["__typename"], disabled["code"]) == ("GrantRejected", "ACCOUNT_DISABLED")


async def test_the_last_admin_of_the_root_stays(programme):
    async with client(programme) as http:
        first = grant_of(programme, "confed-admin")
        alone = await revoke(http, "confed-admin", first)
        assert (alone["__typename"], alone["code"]) == ("Forbidden", "OWN_GRANT")
        # Another role grant that ends would leave the root without an ADMIN.
        ending = {**ROOT_ADMIN, "username": "nobody", "validTo": "2022-12-31"}
        await ask(http, GRANT, "confed-admin", **ending)
        later = await revoke(http, "nobody", first)
        assert (later["__typename"], later["code"], later["leftUntil"]) == (
            "GrantRejected",
            "LAST_ADMIN",
            "2022-12-31",
        )
        # So would one after a gap, or of a disabled account.
        await ask(http, GRANT, "confed-admin", **ROOT_ADMIN, username="council",
                  validFrom="2023-01-02")  # fmt: skip
        gap = await revoke(http, "nobody", first)
        assert (gap["code"], gap["leftUntil"]) == ("LAST_ADMIN", "2022-12-31")
        await ask(http, GRANT, "confed-admin", **ROOT_ADMIN, username="member")
        execute(programme, "update account set disabled_at = now() where username = 'member'")
        assert (await revoke(http, "nobody", first))["code"] == "LAST_ADMIN"
        execute(programme, "update account set disabled_at = null where username = 'member'")
        assert (await revoke(http, "nobody", first))["__typename"] == "GrantPayload"
        assert (await revoke(http, "nobody", grant_of(programme, "member")))["code"] == "LAST_ADMIN"


async def test_who_manages_the_root_is_made_an_auditor_by_nobody_below_nor_the_last_one(programme):
    """An auditor is rejected for every mutation, so this would disable all other roles."""
    audit = {"username": "confed-admin", "role": "AUDITOR"}
    async with client(programme) as http:
        below = await ask(http, GRANT, "tttt-admin", **audit, unit="TTTT")
        assert (below["__typename"], below["code"]) == ("GrantRejected", "HAS_OTHER_TASKS")
        ending = {**ROOT_ADMIN, "username": "nobody", "validTo": "2022-12-31"}
        await ask(http, GRANT, "confed-admin", **ending)
        last = await ask(http, GRANT, "nobody", **audit, unit="TTTT")
        assert (last["__typename"], last["code"]) == ("GrantRejected", "LAST_ADMIN")
        await ask(http, GRANT, "confed-admin", **ROOT_ADMIN, username="council")
        made = await ask(http, GRANT, "nobody", **audit, unit="TTTT")
        assert made["__typename"] == "GrantPayload"
        left = await revoke(http, "nobody", grant_of(programme, "council"))
        assert left["code"] == "LAST_ADMIN"


@pytest.mark.parametrize("others", [[], ["council"]], ids=["two", "three"])
async def test_of_two_admins_who_revoke_one_another_at_once_one_succeeds(programme, others):
    async with client(programme) as http:
        for username in ("nobody", *others):
            await ask(http, GRANT, "confed-admin", **ROOT_ADMIN, username=username)
        grants = {name: grant_of(programme, name) for name in ("confed-admin", "nobody")}
        answers = await asyncio.gather(
            revoke(http, "confed-admin", grants["nobody"]),
            revoke(http, "nobody", grants["confed-admin"]),
        )
        outcomes = sorted(answer["__typename"] for answer in answers)
        assert outcomes.count("GrantPayload") == 1
        assert outcomes[0] in {"Forbidden", "GrantPayload", "NotFound"}
    assert value(programme, "select count(*) from role_grant where revoked_at is not null") == 1


async def test_the_grants_of_a_unit_are_seen_by_who_may_read_grants_and_ones_own_by_all(programme):
    async with client(programme) as http:
        await ask(http, GRANT, "tttt-admin", **OFFICER)
        seen = {}
        for username in ("tttt-admin", "tttt-auditor", "auditor", "unit-officer", "upper-officer"):
            unit = (await http.data(AT, username, variables={"unit": "VNPT-HNI"}))["unit"]
            seen[username] = [grant["username"] for grant in unit["grants"]["nodes"]]
            assert unit["grants"]["totalCount"] == len(seen[username])
        all_ = ["nobody", "member", "support", "unit-officer"]
        assert seen["tttt-admin"] == seen["tttt-auditor"] == seen["auditor"] == all_
        assert seen["unit-officer"] == ["unit-officer"]
        assert seen["upper-officer"] == []
        # A service's account itself is hidden; its name beside its role grant is visible.
        audited = (await http.data(AT, "tttt-admin", variables={"unit": "TTTT"}))["unit"]["grants"]
        named = {grant["username"]: grant["person"] for grant in audited["nodes"]}
        assert named["tttt-auditor"] is None
        assert named["council"] is not None
        one = "query ($id: ID!) { node(id: $id) { ... on Grant { username } } }"
        other = {"id": grant_of(programme, "support", "SUPPORT")}
        found = await http.data(one, "tttt-admin", variables=other)
        assert found["node"] == {"username": "support"}
        assert (await http.data(one, "member", variables=other))["node"] is None


@pytest.mark.parametrize(
    "statement",
    [
        INSERT.format(account=10, by=2, unit="TLD"),
        INSERT.format(account=10, by=1, unit="VNPT"),
        INSERT.format(account=0, by=2, unit="VNPT"),
        "update role_grant set unit_id = 1, revoked_at = now(), revoked_by_id = 2 where id = 3",
        "update role_grant set revoked_at = now(), revoked_by_id = 1 where id = 3",
        "update role_grant set revoked_at = null, revoked_by_id = 2 where id = 3",
        "update role_grant set role = 'ADMIN' where id = 3",
        "delete from role_grant where id = 3",
        "select grants_follow(1, 2)",
        "select await_anew('1', '{}')",
    ],
)
async def test_the_database_refuses_what_a_guard_would(programme, statement):
    reader, writer = (
        Reader(with_role(programme, READER), size=1),
        Writer(with_role(programme, WRITER), size=1),
    )
    caller = (await Principals(reader, DEMO_TODAY).of("tttt-admin")).caller

    async def write(session: WriteSession) -> int:
        return await session.execute(statement)

    with pytest.raises(ForbiddenError):
        await writer.run(caller, Attempt("test"), write)
    await reader.close()
    await writer.close()


@pytest.mark.parametrize("role", [READER, WRITER])
async def test_whoever_grants_nowhere_learns_no_account(programme, role):
    connection = await asyncpg.connect(with_role(programme, role))
    for query in ("grantee('nobody')", "root_admins()", "unit_ties(1)"):
        assert await connection.fetch(f"select * from {query}") == []
    assert await connection.fetchval("select grant_username(1)") is None
    await connection.close()
