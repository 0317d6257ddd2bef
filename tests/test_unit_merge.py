"""Merges: transferred rows, remaining rows, and that nothing is lost or counted twice."""

import asyncio
from typing import Any

import psycopg
import pytest

from tests.client import Client, client

from tests.test_units import ERRORS, NEW, DRAFT, TEXT, ask, exact, progress, rows  # isort: skip
from tests.test_units import CREATE, MOVE, SUBMIT  # isort: skip

MERGE = f"""mutation ($input: MergeUnitsInput!) {{ mergeUnits(input: $input) {{
    ... on MergeUnitsPayload {{ __typename unit {{ code version }} merged {{ code validTo version
        mergedInto {{ code }} history {{ nodes {{ change reason
            after {{ validTo mergedInto {{ code }} }} }} }} }} }} {ERRORS} }} }}"""
HELD = """select a.username, g.role, u.code, g.valid_from::text, g.valid_to::text,
        g.revoked_at is not null
    from role_grant g join account a on a.id = g.account_id join unit u on u.id = g.unit_id
    where u.code = any(%s) order by 1, 2, 3, 4, 6"""


def count(url: str, table: str, column: str, code: str) -> int:
    found = rows(
        url,
        f"select count(*) from {table} where {column} = (select id from unit where code = %s)",
        code,
    )
    return int(found[0][0])


async def merge(http: Client, username: str = "tttt-admin", **fields: Any) -> Any:
    return await ask(http, MERGE, username, **{"reason": "Sáp nhập", **fields})


async def test_people_and_initiatives_go_along_and_no_total_is_lost(programme):
    gone = ["VNPT-HNI", "VNPT-HCM"]
    async with client(programme) as http:
        codes = [*gone, "VNPT-DNG"]
        before = [await progress(http, code) for code in codes]
        upper, root = await progress(http, "VNPT"), await progress(http, "TLD")
        numbers = rows(
            programme,
            "select number from initiative i join unit u on u.id = i.unit_id where u.code = any(%s)"
            " order by 1",
            codes,
        )
        people = sum(count(programme, "person", "unit_id", code) for code in codes)
        answer = await merge(http, units=gone, into="VNPT-DNG")
        assert answer["unit"]["code"] == "VNPT-DNG"
        assert [unit["code"] for unit in answer["merged"]] == sorted(gone)
        for unit in answer["merged"]:
            assert (unit["validTo"], unit["version"]) == ("2022-10-21", 2)
            assert unit["mergedInto"] == {"code": "VNPT-DNG"}
            (change,) = unit["history"]["nodes"]
            assert (change["change"], change["reason"]) == ("MERGED", "Sáp nhập")
            assert change["after"]["mergedInto"] == {"code": "VNPT-DNG"}
        after = await progress(http, "VNPT-DNG")
        for name in ("submitted", "recognised", "achieved", "participants", "benefitVerified"):
            assert after[name] == sum(unit[name] for unit in before)
        for code in gone:
            assert set((await progress(http, code)).values()) == {0}
            assert count(programme, "person", "unit_id", code) == 0
            assert count(programme, "initiative", "awaits_id", code) == 0
        closed = {"unitsTotal": -2, "unitsReporting": -2}
        for was, code in ((upper, "VNPT"), (root, "TLD")):
            now = await progress(http, code)
            assert now == {name: was[name] + closed.get(name, 0) for name in was}
    assert count(programme, "person", "unit_id", "VNPT-DNG") == people
    assert numbers == rows(
        programme,
        "select number from initiative where unit_id = (select id from unit where code = %s)"
        " order by 1",
        "VNPT-DNG",
    )
    assert exact(programme)


