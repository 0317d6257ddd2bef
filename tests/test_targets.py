"""Targets assigned and registered, in open and closed phases."""

import asyncio
from typing import Any

import pytest

from tests.client import client
from tests.mutating import ask, change, differing, rows, value
from tests.targeting import ASSIGN, CHILDREN, FREE, LAST, REGISTER, REVISED, given, held


@pytest.fixture
def vtc(programme: str) -> list[str]:
    """The codes of VTC's three children."""
    return [row["code"] for row in rows(programme, CHILDREN, "VTC")]


async def test_a_parent_assigns_to_its_children_with_a_revision_each(programme, vtc):
    before, last = held(programme, vtc), value(programme, LAST)
    numbers = [before[vtc[0]][0] + 5, before[vtc[1]][0], 0]
    async with client(programme) as http:
        answer = await ask(http, ASSIGN, "tttt-admin", **given(vtc, *numbers, reason="Hội nghị"))
    parent = answer["parent"]
    shown = {node["code"]: node["target"] for node in parent["children"]["nodes"]}
    assert [shown[code]["assigned"] for code in vtc] == numbers
    assert parent["target"]["unallocated"] == parent["target"]["effective"] - sum(numbers)
    after = held(programme, vtc)
    # A target that keeps its value is not written at all.
    assert [after[code][2] - before[code][2] for code in vtc] == [1, 0, 1]
    assert rows(programme, REVISED, 2, last) == [
        {
            "code": code,
            "kind": "ASSIGNED",
            "value": number,
            "previous": before[code][0],
            "reason": "Hội nghị",
            "username": "tttt-admin",
        }
        for code, number in ((vtc[0], numbers[0]), (vtc[2], 0))
    ]
    assert differing(programme) == 0


async def test_assigning_more_than_there_is_shows_and_is_no_error(programme, vtc):
    async with client(programme) as http:
        answer = await ask(http, ASSIGN, "tttt-admin", **given(vtc, 9_000_000))
    assert answer["parent"]["target"]["unallocated"] < 0


async def test_null_takes_a_target_away_and_what_is_left_out_is_refused(programme, vtc):
    async with client(programme) as http:
        await ask(http, ASSIGN, "tttt-admin", **given(vtc, None))
        assert held(programme, vtc)[vtc[0]][0] is None
        unsaid = {**given(vtc), "targets": [{"unit": vtc[0]}]}
        answer = await ask(http, ASSIGN, "tttt-admin", **unsaid)
    assert answer["problems"] == [
        {"path": ["targets", "0", "assigned"], "code": "UNSAID", "limit": None}
    ]


async def test_all_are_assigned_or_none(programme, vtc):
    before, last = held(programme, vtc), value(programme, LAST)
    async with client(programme) as http:
        stranger = given([*vtc, "VNPT-HNI", "NOWHERE"], 1, 2, 3, 4, 5)
        answer = await ask(http, ASSIGN, "tttt-admin", **stranger)
        assert [(p["path"], p["code"], p["limit"]) for p in answer["problems"]] == [
            (["targets", "3", "unit"], "NOT_A_CHILD", "VTC"),
            (["targets", "4", "unit"], "NOT_A_CHILD", "VTC"),
        ]
        stale = given(vtc, 1, 2, 3)
        stale["targets"][2]["version"] = before[vtc[2]][2] + 1
        answer = await ask(http, ASSIGN, "tttt-admin", **stale)
        assert (answer["__typename"], answer["code"]) == ("Conflict", "STALE")
        assert (answer["version"], answer["field"]) == (before[vtc[2]][2], "targets.2.version")
    assert held(programme, vtc) == before
    assert value(programme, LAST) == last


async def test_numbers_that_cannot_be_meant_are_named(programme, vtc):
    wrong = [
        (vtc, [-1], ["targets", "0", "assigned"], "TOO_SMALL"),
        (vtc, [10_000_001], ["targets", "0", "assigned"], "TOO_LARGE"),
        (vtc, [], ["targets"], "TOO_FEW"),
        ([vtc[0], vtc[0]], [1, 2], ["targets", "1"], "REPEATED"),
    ]
    async with client(programme) as http:
        for codes, numbers, path, code in wrong:
            answer = await ask(http, ASSIGN, "tttt-admin", **given(codes, *numbers))
            assert [(p["path"], p["code"]) for p in answer["problems"]] == [(path, code)]


async def test_without_a_pledge_what_was_assigned_holds(programme):
    fields = {"campaign": "1TRSK", "phase": 2, "unit": "VNPT-HNI", "registered": None}
    async with client(programme) as http:
        answer = await ask(http, REGISTER, "unit-officer", **fields)
        target = answer["registrant"]["target"]
        assert target["registered"] is None
        assert target["effective"] == target["assigned"]
        del fields["registered"]
        answer = await ask(http, REGISTER, "unit-officer", **fields)
        assert [(p["path"], p["code"]) for p in answer["problems"]] == [(["registered"], "UNSAID")]


async def test_a_first_target_has_version_0_before_and_1_after(programme, vtc):
    change(
        programme, "delete from target t using unit u where u.id = unit_id and code = %s", vtc[0]
    )
    async with client(programme) as http:
        first = given(vtc, 7)
        first["targets"][0]["version"] = 1
        answer = await ask(http, ASSIGN, "tttt-admin", **first)
        assert (answer["code"], answer["version"]) == ("STALE", 0)
        first["targets"][0]["version"] = 0
        await ask(http, ASSIGN, "tttt-admin", **first)
        assert held(programme, vtc)[vtc[0]] == (7, None, 1)
        answer = await ask(http, ASSIGN, "tttt-admin", **first)
        assert (answer["code"], answer["version"]) == ("STALE", 1)
    assert differing(programme) == 0


