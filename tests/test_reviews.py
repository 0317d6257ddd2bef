"""Decisions on initiatives, level by level, as each role."""

import pytest

from tests.client import client
from tests.deciding import (
    LINE,
    REVIEW,
    SUBMIT,
    appoint,
    approve,
    ask,
    exact,
    freeze,
    handed_in,
    one,
    rise,
    run,
    total,
)


async def test_an_initiative_rises_level_by_level_to_confirmation(programme):
    before = total(programme, "recognised"), total(programme, "confirmed")
    async with client(programme) as http:
        number = await handed_in(http)
        first = await approve(http, "unit-officer", number)
        # An officer does not see the units above its own.
        assert (first["state"], first["awaits"], first["confirmedAt"]) == ("RECOGNISED", None, None)
        assert first["recognisedAt"] is not None
        assert total(programme, "recognised") == before[0] + 1
        second = await approve(http, "upper-officer", number)
        assert (second["state"], second["recognisedAt"]) == ("RECOGNISED", first["recognisedAt"])
        third = await approve(http, "council", number)
        assert (third["state"], third["awaits"]) == ("CONFIRMED", None)
        assert third["confirmedAt"] is not None
        assert [review["unit"]["code"] for review in third["reviews"]] == [c for _, c in LINE]
    assert total(programme, "confirmed") == before[1] + 1
    assert exact(programme)


async def test_scores_decision_number_and_verified_benefit_are_kept_and_counted(programme):
    benefit = total(programme, "benefit_verified")
    async with client(programme) as http:
        number = await handed_in(http)
        decided = await approve(
            http,
            "unit-officer",
            number,
            scores=[{"criterion": "Tính mới", "score": 30}, {"criterion": "Hiệu quả", "score": 0}],
            decisionNumber="12/QĐ-CĐ",
            verified=[4_000_000_000, 1],
        )
    assert decided["benefitVerified"] == 4_000_000_001
    assert decided["reviews"] == [
        {
            "decision": "APPROVE",
            "reason": None,
            "decisionNumber": "12/QĐ-CĐ",
            "verified": [4_000_000_000, 1],
            "scores": [
                {"criterion": "Hiệu quả", "score": 0},
                {"criterion": "Tính mới", "score": 30},
            ],
            "unit": {"code": "VNPT-HNI"},
        }
    ]
    assert total(programme, "benefit_verified") == benefit + 4_000_000_001
    assert exact(programme)


async def test_what_is_returned_starts_again_at_its_own_unit(programme):
    before = total(programme, "recognised"), total(programme, "returned")
    async with client(programme) as http:
        number = await handed_in(http)
        await approve(http, "unit-officer", number, verified=[5])
        answer = await ask(
            http, REVIEW, "upper-officer", number=number, decision="RETURN", reason="Bổ sung"
        )
        returned = answer["initiative"]
        assert (returned["state"], returned["awaits"]) == ("RETURNED", None)
        assert (returned["recognisedAt"], returned["benefitVerified"]) == (None, None)
        assert returned["reviews"][-1]["reason"] == "Bổ sung"
        assert total(programme, "recognised") == before[0]
        assert total(programme, "returned") == before[1] + 1
        await ask(http, SUBMIT, "member", number=number)
        again = await ask(http, REVIEW, "upper-officer", number=number, decision="APPROVE")
        assert (again["code"], again["awaits"]) == ("NOT_AWAITED", "VNPT-HNI")
        assert (await rise(http, number))["state"] == "CONFIRMED"
    assert exact(programme)


