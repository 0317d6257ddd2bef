"""No account gains a role by its own action: not by a grant, nor by any other change."""

import asyncio
from typing import Any

import psycopg
import pytest

from db.rules.errors import ForbiddenError
from tests.client import Client, client
from tests.mutating import change, rows, value, writing

ERRORS = "... on Error { __typename code message }"
GRANT = f"""mutation ($input: GrantRoleInput!) {{ grantRole(input: $input) {{
    ... on GrantPayload {{ __typename grant {{ id }} }} {ERRORS} }} }}"""
REVOKE = f"""mutation ($input: RevokeRoleInput!) {{ revokeRole(input: $input) {{
    ... on GrantPayload {{ __typename grant {{ id }} }} {ERRORS} }} }}"""
MOVE = f"""mutation ($input: MoveUnitInput!) {{ moveUnit(input: $input) {{
    ... on UnitPayload {{ __typename }} {ERRORS} }} }}"""
MERGE = f"""mutation ($input: MergeUnitsInput!) {{ mergeUnits(input: $input) {{
    ... on MergeUnitsPayload {{ __typename }} {ERRORS} }} }}"""
CREATE = f"""mutation ($input: CreateUnitInput!) {{ createUnit(input: $input) {{
    ... on UnitPayload {{ __typename }} {ERRORS} }} }}"""
TAKE = "update role_grant set revoked_at = now(), revoked_by_id = caller()"
OWN = ("Forbidden", "OWN_GRANT")
GIVE = """insert into role_grant (account_id, role, unit_id, valid_from)
    select a.id, %s, u.id, '2022-01-01' from account a, unit u where a.username = %s and u.code = %s
    returning id"""


def give(url: str, role: str, username: str, unit: str) -> None:
    """Grant a role as the owner of the database."""
    change(url, GIVE, role, username, unit)


async def ask(http: Client, document: str, by: str, /, **fields: Any) -> Any:
    data = await http.data(document, by, variables={"input": fields})
    return next(iter(data.values()))


def outcome(answer):
    return answer["__typename"], answer.get("code")


@pytest.mark.parametrize("role", ["MEMBER", "SUPPORT", "OFFICER", "COUNCIL", "ADMIN", "AUDITOR"])
@pytest.mark.parametrize("unit", ["TTTT", "VNPT-HNI"])
async def test_an_admin_cannot_give_itself_a_role(programme, role, unit):
    async with client(programme) as http:
        given = {"username": "tttt-admin", "role": role, "unit": unit, "validFrom": "2023-01-01"}
        answer = await ask(http, GRANT, "tttt-admin", **given)
        assert outcome(answer) == OWN
        assert "another administrator" in answer["message"]
    kept = "select count(*) from audit_event where kind = 'REFUSED' and action = 'grantRole'"
    assert value(programme, kept) == 1


async def test_what_the_trial_read_by_a_grant_to_itself_stays_hidden(programme):
    secret = '{ initiative(number: "VNPOST-THA-2022-00164") { confidential content } }'
    async with client(programme) as http:
        given = {"username": "tttt-admin", "role": "OFFICER", "unit": "TTTT"}
        assert outcome(await ask(http, GRANT, "tttt-admin", **given)) == OWN
        seen = (await http.data(secret, "tttt-admin"))["initiative"]
        assert seen == {"confidential": True, "content": None}


async def test_an_account_of_the_same_person_is_no_other_account(programme):
    """Also a service's: while it is tied to the person, its roles are the person's."""
    change(programme, "alter table account drop constraint account_person_id_key")
    change(
        programme,
        """insert into account (username, kind, person_id)
        select made.kind || '-of-tttt-admin', made.kind, person_id
        from account, (values ('PERSON'), ('SERVICE')) as made (kind)
        where username = 'tttt-admin'""",
    )
    async with client(programme) as http:
        for kind in ("PERSON", "SERVICE"):
            given = {"username": f"{kind}-of-tttt-admin", "role": "OFFICER", "unit": "VNPT"}
            assert outcome(await ask(http, GRANT, "tttt-admin", **given)) == OWN
            assert (await ask(http, GRANT, "confed-admin", **given))["__typename"] == "GrantPayload"
        async with writing(programme) as unguarded:
            taken = await unguarded.execute(
                "tttt-admin",
                f"{TAKE} where account_id in (select id from account where username like '%-of-%')",
            )
            assert taken == 0


async def test_the_database_lets_nobody_write_a_role_of_their_own(programme):
    insert = """insert into role_grant (account_id, role, unit_id, valid_from, granted_by_id)
        select caller(), 'OFFICER', id, '2022-01-01', caller() from unit where code = 'VNPT'"""
    give(programme, "MEMBER", "tttt-admin", "VNPT-HNI")
    async with writing(programme) as unguarded:
        with pytest.raises(ForbiddenError):
            await unguarded.execute("tttt-admin", insert)
        for statement in (
            f"{TAKE} where account_id = caller()",
            "update role_grant set revoked_at = null where account_id = caller()",
        ):
            assert await unguarded.execute("tttt-admin", statement) == 0
        for statement in (
            "update role_grant set account_id = caller()",
            "update role_grant set role = 'OFFICER' where account_id = caller()",
            "delete from role_grant where account_id = caller()",
        ):
            with pytest.raises(ForbiddenError):
                await unguarded.execute("tttt-admin", statement)