async def test_units_below_go_along_and_what_awaited_awaits_there(programme):
    with psycopg.connect(programme) as connection:
        waiting = connection.execute(
            """update initiative set awaits_id = (select id from unit where code = 'VNPT'),
            state = 'RECOGNISED', recognised_at = submitted_at
            where awaits_id = (select id from unit where code = 'VNPT-HNI')"""
        ).rowcount
    awaited = count(programme, "initiative", "awaits_id", "VNPT")
    there = count(programme, "initiative", "awaits_id", "VNPOST")
    children = count(programme, "unit", "parent_id", "VNPT")
    beside = count(programme, "unit", "parent_id", "VNPOST")
    assert awaited >= waiting > 0
    async with client(programme) as http:
        sector = await progress(http, "TTTT")
        answer = await merge(http, units=["VNPT"], into="VNPOST")
        assert answer["unit"]["code"] == "VNPOST"
        assert await progress(http, "TTTT") == sector
        assert set((await progress(http, "VNPT")).values()) == {0}
        moved = """{ unit(code: "VNPT-HNI") { parent { code } version history { nodes {
            change reason before { parent { code } } after { parent { code } } } } } }"""
        child = (await http.data(moved, "tttt-admin"))["unit"]
        assert (child["parent"], child["version"]) == ({"code": "VNPOST"}, 2)
        assert child["history"]["nodes"] == [
            {
                "change": "MOVED",
                "reason": "Sáp nhập",
                "before": {"parent": {"code": "VNPT"}},
                "after": {"parent": {"code": "VNPOST"}},
            }
        ]
    assert count(programme, "unit", "parent_id", "VNPOST") == beside + children
    assert count(programme, "initiative", "awaits_id", "VNPT") == 0
    assert count(programme, "initiative", "awaits_id", "VNPOST") == there + awaited
    assert exact(programme)


async def test_a_grant_goes_along_and_is_not_doubled(programme):
    with psycopg.connect(programme) as connection:
        # The officer of the merged unit has the role at the other one too, for a while.
        connection.execute(
            """insert into role_grant (account_id, role, unit_id, valid_from, valid_to)
            select (select id from account where username = 'unit-officer'), 'OFFICER', id,
                '2022-06-01', '2022-12-31' from unit where code = 'VNPT-DNG'"""
        )
    codes = ["VNPT-HNI", "VNPT-DNG"]
    async with client(programme) as http:
        version = "select grants_version from account where username = 'member'"
        was = rows(programme, version)[0][0]
        await merge(http, units=["VNPT-HNI"], into="VNPT-DNG")
        assert rows(programme, version)[0][0] > was
        seen = await http.data("{ viewer { grants { unit { code } } } }", "member")
        assert seen["viewer"]["grants"] == [{"unit": {"code": "VNPT-DNG"}}]
    assert rows(programme, HELD, codes) == [
        ("member", "MEMBER", "VNPT-DNG", "2022-01-01", None, False),
        ("officer-vnpt-dng", "OFFICER", "VNPT-DNG", "2022-01-01", None, False),
        ("support", "SUPPORT", "VNPT-DNG", "2022-01-01", None, False),
        ("unit-officer", "OFFICER", "VNPT-DNG", "2022-01-01", None, False),
        ("unit-officer", "OFFICER", "VNPT-HNI", "2022-01-01", None, True),
    ]
    # An event of a transfer between units is visible at both.
    told = """select count(distinct object_id) from audit_event
        where object_type = 'Grant' and action = 'mergeUnits'"""
    assert rows(programme, told) == [(4,)]


async def test_targets_stay_with_the_unit_and_go_on_counting_for_the_one_above(programme):
    query = """query ($unit: String!) { unit(code: $unit) { target(campaign: "1TRSK", phase: 2) {
        assigned registered childrenAssigned childrenRegistered unallocated } } }"""
    async with client(programme) as http:

        async def targets() -> list[Any]:
            return [
                await http.data(query, "tttt-admin", variables={"unit": code})
                for code in ("VNPT", "VNPT-HNI", "VNPT-DNG")
            ]

        before = await targets()
        assert before[1]["unit"]["target"]["assigned"] is not None
        await merge(http, units=["VNPT-HNI"], into="VNPT-DNG")
        assert await targets() == before


async def test_a_campaign_goes_on_under_the_unit_that_goes_on(programme):
    async with client(programme) as http:
        sector = {**NEW, "code": "MOI", "level": "FEDERATION", "parent": "TLD"}
        await ask(http, CREATE, "confed-admin", **sector)
        with psycopg.connect(programme) as connection:
            connection.execute(
                "update campaign set owner_id = (select id from unit where code = 'TTTT')"
            )
        await merge(http, "confed-admin", units=["TTTT"], into="MOI")
        owner = await http.data('{ campaign(code: "1TRSK") { owner { code } } }', "confed-admin")
        assert owner["campaign"]["owner"] == {"code": "MOI"}
        drafted = await ask(http, DRAFT, "member", **TEXT)
        assert drafted["__typename"] == "InitiativePayload"
    assert exact(programme)


