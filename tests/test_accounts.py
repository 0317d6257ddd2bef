"""Accounts of people: created, tied, invited, disabled and enabled by an ADMIN of their subtree."""

import pytest

from db.rules.errors import ForbiddenError
from tests.client import client
from tests.mutating import ERRORS, ask, change, rows, value, writing

ACCOUNT = "username disabledAt invitedUntil person { code unit { code } } grants { nodes { role } }"
PAYLOAD = f"... on AccountPayload {{ __typename invitation account {{ {ACCOUNT} }} }}"
CREATE, UPDATE, INVITE = (
    f"mutation ($input: {verb}AccountInput!) {{ {verb.lower()}Account(input: $input)"
    f" {{ {PAYLOAD} {ERRORS} }} }}"
    for verb in ("Create", "Update", "Invite")
)
GRANT = (
    f"mutation ($input: GrantRoleInput!) {{ grantRole(input: $input) {{ __typename {ERRORS} }} }}"
)


@pytest.fixture
async def http(programme):
    """The demo with members T-1 and T-2 at VNPT-HNI and L-1 in another federation."""
    change(
        programme,
        """insert into person (code, name, unit_id, sector)
           select p.code, 'Nguyễn Văn Thử', u.id, 'PRODUCTION'
           from (values ('T-1', 'VNPT-HNI'), ('T-2', 'VNPT-HNI'), ('L-1', 'TLD')) as p (code, unit)
           join unit u on u.code = p.unit""",
    )
    async with client(programme) as made:
        yield made


async def test_an_account_is_created_for_a_member_and_invited(http, programme):
    answer = await ask(http, CREATE, "tttt-admin", person="T-1", username="thu.nguyen")
    assert answer["account"]["person"] == {"code": "T-1", "unit": {"code": "VNPT-HNI"}}
    assert answer["account"]["invitedUntil"] is not None
    page = await http.http.get(answer["invitation"])
    assert page.status_code == 200, page.text
    hashed = "select token_hash from invitation i join account a on a.id = i.account_id"
    assert answer["invitation"].split("/")[-1] not in str(rows(programme, hashed))


async def test_the_invitation_is_returned_once(http):
    given = {"person": "T-1", "username": "thu.nguyen", "idempotencyKey": "k"}
    first = await ask(http, CREATE, "tttt-admin", **given)
    again = await ask(http, CREATE, "tttt-admin", **given)
    assert first["invitation"]
    assert again["invitation"] is None
    assert again["account"] == first["account"]


async def test_without_an_invitation_one_is_made_later_and_ends_the_one_before(http):
    given = {"person": "T-1", "username": "thu", "invite": False}
    assert (await ask(http, CREATE, "tttt-admin", **given))["invitation"] is None
    first = await ask(http, INVITE, "tttt-admin", username="thu")
    second = await ask(http, INVITE, "tttt-admin", username="thu")
    codes = [(await http.http.get(one["invitation"])).status_code for one in (first, second)]
    assert codes[0] != 200
    assert codes[1] == 200


@pytest.mark.parametrize(
    ("who", "given", "code"),
    [
        ("unit-officer", {"person": "T-1"}, "FORBIDDEN"),  # people, but no accounts
        ("auditor", {"person": "T-1"}, "AUDITOR"),
        ("tttt-admin", {"person": "L-1"}, "NOT_FOUND"),  # another federation's
        ("tttt-admin", {"person": "T-9"}, "NOT_FOUND"),
        ("tttt-admin", {"username": "unit-officer"}, "TAKEN"),
        ("tttt-admin", {"username": "auditor"}, "TAKEN"),  # one that it may not see
        ("tttt-admin", {"username": "Admin"}, "INVALID_INPUT"),
        ("tttt-admin", {"username": "аdmin"}, "INVALID_INPUT"),  # a Cyrillic а
        ("tttt-admin", {"username": " thu"}, "INVALID_INPUT"),
        ("tttt-admin", {"username": "a b"}, "INVALID_INPUT"),
        ("tttt-admin", {"username": "a" * 101}, "INVALID_INPUT"),
    ],
)
async def test_an_account_is_not_created(http, programme, who, given, code):
    before = value(programme, "select count(*) from account")
    answer = await ask(http, CREATE, who, **{"person": "T-1", "username": "thu", **given})
    assert answer["code"] == code
    assert value(programme, "select count(*) from account") == before


async def test_a_member_has_one_account(http):
    await ask(http, CREATE, "tttt-admin", person="T-1", username="thu")
    answer = await ask(http, CREATE, "tttt-admin", person="T-1", username="thu2")
    assert answer["code"] == "PERSON_HAS_ACCOUNT"