@pytest.mark.parametrize("levels", [0, 1, 2])
async def test_a_rejection_is_final(programme, levels):
    async with client(programme) as http:
        number = await handed_in(http)
        await rise(http, number, levels)
        username = LINE[levels][0]
        answer = await ask(
            http, REVIEW, username, number=number, decision="REJECT", reason="Không mới"
        )
        assert (answer["initiative"]["state"], answer["initiative"]["awaits"]) == ("REJECTED", None)
        for decision in ("APPROVE", "RETURN", "REJECT", "REVOKE"):
            answer = await ask(http, REVIEW, username, number=number, decision=decision, reason="x")
            assert (answer["__typename"], answer["state"]) == ("ReviewRejected", "REJECTED")
        assert (await ask(http, SUBMIT, "member", number=number))["code"] == "WRONG_STATE"
    assert exact(programme)


@pytest.mark.parametrize(
    ("levels", "username", "code"),
    [
        (0, "unit-officer", "WRONG_STATE"),
        (1, "unit-officer", None),
        (1, "upper-officer", None),
        (1, "confed-admin", None),
        (2, "unit-officer", "DECIDED_ABOVE"),
        (2, "council", None),
        (3, "upper-officer", "DECIDED_ABOVE"),
        (3, "council", None),
        (3, "tttt-admin", None),
        (3, "confed-admin", None),
    ],
)
async def test_an_approval_is_revoked_by_who_gave_the_last_one_or_stands_above(
    programme, levels, username, code
):
    before = total(programme, "submitted"), total(programme, "achieved")
    async with client(programme) as http:
        number = await handed_in(http)
        await rise(http, number, levels)
        given = {"number": number, "decision": "REVOKE", "reason": "Số liệu sai"}
        answer = await ask(http, REVIEW, username, **given)
    if code is None:
        assert (answer["initiative"]["state"], answer["initiative"]["awaits"]) == ("REVOKED", None)
        assert (total(programme, "submitted"), total(programme, "achieved")) == before
    else:
        assert (answer["__typename"], answer["code"]) == ("ReviewRejected", code)
    assert exact(programme)


@pytest.mark.parametrize(
    "change",
    [
        "update unit set parent_id = home.id from home where code = 'VNPT-HNI'",
        "update unit set valid_to = now(), merged_into_id = home.id from home where code = 'VNPT'",
    ],
    ids=["move", "merge"],
)
@pytest.mark.parametrize(
    ("username", "unit", "code"),
    [
        ("unit-officer", "VNPT-HNI", "DECIDED_ABOVE"),
        ("upper-officer", "VNPOST", None),
        ("council", "TTTT", None),
    ],
)
async def test_once_who_approved_last_is_above_no_more_its_level_revokes_and_none_below(
    programme, change, username, unit, code
):
    run(
        programme,
        """insert into role_grant (account_id, role, unit_id, valid_from)
        select a.id, 'OFFICER', u.id, '2022-01-01' from account a, unit u
        where a.username = 'upper-officer' and u.code = 'VNPOST'""",
    )
    async with client(programme) as http:
        number = await handed_in(http)
        await rise(http, number, levels=2)
        run(programme, f"with home as (select id from unit where code = 'VNPOST') {change}")
        given = {"number": number, "decision": "REVOKE", "reason": "Số liệu sai"}
        answer = await ask(http, REVIEW, username, **given, unit=unit)
        unsaid = await ask(http, REVIEW, username, **given)
    if code is None:
        assert answer["initiative"]["state"] == "REVOKED"
    else:
        assert (answer["code"], unsaid["code"]) == (code, code)
    assert exact(programme)


async def test_one_may_say_for_which_of_ones_units_one_decides(programme):
    run(
        programme,
        """insert into role_grant (account_id, role, unit_id, valid_from)
        select a.id, 'COUNCIL', u.id, '2022-01-01' from account a, unit u
        where a.username = 'unit-officer' and u.code in ('VNPT', 'TTTT')""",
    )
    appoint(programme, "second-officer", "OFFICER", "VNPT-HNI")
    async with client(programme) as http:
        number = await handed_in(http)
        wrong = await ask(
            http, REVIEW, "unit-officer", number=number, decision="APPROVE", unit="TTTT"
        )
        assert (wrong["code"], wrong["awaits"]) == ("NOT_AWAITED", "VNPT-HNI")
        await approve(http, "unit-officer", number, unit="VNPT-HNI")
        answer = await ask(http, REVIEW, "unit-officer", number=number, decision="APPROVE")
        assert (answer["code"], answer["unitCode"]) == ("DECIDED_OTHER_LEVEL", "VNPT")
        number = await handed_in(http)
        await approve(http, "second-officer", number)
        await approve(http, "upper-officer", number)
        await approve(http, "unit-officer", number, unit="TTTT")
        answer = await ask(
            http, REVIEW, "unit-officer", number=number, decision="REVOKE", reason="x"
        )
        assert answer["initiative"]["reviews"][-1]["unit"] == {"code": "TTTT"}


