"""Rejected decisions: by caller, place, time, and invalid input."""

import asyncio
from typing import Any

import pytest

from tests.client import client
from tests.deciding import (
    REVIEW,
    approve,
    ask,
    exact,
    handed_in,
    one,
    run,
)


async def test_no_level_decides_before_it_is_its_turn(programme):
    async with client(programme) as http:
        number = await handed_in(http)
        for username in ("upper-officer", "council", "confed-admin"):
            answer = await ask(http, REVIEW, username, number=number, decision="APPROVE")
            assert (answer["__typename"], answer["code"]) == ("ReviewRejected", "NOT_AWAITED")
            assert (answer["state"], answer["awaits"]) == ("SUBMITTED", "VNPT-HNI")
    assert one(programme, "select state from initiative where number = %s", number) == "SUBMITTED"


@pytest.mark.parametrize(
    ("fields", "path", "code", "limit"),
    [
        ({"decision": "RETURN"}, ["reason"], "REASON_NEEDED", None),
        ({"decision": "REJECT"}, ["reason"], "REASON_NEEDED", None),
        ({"decision": "REVOKE"}, ["reason"], "REASON_NEEDED", None),
        ({"decision": "REJECT", "reason": " "}, ["reason"], "BLANK", None),
        (
            {"decision": "REJECT", "reason": "x", "verified": [1]},
            ["verified"],
            "ONLY_WITH_APPROVAL",
            None,
        ),
        ({"verified": [1, 2, 3, 4]}, ["verified"], "TOO_MANY", "3"),
        ({"verified": [-1]}, ["verified", "0"], "TOO_SMALL", "0"),
        ({"decisionNumber": "a\nb"}, ["decisionNumber"], "CONTROL_CHARACTER", None),
        (
            {"scores": [{"criterion": "Tính mới", "score": 31}]},
            ["scores", "0", "score"],
            "TOO_LARGE",
            "30",
        ),
        (
            {"scores": [{"criterion": "Màu sắc", "score": 1}]},
            ["scores", "0", "criterion"],
            "NO_SUCH_CRITERION",
            None,
        ),
        (
            {"scores": [{"criterion": "Tính mới", "score": -1}]},
            ["scores", "0", "score"],
            "TOO_SMALL",
            "0",
        ),
        (
            {"scores": [{"criterion": "Tính mới", "score": 1}] * 2},
            ["scores", "1"],
            "REPEATED",
            None,
        ),
    ],
)
async def test_a_decision_that_cannot_be_meant_is_named_by_its_path(
    programme, fields, path, code, limit
):
    async with client(programme) as http:
        number = await handed_in(http)
        given = {"number": number, "decision": "APPROVE", **fields}
        answer = await ask(http, REVIEW, "unit-officer", **given)
    assert answer["__typename"] == "InvalidInput"
    assert answer["problems"] == [{"path": path, "code": code, "limit": limit}]
    assert one(programme, "select state from initiative where number = %s", number) == "SUBMITTED"


async def test_nobody_decides_on_their_own_work_whatever_they_may_see(programme):
    code = one(
        programme,
        """select p.code from person p join account a on a.person_id = p.id
        where a.username = 'unit-officer'""",
    )
    async with client(programme) as http:
        number = await handed_in(http, authors=[{"person": code, "share": 100}])
        for decision in ("APPROVE", "RETURN", "REJECT", "REVOKE"):
            answer = await ask(
                http, REVIEW, "unit-officer", number=number, decision=decision, reason="x"
            )
            assert (answer["__typename"], answer["code"]) == ("Forbidden", "AUTHORED")


@pytest.mark.parametrize(
    ("username", "answer"),
    [
        ("support", "Forbidden"),
        ("member", "Forbidden"),
        ("auditor", "Forbidden"),
        ("tttt-auditor", "Forbidden"),
        ("nobody", "Forbidden"),
        (None, "Forbidden"),
        ("officer-mobifone", "NotFound"),
    ],
)
async def test_who_may_not_review_is_refused(programme, username, answer):
    async with client(programme) as http:
        number = await handed_in(http)
        given = {"number": number, "decision": "APPROVE"}
        assert (await ask(http, REVIEW, username, **given))["__typename"] == answer
    assert one(programme, "select state from initiative where number = %s", number) == "SUBMITTED"


async def test_a_published_initiative_of_another_branch_is_seen_and_not_for_deciding(programme):
    async with client(programme) as http:
        number = await handed_in(http)
        run(programme, "update initiative set published_at = now() where number = %s", number)
        answer = await ask(http, REVIEW, "officer-mobifone", number=number, decision="APPROVE")
        assert (answer["__typename"], answer["permission"]) == ("Forbidden", "INITIATIVE_REVIEW")
        own = await ask(
            http,
            REVIEW,
            "officer-mobifone",
            number=number,
            decision="APPROVE",
            unit="MOBIFONE",
        )
        assert (own["__typename"], own["code"]) == ("ReviewRejected", "NOT_AWAITED")


async def test_of_two_who_decide_at_once_one_wins_and_the_other_has_a_conflict(programme):
    run(
        programme,
        """insert into role_grant (account_id, role, unit_id, valid_from)
        select a.id, 'COUNCIL', u.id, '2022-01-01' from account a, unit u
        where a.username = 'support' and u.code = 'VNPT-HNI'""",
    )
    async with client(programme) as http:
        for _ in range(4):
            number = await handed_in(http)
            answers = await asyncio.gather(
                ask(http, REVIEW, "unit-officer", number=number, decision="APPROVE"),
                ask(http, REVIEW, "support", number=number, decision="REJECT", reason="x"),
            )
            by_type: dict[str, Any] = {answer["__typename"]: answer for answer in answers}
            assert set(by_type) == {"InitiativePayload", "Conflict"}
            state = by_type["InitiativePayload"]["initiative"]["state"]
            lost = by_type["Conflict"]
            assert (lost["code"], lost["state"], lost["version"]) == ("DECIDED", state, 3)
            assert one(programme, "select count(*) from review where initiative_id ="
                       " (select id from initiative where number = %s)", number) == 1  # fmt: skip
    assert exact(programme)


async def test_a_version_of_before_the_decision_is_a_conflict(programme):
    async with client(programme) as http:
        number = await handed_in(http)
        await approve(http, "unit-officer", number, version=2)
        late = await ask(http, REVIEW, "unit-officer", number=number, decision="APPROVE", version=2)
        assert (late["__typename"], late["code"], late["state"]) == (
            "Conflict", "DECIDED", "RECOGNISED",
        )  # fmt: skip
        stale = await ask(
            http, REVIEW, "upper-officer", number=number, decision="APPROVE", version=2
        )
        assert (stale["__typename"], stale["code"], stale["version"]) == ("Conflict", "STALE", 3)
