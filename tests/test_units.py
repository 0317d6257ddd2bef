"""Units created, changed, moved and closed, as each role."""

import asyncio
from itertools import product
from typing import Any

import asyncpg
import psycopg
import pytest

from db.url import WRITER, with_role
from db.verify import verify
from tests.client import Client, client

ERRORS = """... on Error { __typename code message }
    ... on InvalidInput { problems { path code limit } }
    ... on UnitRejected { unitCode level otherLevel closedOn count }
    ... on Forbidden { permission unitCode }
    ... on Conflict { version field }"""
BODY = """id code name level memberCount validFrom validTo version parent { code } bloc { code }
    history(first: 5) { nodes { change reason by { name } before { name memberCount validTo
        parent { code } bloc { code } } after { name level memberCount validFrom validTo
        parent { code } bloc { code } } } }"""


def document(name: str) -> str:
    return f"""mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{
        ... on UnitPayload {{ __typename unit {{ {BODY} }} }} {ERRORS} }} }}"""


CREATE, UPDATE = document("createUnit"), document("updateUnit")
MOVE, CLOSE = document("moveUnit"), document("closeUnit")
NEW = {
    "code": "VNPT-MOI",
    "name": "Công đoàn VNPT Mới",
    "level": "GRASSROOTS",
    "parent": "VNPT",
    "memberCount": 120,
}
PROGRESS = """query ($unit: String!) { unit(code: $unit) {
    progress(campaign: "1TRSK") { submitted recognised achieved participants benefitVerified
        unitsTotal unitsReporting } } }"""


async def ask(http: Client, document: str, username: str | None, **fields: Any) -> Any:
    data = await http.data(document, username, variables={"input": fields})
    return next(iter(data.values()))


async def progress(http: Client, unit: str) -> dict[str, int]:
    data = await http.data(PROGRESS, "confed-admin", variables={"unit": unit})
    found: dict[str, int] = data["unit"]["progress"]
    return found


def rows(url: str, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode(), values).fetchall()


def exact(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return verify(connection).differences == []


async def test_a_new_unit_stands_below_its_parent_and_counts_at_once(programme):
    async with client(programme) as http:
        before = await progress(http, "TTTT")
        answer = await ask(http, CREATE, "tttt-admin", **NEW)
        unit = answer["unit"]
        assert (unit["code"], unit["level"], unit["parent"]) == (
            "VNPT-MOI",
            "GRASSROOTS",
            {"code": "VNPT"},
        )
        assert (unit["validFrom"], unit["validTo"], unit["version"]) == ("2022-10-21", None, 1)
        (first,) = unit["history"]["nodes"]
        assert (first["change"], first["before"]) == ("CREATED", None)
        assert first["after"]["memberCount"] == 120
        assert first["after"]["parent"] == {"code": "VNPT"}
        after = await progress(http, "TTTT")
        assert after["unitsTotal"] == before["unitsTotal"] + 1
        again = await ask(http, CREATE, "tttt-admin", **NEW)
        assert (again["__typename"], again["code"], again["field"]) == ("Conflict", "TAKEN", "code")
    assert exact(programme)


@pytest.mark.parametrize(
    ("fields", "code", "fact"),
    [
        ({"level": "UPPER"}, "LEVEL_ORDER", {"level": "UPPER", "otherLevel": "UPPER"}),
        ({"level": "CONFEDERATION"}, "LEVEL_ORDER", {"level": "CONFEDERATION"}),
    ],
)
async def test_a_unit_stands_only_below_a_higher_level(programme, fields, code, fact):
    async with client(programme) as http:
        answer = await ask(http, CREATE, "tttt-admin", **{**NEW, **fields})
        assert (answer["__typename"], answer["code"]) == ("UnitRejected", code)
        assert fact.items() <= answer.items()


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({"code": "vnpt moi"}, ["code"], "NOT_A_CODE"),
        ({"memberCount": -1}, ["memberCount"], "TOO_SMALL"),
        ({"validFrom": "2022-10-22"}, ["validFrom"], "STILL_AHEAD"),
    ],
)
async def test_a_unit_that_cannot_be_meant_is_refused(programme, fields, path, code):
    async with client(programme) as http:
        answer = await ask(http, CREATE, "tttt-admin", **{**NEW, **fields})
        assert [(p["path"], p["code"]) for p in answer["problems"]] == [(path, code)]


