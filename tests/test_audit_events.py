"""Reading the audit log: which caller sees which events, in one statement."""

from typing import Any

import psycopg
import pytest

from db import sessions
from tests.client import client
from tests.oracle.asker import asking

QUERY = """query ($filter: AuditFilter, $first: Int, $after: String) {
    auditEvents(filter: $filter, first: $first, after: $after) {
        totalCount pageInfo { hasNextPage endCursor }
        nodes { id at action kind actor account { username } address unit { code }
            objectType objectId before after reason } } }"""
RENAME = "update unit set name = name || '!' where code = %s"


def rename(url: str, *codes: str) -> None:
    with psycopg.connect(url) as owner:
        for code in codes:
            owner.execute(RENAME, [code])


async def told(url: str, by: str | None, **variables: Any) -> list[str | None]:
    async with asking(url) as ask:
        answer = (await ask(QUERY, variables, by=by))["auditEvents"]
    assert answer["totalCount"] >= len(answer["nodes"])
    return [node["unit"] and node["unit"]["code"] for node in answer["nodes"]]


@pytest.mark.parametrize(
    ("username", "codes"),
    [
        ("auditor", {"TLD", "TTTT", "VNPT", "VNPT-HNI", "HNI", None}),
        ("confed-admin", {"TLD", "TTTT", "VNPT", "VNPT-HNI", "HNI", None}),
        ("tttt-auditor", {"TTTT", "VNPT", "VNPT-HNI"}),
        ("tttt-admin", {"TTTT", "VNPT", "VNPT-HNI"}),
        *((name, set()) for name in ("council", "upper-officer", "unit-officer", "support")),
        *((name, set()) for name in ("member", "nobody", None)),
    ],
)
async def test_auditors_and_administrators_are_told_of_what_is_below_them(
    programme, username, codes
):
    rename(programme, "TLD", "TTTT", "VNPT", "VNPT-HNI", "HNI")
    assert set(await told(programme, username)) == codes


async def test_grants_at_several_units_tell_of_each_once(programme):
    rename(programme, "TTTT", "VNPT", "VNPT-HNI", "HNI", "TLD")
    with psycopg.connect(programme) as owner:
        owner.execute("""insert into role_grant (account_id, role, unit_id, valid_from)
            select a.id, 'AUDITOR', u.id, '2022-01-01' from account a, unit u
            where a.username = 'nobody' and u.code in ('HNI', 'VNPT', 'VNPT-HNI')""")
    codes = [code for code in await told(programme, "nobody") if code]
    assert sorted(set(codes)) == ["HNI", "VNPT", "VNPT-HNI"]
    renamed = await told(programme, "nobody", filter={"objectType": "Unit"})
    assert sorted(renamed) == ["HNI", "VNPT", "VNPT-HNI"]


async def test_what_happened_is_told_to_those_it_was_below_then(programme):
    rename(programme, "VNPT-HNI")
    with psycopg.connect(programme) as owner:
        owner.execute("""update unit set parent_id = (select id from unit where code = 'HNI')
            where code = 'VNPT-HNI'""")
        owner.execute("""insert into role_grant (account_id, role, unit_id, valid_from)
            select a.id, 'AUDITOR', u.id, '2022-01-01' from account a, unit u
            where (a.username, u.code) in (('nobody', 'HNI'), ('member', 'VNPT-HNI'))""")
    rename(programme, "VNPT-HNI")
    wanted = {"objectType": "Unit"}
    before_and_move = ["VNPT-HNI"] * 2
    # Its old federation sees events until the move, with its code as far as that is visible.
    assert len(await told(programme, "tttt-auditor", filter=wanted)) == len(before_and_move)
    assert await told(programme, "nobody", filter=wanted) == ["VNPT-HNI", "HNI"]
    assert await told(programme, "member", filter=wanted) == ["VNPT-HNI"] * 3
    under = {**wanted, "under": "HNI"}
    assert await told(programme, "auditor", filter=under) == ["VNPT-HNI", "HNI"]


async def test_pages_go_on_where_they_ended(programme):
    rename(programme, *(["VNPT-HNI"] * 5))
    async with asking(programme) as ask:
        seen, after = [], None
        while True:
            variables = {"first": 2, "after": after, "filter": {"unit": "VNPT-HNI"}}
            page = (await ask(QUERY, variables, by="tttt-auditor"))["auditEvents"]
            seen += [node["id"] for node in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        everything = (await ask(QUERY, {"filter": {"unit": "VNPT-HNI"}}))["auditEvents"]
    assert seen == [node["id"] for node in everything["nodes"]]
    assert len(seen) == everything["totalCount"] == 5


async def test_an_event_tells_who_did_it_whoever_may_see_the_account(programme):
    async with client(programme) as http:
        await http.data(
            'mutation { submitInitiative(input: { number: "X" }) { __typename } }', "nobody"
        )
        answer = await http.data(QUERY, "auditor", variables={"filter": {"actor": "nobody"}})
        (event,) = answer["auditEvents"]["nodes"]
    # A service's account is visible only to itself.
    assert (event["actor"], event["account"]) == ("nobody", None)
    assert (event["kind"], event["after"]) == ("REFUSED", {"code": "FORBIDDEN", "number": "X"})


async def test_it_is_read_by_one_statement(programme, monkeypatch):
    statements = []

    async def counted(link: Any, caller: Any, sql: str, *others: Any) -> bytes:
        statements.append(sql)
        return await read(link, caller, sql, *others)

    read = sessions.read
    monkeypatch.setattr(sessions, "read", counted)
    wanted = {"kind": ["CHANGED", "NOTED"], "under": "TTTT", "from": "2022-01-01T00:00:00+07:00"}
    await told(programme, "tttt-auditor", filter=wanted)
    assert len(statements) == 1
    assert ";" not in statements[0]


@pytest.mark.parametrize("moment", ["2022-01-01T00:00:00", "0001-01-01T00:00:00+07:00"])
async def test_a_moment_that_is_none_anywhere_is_refused(demo, moment):
    async with client(demo) as http:
        variables = {"filter": {"from": moment}}
        response = await http.post(QUERY, "auditor", variables=variables)
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
