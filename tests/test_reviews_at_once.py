"""Up to a hundred decisions in one call: all or none, or each separately."""

import asyncio
import random

import pytest

from tests.client import client
from tests.deciding import SEVERAL, approve, ask, exact, freeze, handed_in, one, total

STATES = "select array_agg(state order by id) from initiative where number = any (%s)"


async def test_all_are_carried_out_and_told_in_the_order_they_were_given(programme):
    async with client(programme) as http:
        numbers = [await handed_in(http) for _ in range(3)]
        given = [
            {"number": numbers[2], "decision": "APPROVE", "verified": [1]},
            {"number": numbers[0], "decision": "REJECT", "reason": "Không mới"},
            {"number": numbers[1], "decision": "RETURN", "reason": "Bổ sung"},
        ]
        answer = await ask(http, SEVERAL, "unit-officer", decisions=given)
    assert answer["results"] == [
        {"number": number, "initiative": {"number": number, "state": state}, "error": None}
        for number, state in zip(
            (numbers[2], numbers[0], numbers[1]),
            ("RECOGNISED", "REJECTED", "RETURNED"),
            strict=True,
        )
    ]
    reasons = "select count(*) from audit_event where reason = %s and object_type = 'Initiative'"
    assert one(programme, reasons, "Không mới") == 2
    assert exact(programme)


async def test_with_all_the_first_error_refuses_everything_and_says_which(programme):
    async with client(programme) as http:
        numbers = [await handed_in(http) for _ in range(3)]
        await approve(http, "unit-officer", numbers[1])
        given = [{"number": number, "decision": "APPROVE"} for number in numbers]
        answer = await ask(http, SEVERAL, "unit-officer", decisions=given, mode="ALL")
        assert (answer["__typename"], answer["code"]) == ("DecisionRefused", "NOT_AWAITED")
        assert (answer["index"], answer["number"]) == (1, numbers[1])
        assert answer["state"] == "RECOGNISED"
        given[1] = {"number": "X", "decision": "APPROVE"}
        answer = await ask(http, SEVERAL, "unit-officer", decisions=given)
        assert (answer["code"], answer["index"], answer["number"]) == ("NOT_FOUND", 1, "X")
        given[1] = {"number": numbers[1], "decision": "REVOKE"}
        answer = await ask(http, SEVERAL, "unit-officer", decisions=given)
        assert answer["problems"] == [
            {"path": ["decisions", "1", "reason"], "code": "REASON_NEEDED", "limit": None}
        ]
    assert one(programme, STATES, numbers) == ["SUBMITTED", "RECOGNISED", "SUBMITTED"]
    assert one(programme, "select count(*) from audit_event where kind = 'REFUSED'") == 3


async def test_with_each_what_is_refused_leaves_the_others_alone(programme):
    async with client(programme) as http:
        numbers = [await handed_in(http) for _ in range(3)]
        await approve(http, "unit-officer", numbers[0])
        given = [
            {"number": numbers[2], "decision": "REVOKE"},
            {"number": "X", "decision": "APPROVE"},
            {"number": numbers[1], "decision": "APPROVE"},
            {"number": numbers[0], "decision": "APPROVE"},
        ]
        answer = await ask(http, SEVERAL, "unit-officer", decisions=given, mode="EACH")
    results = answer["results"]
    assert [result["number"] for result in results] == [one["number"] for one in given]
    assert [result["error"] and result["error"]["code"] for result in results] == [
        "REASON_NEEDED",
        "NOT_FOUND",
        None,
        "NOT_AWAITED",
    ]
    assert [result["initiative"] and result["initiative"]["state"] for result in results] == [
        None,
        None,
        "RECOGNISED",
        None,
    ]
    assert results[0]["error"]["message"] == "It takes a reason."
    assert results[1]["error"]["message"] == "There is none, or none that you may see: X."
    assert one(programme, "select count(*) from audit_event where kind = 'REFUSED'") == 3
    assert exact(programme)


async def test_refusals_speak_the_language_of_whoever_asks_again_too(programme):
    async with client(programme) as http:
        variables = {
            "input": {
                "decisions": [{"number": "X", "decision": "APPROVE"}],
                "mode": "EACH",
                "idempotencyKey": "b-1",
            }
        }
        said = []
        for language in ("en", "vi"):
            response = await http.http.post(
                "/graphql",
                json={"query": SEVERAL, "variables": variables},
                headers={
                    "Authorization": f"Bearer {http.token('unit-officer')}",
                    "Accept-Language": language,
                },
            )
            (result,) = response.json()["data"]["reviewInitiatives"]["results"]
            said.append(result["error"]["message"])
    assert said == ["There is none, or none that you may see: X.", "Không tìm thấy: X."]
    assert one(programme, "select count(*) from audit_event where kind = 'REFUSED'") == 1


@pytest.mark.parametrize(
    ("numbers", "path", "code"),
    [
        ([], ["decisions"], "TOO_FEW"),
        (["X", "Y", "X"], ["decisions", "2"], "REPEATED"),
        ([str(number) for number in range(101)], ["decisions"], "TOO_MANY"),
        (["X", " "], ["decisions", "1", "number"], "BLANK"),
    ],
)
async def test_decisions_are_one_to_a_hundred_of_different_initiatives(
    programme, numbers, path, code
):
    given = [{"number": number, "decision": "APPROVE"} for number in numbers]
    async with client(programme) as http:
        answer = await ask(http, SEVERAL, "unit-officer", decisions=given)
    assert [(p["path"], p["code"]) for p in answer["problems"]] == [(path, code)]


async def test_in_a_frozen_phase_each_has_its_own_reason(programme):
    async with client(programme) as http:
        numbers = [await handed_in(http) for _ in range(2)]
        freeze(programme)
        given = [
            {"number": numbers[0], "decision": "APPROVE"},
            {"number": numbers[1], "decision": "APPROVE", "reason": "Xét muộn"},
        ]
        answer = await ask(http, SEVERAL, "unit-officer", decisions=given, mode="EACH")
    assert [r["error"] and r["error"]["code"] for r in answer["results"]] == ["REASON_NEEDED", None]
    assert one(programme, "select array_agg(reason) from adjustment") == ["Xét muộn"]


async def test_many_at_once_in_any_order_end_and_leave_the_totals_exact(programme):
    before = total(programme, "recognised")
    async with client(programme) as http:
        numbers = [await handed_in(http) for _ in range(8)]
        luck = random.Random(1)

        async def decide(mode: str) -> dict:
            mixed = luck.sample(numbers, len(numbers))
            given = [{"number": number, "decision": "APPROVE"} for number in mixed]
            return await ask(http, SEVERAL, "unit-officer", decisions=given, mode=mode)

        answers = await asyncio.gather(*(decide(mode) for mode in ("EACH", "ALL", "EACH", "ALL")))
    done = [
        result["number"]
        for answer in answers
        for result in answer.get("results", ())
        if result["error"] is None
    ]
    assert sorted(done) == numbers
    assert total(programme, "recognised") == before + len(numbers)
    assert exact(programme)


async def test_what_is_asked_of_each_result_costs_as_much_as_a_hundred_may_come_to(programme):
    wide = SEVERAL.replace(
        "initiative { number state }",
        "initiative { unit { initiatives(first: 100) { nodes { reviews { reason } } } } }",
    )
    given = {"decisions": [{"number": "X", "decision": "APPROVE"}], "mode": "EACH"}
    async with client(programme) as http:
        answer = (await http.post(wide, "unit-officer", variables={"input": given})).json()
    assert "expected rows" in answer["errors"][0]["message"]