async def test_only_an_admin_changes_the_tree(programme):
    others = ("upper-officer", "council", "member", "auditor", "nobody", None)
    async with client(programme) as http:
        for username, (document, fields) in product(
            others,
            (
                (CREATE, NEW),
                (UPDATE, {"unit": "VNPT-HNI", "name": "x"}),
                (MOVE, {"unit": "VNPT-HNI", "parent": "TTTT", "reason": "x"}),
                (CLOSE, {"unit": "VNPT-HNI", "reason": "x"}),
            ),
        ):
            answer = await ask(http, document, username, **fields)
            assert answer["__typename"] == "Forbidden"
    assert rows(programme, "select count(*) from unit_history") == [(0,)]


async def test_an_admin_has_no_say_outside_its_subtree(programme):
    async with client(programme) as http:
        hidden = await ask(http, UPDATE, "tttt-admin", unit="HNI", name="x")
        assert hidden["__typename"] == "NotFound"
        above = await ask(http, CREATE, "tttt-admin", **{**NEW, "parent": "TLD"})
        assert (above["__typename"], above["permission"], above["unitCode"]) == (
            "Forbidden",
            "UNIT_MANAGE",
            "TLD",
        )
        out = await ask(http, MOVE, "tttt-admin", unit="VNPT", parent="TLD", reason="x")
        assert (out["__typename"], out["unitCode"]) == ("Forbidden", "TLD")
        # It manages the new parent and the unit itself, but not the old parent.
        own = await ask(http, MOVE, "tttt-admin", unit="TTTT", parent="VNPT", reason="x")
        assert (own["__typename"], own["unitCode"]) == ("Forbidden", "TLD")


async def test_what_is_left_out_of_a_change_stays(programme):
    async with client(programme) as http:
        changed = await ask(
            http, UPDATE, "tttt-admin", unit="VNPT-HNI", memberCount=77, version=1, reason="Đếm lại"
        )
        unit = changed["unit"]
        assert (unit["memberCount"], unit["version"]) == (77, 2)
        (change,) = unit["history"]["nodes"]
        assert (change["change"], change["reason"]) == ("CHANGED", "Đếm lại")
        assert change["by"] is not None
        assert (change["after"]["memberCount"], change["after"]["name"]) == (77, None)
        stale = await ask(http, UPDATE, "tttt-admin", unit="VNPT-HNI", name="x", version=1)
        assert (stale["__typename"], stale["version"]) == ("Conflict", 2)
        same = await ask(http, UPDATE, "tttt-admin", unit="VNPT-HNI", memberCount=77)
        assert same["unit"]["version"] == 2
        bloc = rows(programme, "select code from emulation_bloc order by code limit 1")[0][0]
        placed = await ask(http, UPDATE, "tttt-admin", unit="VNPT-HNI", bloc=bloc)
        assert placed["unit"]["bloc"] == {"code": bloc}
        cleared = await ask(http, UPDATE, "tttt-admin", unit="VNPT-HNI", bloc=None)
        assert cleared["unit"]["bloc"] is None
        assert cleared["unit"]["history"]["nodes"][0]["before"]["bloc"] == {"code": bloc}
        unknown = await ask(http, UPDATE, "tttt-admin", unit="VNPT-HNI", bloc="X")
        assert unknown["__typename"] == "NotFound"


async def test_a_move_shifts_totals_from_one_line_to_the_other(programme):
    async with client(programme) as http:
        root, unit = await progress(http, "TLD"), await progress(http, "VNPT-HNI")
        old, new = await progress(http, "VNPT"), await progress(http, "VNPOST")
        answer = await ask(
            http, MOVE, "tttt-admin", unit="VNPT-HNI", parent="VNPOST", reason="Sắp xếp lại"
        )
        assert answer["unit"]["parent"] == {"code": "VNPOST"}
        (change,) = answer["unit"]["history"]["nodes"]
        assert (change["change"], change["reason"]) == ("MOVED", "Sắp xếp lại")
        assert change["before"]["parent"] == {"code": "VNPT"}
        assert change["after"]["parent"] == {"code": "VNPOST"}
        assert await progress(http, "TLD") == root
        assert await progress(http, "VNPT-HNI") == unit
        left, gained = await progress(http, "VNPT"), await progress(http, "VNPOST")
        assert left == {name: old[name] - unit[name] for name in unit}
        assert gained == {name: new[name] + unit[name] for name in unit}
    assert exact(programme)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"unit": "VNPT", "parent": "VNPT-HNI"}, "CYCLE"),
        ({"unit": "VNPT", "parent": "VNPT"}, "CYCLE"),
        ({"unit": "TLD", "parent": "TTTT"}, "CYCLE"),
        ({"unit": "VNPT", "parent": "VNPOST"}, "LEVEL_ORDER"),
        ({"unit": "VNPT-HNI", "parent": "VNPT"}, "THERE_ALREADY"),
    ],
)
async def test_a_move_against_the_tree_is_refused(programme, fields, code):
    async with client(programme) as http:
        answer = await ask(http, MOVE, "confed-admin", **fields, reason="x")
        assert (answer["__typename"], answer["code"]) == ("UnitRejected", code)
    assert rows(programme, "select count(*) from unit_history") == [(0,)]