@pytest.mark.parametrize(
    ("units", "into", "code"),
    [
        (["VNPT-HNI"], "VNPT-HNI", "CYCLE"),
        (["VNPT-HNI", "VNPT"], "VNPT-HNI", "CYCLE"),
        (["VNPT-HNI"], "VNPT", "LEVELS_DIFFER"),
        (["VNPT-HNI"], "CLOSED", "CLOSED"),
        (["CLOSED"], "VNPT-HNI", "CLOSED"),
        (["TLD"], "TLD", "CYCLE"),
    ],
)
async def test_a_merge_against_the_tree_is_refused(programme, units, into, code):
    with psycopg.connect(programme) as connection:
        connection.execute(
            """insert into unit (code, name, level, parent_id, valid_from, valid_to)
            select 'CLOSED', 'x', 'GRASSROOTS', id, '2022-01-01', '2022-02-01'
            from unit where code = 'VNPT'"""
        )
    async with client(programme) as http:
        answer = await merge(http, "confed-admin", units=units, into=into)
        assert (answer["__typename"], answer["code"]) == ("UnitRejected", code)
    assert rows(programme, "select count(*) from unit where merged_into_id is not null") == [(0,)]


async def test_a_merge_takes_the_permission_at_every_unit_of_it(programme):
    with psycopg.connect(programme) as connection:
        connection.execute(
            """insert into role_grant (account_id, role, unit_id, valid_from)
            select (select id from account where username = 'nobody'), 'ADMIN', id, '2022-01-01'
            from unit where code in ('VNPT-HNI')"""
        )
    async with client(programme) as http:
        other = await merge(http, units=["VNPT-HNI"], into="HNI-1-01")
        assert other["__typename"] == "NotFound"
        hidden = await merge(http, "nobody", units=["VNPT-HNI"], into="VNPT-DNG")
        assert hidden["__typename"] == "NotFound"
        officer = await merge(http, "upper-officer", units=["VNPT-HNI"], into="VNPT-DNG")
        assert officer["__typename"] == "Forbidden"
        twice = await merge(http, units=["VNPT-HNI", "VNPT-HNI"], into="VNPT-DNG")
        assert twice["problems"][0]["code"] == "REPEATED"
        none = await merge(http, units=[], into="VNPT-DNG")
        assert none["problems"][0]["code"] == "TOO_FEW"
    assert rows(programme, "select count(*) from unit where merged_into_id is not null") == [(0,)]


async def test_merges_moves_and_submissions_at_once_leave_exact_totals(programme):
    async with client(programme) as http:
        root = await progress(http, "TLD")

        async def author() -> tuple[str, str | None]:
            drafted = await ask(http, DRAFT, "member", **TEXT)
            if "initiative" not in drafted:
                return drafted["__typename"], drafted["code"]
            number = drafted["initiative"]["number"]
            answer = await ask(http, SUBMIT, "member", number=number)
            return answer["__typename"], answer.get("code")

        crossed, back, moved, *authored = await asyncio.gather(
            merge(http, units=["VNPT-HNI"], into="VNPT-DNG"),
            merge(http, units=["VNPT-DNG"], into="VNPT-HNI"),
            ask(http, MOVE, "tttt-admin", unit="VNPT-DNG", parent="VNPOST", reason="x"),
            *(author() for _ in range(6)),
        )
        # Of two merges into one another, the second finds a closed unit.
        assert sorted([crossed["__typename"], back["__typename"]]) == [
            "MergeUnitsPayload",
            "UnitRejected",
        ]
        assert moved["__typename"] == "UnitPayload" or moved["code"] == "CLOSED"
        handed_in = [answer for answer in authored if answer[0] == "InitiativePayload"]
        assert {answer for answer in authored if answer not in handed_in} <= {
            ("Conflict", "STALE"),
            ("InitiativeRejected", "UNIT_CLOSED"),
        }
        assert (await progress(http, "TLD"))["submitted"] == root["submitted"] + len(handed_in)
    stray = """select count(*) from initiative i join unit u on u.id = i.unit_id
        or u.id = i.awaits_id where u.valid_to is not null"""
    assert rows(programme, stray) == [(0,)]
    assert exact(programme)