@pytest.mark.parametrize("frozen", [False, True])
async def test_a_closed_phase_refuses_a_new_target_without_a_reason(programme, vtc, frozen):
    phase = 2 if frozen else 1
    if frozen:
        change(programme, "update phase set frozen_at = now() where ordinal = 2")
    before = held(programme, vtc, phase)
    async with client(programme) as http:
        fields = given(vtc, 11, before[vtc[1]][0], phase=phase)
        answer = await ask(http, ASSIGN, "tttt-admin", **fields)
        assert answer["problems"] == [{"path": ["reason"], "code": "REASON_NEEDED", "limit": None}]
        assert held(programme, vtc, phase) == before
        answer = await ask(http, ASSIGN, "tttt-admin", **fields, reason="Nhập sai")
        assert answer["__typename"] == "AssignTargetsPayload"
    assert held(programme, vtc, phase)[vtc[0]][0] == 11
    adjusted = rows(
        programme,
        "select kind, reason, code from adjustment a join unit u on u.id = a.unit_id",
    )
    assert adjusted == [{"kind": "TARGET", "reason": "Nhập sai", "code": vtc[0]}]


async def test_a_phase_that_is_still_open_for_a_unit_takes_no_reason(programme, vtc):
    change(
        programme,
        "insert into window_override (phase_id, unit_id, opens_on, closes_on)"
        " select 1, id, '2022-02-01', '2022-12-31' from unit where code = %s",
        vtc[0],
    )
    async with client(programme) as http:
        answer = await ask(http, ASSIGN, "tttt-admin", **given(vtc, 11, phase=1))
        assert answer["__typename"] == "AssignTargetsPayload"
        answer = await ask(http, ASSIGN, "tttt-admin", **given(vtc[1:], 11, phase=1))
        assert answer["problems"][0]["code"] == "REASON_NEEDED"


async def test_a_closed_unit_is_given_no_target_but_may_lose_one(programme, vtc):
    change(programme, "update unit set valid_to = '2022-10-01' where code = %s", vtc[0])
    async with client(programme) as http:
        answer = await ask(http, ASSIGN, "tttt-admin", **given(vtc, 77, 78))
        assert (answer["__typename"], answer["code"]) == ("TargetRejected", "UNIT_CLOSED")
        assert answer["unitCode"] == vtc[0]
        answer = await ask(http, ASSIGN, "tttt-admin", **given(vtc, None))
        assert answer["__typename"] == "AssignTargetsPayload"


@pytest.mark.parametrize(
    ("campaign", "phase", "what"), [("NONE", 1, "Campaign"), ("1TRSK", 9, "Phase")]
)
async def test_a_phase_that_is_none_is_not_found(programme, vtc, campaign, phase, what):
    async with client(programme) as http:
        fields = {**given(vtc, 1), "campaign": campaign, "phase": phase}
        answer = await ask(http, ASSIGN, "tttt-admin", **fields)
    assert (answer["__typename"], answer["what"]) == ("NotFound", what)


async def test_a_campaign_has_no_targets_above_its_owner(programme):
    change(
        programme,
        "update campaign set owner_id = (select id from unit where code = 'TTTT')",
    )
    fields = {"campaign": "1TRSK", "phase": 2, "unit": "TLD", "registered": 1}
    async with client(programme) as http:
        answer = await ask(http, REGISTER, "confed-admin", **fields)
        assert (answer["__typename"], answer["code"]) == ("TargetRejected", "OUTSIDE_CAMPAIGN")
        answer = await ask(http, REGISTER, "confed-admin", **{**fields, "unit": "TTTT"})
        assert answer["__typename"] == "RegisterTargetPayload"


@pytest.mark.parametrize("first_time", [False, True])
async def test_of_two_who_assign_at_once_one_wins_and_the_other_conflicts(
    programme, vtc, first_time
):
    if first_time:
        change(programme, FREE, vtc)
    version = 0 if first_time else 1
    before = dict.fromkeys(vtc, version)
    last = value(programme, LAST)

    def ordered(number: int, codes: list[str]) -> dict[str, Any]:
        fields = given(codes, *[number] * 3)
        for target in fields["targets"]:
            target["version"] = before[target["unit"]]
        return fields

    async with client(programme) as http:
        answers = await asyncio.gather(
            *(
                ask(http, ASSIGN, "tttt-admin", **ordered(901 + n, vtc if n % 2 else vtc[::-1]))
                for n in range(6)
            )
        )
    won = [n for n, answer in enumerate(answers) if answer["__typename"] != "Conflict"]
    assert len(won) == 1
    expected = (901 + won[0], version + 1)
    assert [row[::2] for row in held(programme, vtc).values()] == [expected] * 3
    assert value(programme, LAST) > last
    assert len(rows(programme, REVISED, 2, last)) == 3


async def test_the_same_key_and_input_assigns_once(programme, vtc):
    last = value(programme, LAST)
    async with client(programme) as http:
        fields = given(vtc, 501, idempotencyKey="k")
        first = await ask(http, ASSIGN, "tttt-admin", **fields)
        await ask(http, ASSIGN, "tttt-admin", **given(vtc, 502))
        second = await ask(http, ASSIGN, "tttt-admin", **fields)
    assert (first["__typename"], second["__typename"]) == ("AssignTargetsPayload",) * 2
    assert [row["value"] for row in rows(programme, REVISED, 2, last)] == [501, 502]