@pytest.mark.parametrize(
    ("counts_from", "gained"), [("RECOGNISED", [1, 0, 0, -1]), ("CONFIRMED", [0, 0, 1, -1])]
)
async def test_in_a_frozen_phase_every_decision_is_an_adjustment_with_a_reason(
    programme, counts_from, gained
):
    run(programme, "update campaign set counts_from = %s", counts_from)
    async with client(programme) as http:
        number = await handed_in(http)
        freeze(programme)
        answer = await ask(http, REVIEW, "unit-officer", number=number, decision="APPROVE")
        assert answer["problems"] == [{"path": ["reason"], "code": "REASON_NEEDED", "limit": None}]
        for username, _ in LINE:
            await approve(http, username, number, reason="Xét muộn")
        given = {"number": number, "decision": "REVOKE", "reason": "Số liệu sai"}
        await ask(http, REVIEW, "council", **given)
    kept = one(programme, "select json_agg(gained order by id) from adjustment")
    assert kept == gained
    assert one(programme, "select distinct kind from adjustment") == "INITIATIVE"
    assert exact(programme)


async def test_levels_that_are_not_there_and_closed_units_are_passed_over(programme):
    run(programme, "update unit set valid_to = '2022-10-01' where code = 'VNPT'")
    async with client(programme) as http:
        number = await handed_in(http)
        await approve(http, "unit-officer", number)
        assert (await approve(http, "council", number))["state"] == "CONFIRMED"


async def test_where_the_own_unit_is_the_confirming_level_it_recognises_and_confirms(programme):
    run(programme, "update campaign set confirming_level = 'GRASSROOTS'")
    async with client(programme) as http:
        number = await handed_in(http)
        decided = await approve(http, "unit-officer", number)
        assert decided["state"] == "CONFIRMED"
        assert decided["recognisedAt"] == decided["confirmedAt"] is not None
    assert exact(programme)


async def test_what_awaits_a_unit_that_is_closed_or_left_awaits_the_one_in_its_place(programme):
    awaits = "select u.code from initiative i join unit u on u.id = i.awaits_id where number = %s"
    async with client(programme) as http:
        number = await handed_in(http)
        await approve(http, "unit-officer", number)
        assert one(programme, awaits, number) == "VNPT"
        run(
            programme,
            """update unit set parent_id = (select id from unit where code = 'MOBIFONE')
            where code = 'VNPT-HNI'""",
        )
        assert one(programme, awaits, number) == "MOBIFONE"
        run(programme, "update unit set valid_to = '2022-10-01' where code = 'MOBIFONE'")
        assert one(programme, awaits, number) == "TTTT"
        assert (await approve(http, "council", number))["state"] == "CONFIRMED"
    assert exact(programme)


async def test_the_same_key_decides_once(programme):
    async with client(programme) as http:
        number = await handed_in(http)
        given = {"number": number, "decision": "APPROVE", "idempotencyKey": "d-1"}
        first = await ask(http, REVIEW, "unit-officer", **given)
        assert await ask(http, REVIEW, "unit-officer", **given) == first
    assert (
        one(programme, "select count(*) from review r join initiative i on i.id = r.initiative_id"
            " where number = %s", number) == 1
    )  # fmt: skip