async def test_a_disabled_accounts_sessions_and_tokens_end_for_good(http, programme):
    await ask(http, CREATE, "tttt-admin", person="T-1", username="thu")
    await ask(http, GRANT, "tttt-admin", username="thu", role="MEMBER", unit="VNPT-HNI")
    change(
        programme,
        """with a as (select id from account where username = 'thu'),
             s as (insert into browser_session (secret_hash, account_id, complete, amr,
                       signed_in_at, idle_ends_at, ends_at)
                   select 'x', id, true, '{pwd}', now(), now() + interval '1 day',
                       now() + interval '1 day' from a),
             f as (insert into token_family (id, client_id, account_id, scope, amr, created_at,
                       expires_at)
                   select gen_random_uuid(), (select min(client_id) from oauth_client), id, 'x',
                       '{pwd}', now(), now() + interval '1 day' from a
                   where exists (select from oauth_client))
           insert into access_token (account_id, name, token_hash, expires_at)
           select id, 'x', 'y', now() + interval '1 day' from a""",
    )
    viewer = "{ viewer { account { username } units { code } } }"
    assert (await http.data(viewer, "thu"))["viewer"]["account"] == {"username": "thu"}
    disabled = await ask(http, UPDATE, "tttt-admin", username="thu", disabled=True)
    assert disabled["account"]["disabledAt"] is not None
    assert (await http.post(viewer, "thu")).status_code == 401
    left = """select (select count(*) from browser_session s where s.account_id = a.id)
            + (select count(*) from invitation i where i.account_id = a.id)
            + (select count(*) from token_family f
               where f.account_id = a.id and f.revoked_at is null)
            + (select count(*) from access_token t
               where t.account_id = a.id and t.revoked_at is null)
        from account a where username = 'thu'"""
    assert value(programme, left) == 0
    enabled = await ask(http, UPDATE, "tttt-admin", username="thu", disabled=False)
    assert enabled["account"]["disabledAt"] is None
    assert value(programme, left) == 0
    data = await http.data(viewer, "thu")
    assert [unit["code"] for unit in data["viewer"]["units"]] == ["VNPT-HNI"]


async def test_a_disabled_account_is_not_invited(http):
    await ask(http, CREATE, "tttt-admin", person="T-1", username="thu")
    await ask(http, UPDATE, "tttt-admin", username="thu", disabled=True)
    assert (await ask(http, INVITE, "tttt-admin", username="thu"))["code"] == "ACCOUNT_DISABLED"


@pytest.mark.parametrize("given", [{"disabled": True}, {"disabled": False}, {"person": "T-2"}])
async def test_nobody_manages_their_own_account(http, given):
    answer = await ask(http, UPDATE, "tttt-admin", username="tttt-admin", **given)
    assert answer["code"] == "OWN_ACCOUNT"
    answer = await ask(http, INVITE, "tttt-admin", username="tttt-admin")
    assert answer["code"] == "OWN_ACCOUNT"


async def test_an_account_with_a_role_outside_the_subtree_is_managed_above_alone(http):
    await ask(http, CREATE, "tttt-admin", person="T-1", username="thu")
    await ask(http, GRANT, "confed-admin", username="thu", role="OFFICER", unit="TLD")
    for document, given in (
        (INVITE, {}),
        (UPDATE, {"disabled": True}),
        (UPDATE, {"person": "T-2"}),
    ):
        answer = await ask(http, document, "tttt-admin", username="thu", **given)
        assert answer["code"] == "ROLES_ELSEWHERE"
    assert (await ask(http, INVITE, "confed-admin", username="thu"))["invitation"]


async def test_the_database_refuses_what_the_guards_would(http, programme):
    await ask(http, CREATE, "tttt-admin", person="T-1", username="thu")
    await ask(http, GRANT, "confed-admin", username="thu", role="OFFICER", unit="TLD")
    change(programme, "insert into account (username, kind) values ('loose', 'PERSON')")
    person = "(select id from person where code = '{}')"
    async with writing(programme) as unguarded:
        for statement in (
            "update account set disabled_at = now() where username = 'thu'",
            "update account set disabled_at = now() where username = 'tttt-admin'",
            "update account set disabled_at = now() where username = 'confed-admin'",
            "update account set disabled_at = now() where username = 'loose'",
            f"update account set person_id = {person.format('T-2')} where username = 'tttt-admin'",
        ):
            assert await unguarded.execute("tttt-admin", statement) == 0, statement
        invited = "select accounts_invite(array[a.id], array['z'::bytea], 72) from account a"
        for name in ("thu", "tttt-admin", "loose"):
            given = await unguarded.run(
                "tttt-admin", lambda s, n=name: s.value(f"{invited} where a.username = '{n}'")
            )
            assert not given


async def test_an_account_is_tied_to_another_member(http):
    await ask(http, CREATE, "tttt-admin", person="T-1", username="thu")
    tied = await ask(http, UPDATE, "tttt-admin", username="thu", person="T-2")
    assert tied["account"]["person"]["code"] == "T-2"
    refused = await ask(http, UPDATE, "tttt-admin", username="thu", person="L-1")
    assert refused["code"] == "NOT_FOUND"