async def test_two_admins_may_give_one_another_roles_and_the_log_names_both(programme):
    give(programme, "ADMIN", "council", "TTTT")
    async with client(programme) as http:
        for by, to in (("tttt-admin", "council"), ("council", "tttt-admin")):
            given = {"username": to, "role": "OFFICER", "unit": "VNPT"}
            assert (await ask(http, GRANT, by, **given))["__typename"] == "GrantPayload"
    log = """select a.username as by, e.after ->> 'account_id' as to, b.username as name
        from audit_event e join account a on a.id = e.account_id
        join account b on b.id = (e.after ->> 'account_id')::bigint
        where e.object_type = 'Grant' and e.kind = 'CREATED' and e.action = 'grantRole'
        order by e.id"""
    assert [(row["by"], row["name"]) for row in rows(programme, log)] == [
        ("tttt-admin", "council"),
        ("council", "tttt-admin"),
    ]


async def test_a_unit_is_not_moved_under_a_role_of_ones_own(programme):
    """An OFFICER's role at one unit would open confidential bodies of all units moved below it."""
    give(programme, "OFFICER", "tttt-admin", "VNPT")
    unit = value(
        programme,
        """select u.code from unit u join unit p on p.id = u.parent_id
        where u.level = 'GRASSROOTS' and p.code = 'TTTT' and u.valid_to is null
        union all
        select u.code from unit u join unit p on p.id = u.parent_id
        join unit f on f.id = p.parent_id
        where f.code = 'TTTT' and p.code <> 'VNPT' and u.level = 'GRASSROOTS'
        order by 1 limit 1""",
    )
    given = {"unit": unit, "parent": "VNPT", "reason": "Sắp xếp lại"}
    async with client(programme) as http:
        assert outcome(await ask(http, MOVE, "tttt-admin", **given)) == OWN
        async with writing(programme) as unguarded:
            with pytest.raises(ForbiddenError):
                await unguarded.execute(
                    "tttt-admin",
                    "update unit set parent_id = (select id from unit where code = 'VNPT')"
                    f" where code = '{unit}'",
                )
        # Another administrator may, and so may one whose role covers both.
        assert outcome(await ask(http, MOVE, "confed-admin", **given)) == ("UnitPayload", None)
        give(programme, "OFFICER", "tttt-admin", "TTTT")
        back = {"unit": unit, "parent": "TTTT", "reason": "Trả lại"}
        assert outcome(await ask(http, MOVE, "tttt-admin", **back)) == ("UnitPayload", None)


@pytest.mark.parametrize("held", ["into", "merged"])
async def test_a_merge_takes_no_role_of_ones_own_to_where_it_did_not_hold(programme, held):
    async with client(programme) as http:
        for code in ("A-1", "A-2"):
            new = {
                "code": code,
                "name": f"Công đoàn {code}",
                "level": "GRASSROOTS",
                "parent": "VNPT",
                "memberCount": 5,
            }
            answer = await ask(http, CREATE, "tttt-admin", **new)
            assert answer["__typename"] == "UnitPayload", answer
        give(programme, "OFFICER", "tttt-admin", {"into": "A-1", "merged": "A-2"}[held])
        given = {"units": ["A-2"], "into": "A-1", "reason": "Nhập"}
        assert outcome(await ask(http, MERGE, "tttt-admin", **given)) == OWN
        async with writing(programme) as unguarded:
            with pytest.raises(ForbiddenError):
                await unguarded.execute(
                    "tttt-admin",
                    "update unit set valid_to = today(), merged_into_id ="
                    " (select id from unit where code = 'A-1') where code = 'A-2'",
                )
        assert outcome(await ask(http, MERGE, "confed-admin", **given))[0] == "MergeUnitsPayload"


async def test_nobody_says_whose_account_is_theirs(programme):
    """Even with the right to tie accounts to people, the writer cannot tie the caller's own."""
    change(
        programme,
        """grant insert (username, kind, person_id), update (person_id) on account
            to sangkien_writer;
        create policy test_seen on account for select to sangkien_writer using (true);
        create policy test_added on account for insert to sangkien_writer with check (true);
        create policy test_changed on account for update to sangkien_writer using (true)""",
    )
    service = "insert into account (username, kind) values ('robot', 'SERVICE')"
    change(programme, service)
    own = "(select person_id from account where id = caller())"
    async with writing(programme) as unguarded:
        for statement in (
            f"update account set person_id = {own} where username = 'robot'",
            "update account set person_id = null where id = caller()",
            f"insert into account (username, kind, person_id) values ('x', 'PERSON', {own})",
        ):
            with pytest.raises(ForbiddenError):
                await unguarded.execute("tttt-admin", statement)


async def test_of_two_who_give_one_another_at_once_neither_waits_for_ever(programme):
    give(programme, "ADMIN", "council", "TTTT")
    async with client(programme) as http:
        answers = await asyncio.gather(
            *(
                ask(http, GRANT, by, username=to, role="SUPPORT", unit="VNPT")
                for by, to in (("tttt-admin", "council"), ("council", "tttt-admin"))
            )
        )
        assert [answer["__typename"] for answer in answers] == ["GrantPayload"] * 2


def test_only_the_rows_of_own_accounts_are_kept_back(database):
    """An account without a person shares none with other such accounts."""
    with psycopg.connect(database) as owner:
        owner.execute(
            "insert into account (id, username, kind) values (7, 'a', 'PERSON'), (8, 'b', 'PERSON')"
        )
        owner.execute("select set_config('sangkien.account', '7', true)")
        assert owner.execute("select caller_accounts()").fetchone() == ([7],)