async def test_a_move_takes_a_reason(programme):
    async with client(programme) as http:
        answer = await ask(http, MOVE, "tttt-admin", unit="VNPT-HNI", parent="VNPOST", reason=" ")
        assert answer["problems"][0]["path"] == ["reason"]


async def test_what_awaited_the_old_line_awaits_the_new_one_since_when_it_did(programme):
    awaiting = """select i.id, i.awaited_at, a.code from initiative i
        join unit u on u.id = i.unit_id join unit a on a.id = i.awaits_id
        where u.code = 'VNPT-HNI' order by i.id"""
    set_up = """update initiative set awaits_id = (select id from unit where code = 'VNPT'),
        state = 'RECOGNISED', recognised_at = submitted_at
        where awaits_id = (select id from unit where code = 'VNPT-HNI')"""
    with psycopg.connect(programme) as connection:
        waiting = connection.execute(set_up).rowcount
    before = rows(programme, awaiting)
    assert waiting > 0
    assert [code for *_, code in before].count("VNPT") >= waiting
    async with client(programme) as http:
        await ask(http, MOVE, "tttt-admin", unit="VNPT-HNI", parent="VNPOST", reason="x")
        after = rows(programme, awaiting)
        assert [row[:2] for row in after] == [row[:2] for row in before]
        assert {code for *_, code in after} <= {"VNPOST", "TTTT", "TLD"}
        assert [code for *_, code in after].count("VNPOST") >= waiting
        # Where the level is missing, it is the next above.
        await ask(http, MOVE, "tttt-admin", unit="VNPT-HNI", parent="TTTT", reason="x")
        assert {code for *_, code in rows(programme, awaiting)} <= {"TTTT", "TLD"}
    assert exact(programme)


async def test_two_moves_below_one_another_leave_no_cycle(programme):
    """A moves below B while B moves below A; levels forbid it among equals, so across levels."""
    async with client(programme) as http:
        for _ in range(3):
            answers = await asyncio.gather(
                ask(http, MOVE, "confed-admin", unit="VNPT", parent="HNI", reason="x"),
                ask(http, MOVE, "confed-admin", unit="HNI", parent="VNPT", reason="x"),
            )
            assert answers[1]["code"] in {"LEVEL_ORDER", "CYCLE"}
            back = await ask(http, MOVE, "confed-admin", unit="VNPT", parent="TTTT", reason="x")
            assert back["__typename"] == "UnitPayload"
    assert exact(programme)


async def test_of_two_moves_of_one_unit_with_the_version_seen_one_is_a_conflict(programme):
    async with client(programme) as http:
        answers = await asyncio.gather(
            *(
                ask(http, MOVE, "tttt-admin", unit="VNPT-HNI", parent=p, reason="x", version=1)
                for p in ("VNPOST", "TTTT")
            )
        )
        assert sorted(answer["__typename"] for answer in answers) == ["Conflict", "UnitPayload"]
    assert exact(programme)


DRAFT = """mutation ($input: DraftInitiativeInput!) { draftInitiative(input: $input) {
    __typename ... on InitiativePayload { initiative { number } } ... on Error { code } } }"""
SUBMIT = """mutation ($input: SubmitInitiativeInput!) { submitInitiative(input: $input) {
    __typename ... on Error { code } } }"""
TEXT = {
    "campaign": "1TRSK",
    "title": "Giá đỡ cáp",
    "summary": "Nhanh hơn.",
    "content": "Bản vẽ.",
    "solutionType": "TECHNICAL",
    "appliedOn": "2022-09-01",
}