async def test_the_last_administrator_of_the_root_is_not_disabled(http, programme):
    change(
        programme,
        """insert into account (username, kind, person_id)
           select 'second', 'PERSON', id from person where code = 'L-1'""",
    )
    given = {"username": "second", "role": "ADMIN", "unit": "TLD"}
    assert (await ask(http, GRANT, "confed-admin", **given))["__typename"] == "GrantPayload"
    change(
        programme,
        """update role_grant set valid_to = '2022-12-31' where role = 'ADMIN' and account_id =
           (select id from account where username = 'second')""",
    )
    answer = await ask(http, UPDATE, "second", username="confed-admin", disabled=True)
    assert answer["code"] == "LAST_ADMIN"


async def test_accounts_of_a_unit_are_seen_by_those_who_know_its_people(http):
    await ask(http, CREATE, "tttt-admin", person="T-1", username="thu")
    query = (
        '{ unit(code: "VNPT-HNI") { accounts(first: 100) { nodes { username invitedUntil } } } }'
    )

    async def seen(who):
        unit = (await http.data(query, who))["unit"]
        return {node["username"]: node["invitedUntil"] for node in unit["accounts"]["nodes"]}

    assert (await seen("tttt-admin"))["thu"] is not None
    officer = await seen("unit-officer")
    assert officer["thu"] is None  # the account is visible, its invitation is not
    assert set(await seen("member")) == {"member"}
    person = '{ person(code: "T-1") { name account { username } } }'
    assert (await http.data(person, "tttt-admin"))["person"]["account"] == {"username": "thu"}
    for who in (None, "nobody", "member", "auditor"):
        assert (await http.data(person, who))["person"] is None


async def test_what_is_done_with_accounts_is_in_the_audit_log(http, programme):
    await ask(http, CREATE, "tttt-admin", person="T-1", username="thu")
    await ask(http, UPDATE, "tttt-admin", username="thu", disabled=True, reason="nghỉ việc")
    events = rows(
        programme,
        "select action, kind, object_type, reason from audit_event order by id desc limit 2",
    )
    assert {event["action"] for event in events} == {"updateAccount"}
    assert "nghỉ việc" in {event["reason"] for event in events}


@pytest.mark.parametrize("hand", ["authored", "made", "decided"])
async def test_an_account_that_has_acted_stays_with_its_person(http, programme, hand):
    """Tied to another person it could decide on initiatives that it has written."""
    hands = {
        "authored": """insert into authorship (initiative_id, person_id, share)
            select (select min(id) from initiative), id, 1 from person where code = 'T-1'""",
        "made": """insert into initiative_maker (initiative_id, account_id)
            select (select min(id) from initiative), id from account where username = 'thu'""",
        "decided": """update review set account_id =
            (select id from account where username = 'thu')
            where id = (select min(id) from review)""",
    }
    await ask(http, CREATE, "tttt-admin", person="T-1", username="thu")
    change(programme, hands[hand])
    answer = await ask(http, UPDATE, "tttt-admin", username="thu", person="T-2")
    assert answer["code"] == "HAS_ACTED"
    tie = "update account set person_id = (select id from person where code = 'T-2')"
    async with writing(programme) as unguarded:
        with pytest.raises(ForbiddenError):
            await unguarded.execute("tttt-admin", f"{tie} where username = 'thu'")


async def test_no_account_is_untied_and_no_service_tied(http, programme):
    await ask(http, CREATE, "tttt-admin", person="T-1", username="thu")
    change(
        programme,
        """insert into account (username, kind) values ('robot', 'SERVICE');
        insert into role_grant (account_id, role, unit_id, valid_from)
        select a.id, 'OFFICER', u.id, '2022-01-01' from account a, unit u
        where a.username = 'robot' and u.code = 'VNPT'""",
    )
    tie = "update account set person_id = (select id from person where code = 'T-2')"
    async with writing(programme) as unguarded:
        for statement in (
            "update account set person_id = null where username = 'thu'",
            f"{tie} where username = 'robot'",
        ):
            with pytest.raises(ForbiddenError):
                await unguarded.execute("tttt-admin", statement)


async def test_an_invitation_holds_while_its_admin_manages_the_account(http, programme):
    """The link signs in with every role of the account, including those granted since."""
    made = await ask(http, CREATE, "tttt-admin", person="T-1", username="thu")
    given = {"username": "thu", "role": "SUPPORT"}

    async def good(answer=made):
        return (await http.http.get(answer["invitation"])).status_code == 200

    await ask(http, GRANT, "tttt-admin", **given, unit="VNPT-HNI")
    await ask(http, GRANT, "confed-admin", **given, unit="VNPT")
    assert await good()
    await ask(http, GRANT, "confed-admin", **given, unit="TLD")
    assert not await good()
    again = await ask(http, INVITE, "confed-admin", username="thu")
    assert await good(again)


@pytest.mark.parametrize(
    "end",
    [
        "update role_grant set revoked_at = now() where account_id = {}",
        "update account set disabled_at = now() where id = {}",
    ],
)
async def test_who_is_admin_no_more_leaves_no_good_invitation(http, programme, end):
    made = await ask(http, CREATE, "tttt-admin", person="T-1", username="thu")
    change(programme, end.format("(select id from account where username = 'tttt-admin')"))
    assert (await http.http.get(made["invitation"])).status_code != 200