async def test_moves_while_others_submit_leave_exact_totals(programme):
    async with client(programme) as http:

        async def author() -> str:
            drafted = await ask(http, DRAFT, "member", **TEXT)
            number = drafted["initiative"]["number"]
            return str((await ask(http, SUBMIT, "member", number=number))["__typename"])

        async def shuttle() -> list[str]:
            return [
                (await ask(http, MOVE, "tttt-admin", unit="VNPT-HNI", parent=p, reason="x"))[
                    "__typename"
                ]
                for p in ("VNPOST", "TTTT", "VNPT", "VNPOST")
            ]

        moves, *authored = await asyncio.gather(shuttle(), *(author() for _ in range(8)))
        assert moves == ["UnitPayload"] * 4
        assert authored == ["InitiativePayload"] * 8
    assert exact(programme)


async def test_nothing_is_drafted_at_or_comes_to_await_a_closed_unit_whoever_was_first(programme):
    """The database rejects what a command allowed before the unit was closed."""
    async with client(programme) as http:
        drafted = await ask(http, DRAFT, "member", **TEXT)
        with psycopg.connect(programme) as connection:
            connection.execute("update unit set valid_to = '2022-10-20' where code = 'VNPT-HNI'")
        number = drafted["initiative"]["number"]
        answer = await ask(http, SUBMIT, "member", number=number)
        assert (answer["__typename"], answer["code"]) == ("InitiativeRejected", "UNIT_CLOSED")


async def test_the_history_of_a_unit_shows_no_unit_that_is_hidden(programme):
    async with client(programme) as http:
        await ask(http, MOVE, "confed-admin", unit="VNPT-HNI", parent="HNI", reason="x")
        await ask(http, MOVE, "confed-admin", unit="VNPT-HNI", parent="VNPT", reason="y")
        query = """{ unit(code: "VNPT-HNI") { history { nodes { reason by { name }
            before { parent { code } } after { parent { code } } } } } }"""
        seen = (await http.data(query, "upper-officer"))["unit"]["history"]["nodes"]
        assert [change["reason"] for change in seen] == ["y", "x"]
        assert seen[0]["before"]["parent"] is None
        assert seen[0]["after"]["parent"] == {"code": "VNPT"}
        assert seen[0]["by"] is None


WRITES = {
    "VNPT": (
        "update unit set parent_id = {TLD} where id = {VNPT}",
        "update unit set parent_id = {VNPOST} where id = {VNPT-HNI}",
        "update unit set merged_into_id = {VNPOST}, valid_to = '2022-10-21' where id = {VNPT}",
        "update unit set name = 'x' where id = {VNPOST} returning 1 / (id - id)",
        """insert into unit (code, name, level, parent_id, valid_from)
        values ('X', 'x', 'GRASSROOTS', {VNPOST}, '2022-01-01')""",
        "insert into unit_history (unit_id, change, account_id) values ({VNPOST}, 'MOVED', 2)",
    ),
    "VNPOST": ("update unit set parent_id = {TTTT} where id = {VNPT-HNI} returning 1 / (id - id)",),
}


@pytest.mark.parametrize(
    ("top", "statement"), [(top, each) for top, several in WRITES.items() for each in several]
)
async def test_the_database_refuses_what_lies_outside_the_callers_scope(programme, top, statement):
    units = {
        code: (key, path)
        for code, key, path in rows(programme, "select code, id, path::text from unit")
    }
    written = statement
    for code, (key, _) in units.items():
        written = written.replace(f"{{{code}}}", str(key))
    connection = await asyncpg.connect(with_role(programme, WRITER))

    async def attempt(manages: str) -> None:
        async with connection.transaction():
            for name, value in (
                ("account", "2"),
                ("unit_read", f"{{{units['TLD'][1]}}}"),
                ("unit_manage", f"{{{units[manages][1]}}}"),
            ):
                await connection.execute(
                    "select set_config($1, $2, true)", f"sangkien.{name}", value
                )
            await connection.execute(written)

    if "id - id" in statement:  # a written row would cause a division by zero
        await attempt(top)
        with pytest.raises(asyncpg.DivisionByZeroError):
            await attempt("TLD")
    else:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await attempt(top)
        await attempt("TLD")
    await connection.close()
