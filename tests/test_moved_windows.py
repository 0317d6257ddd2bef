"""After a move phases still do not overlap, and drives are inside their phase."""

import asyncio

import pytest

from tests.client import client
from tests.mutating import value
from tests.phase_documents import DRIVE, FIRST, OVERRIDE, SECOND, WHY, ask, one, rows

ERRORS = """... on Error { __typename code message } ... on UnitRejected { unitCode }
    ... on PhaseRejected { ordinal opensOn closesOn unitCode driveTitle }"""
MOVE = f"""mutation ($input: MoveUnitInput!) {{ moveUnit(input: $input) {{
    ... on UnitPayload {{ __typename }} {ERRORS} }} }}"""
MERGE = f"""mutation ($input: MergeUnitsInput!) {{ mergeUnits(input: $input) {{
    ... on MergeUnitsPayload {{ __typename }} {ERRORS} }} }}"""
GONE = {
    "move": (MOVE, {"unit": "VNPT-HNI", "parent": "VNPOST", "reason": WHY}),
    "merge": (MERGE, {"units": ["VNPT"], "into": "VNPOST", "reason": WHY}),
}
LATE_SPRING = {"opensOn": "2022-02-01", "closesOn": "2022-05-31"}
EARLY_SPRING = {"opensOn": "2022-02-01", "closesOn": "2022-04-30"}
FROM_MAY = {"opensOn": "2022-05-01", "closesOn": "2023-09-30"}
PEAK = {**SECOND, "unit": "VNPT-HNI", "title": "Cao điểm"}
NOVEMBER = {"opensOn": "2022-11-01", "closesOn": "2022-11-30"}
UNTIL_OCTOBER = {"opensOn": "2022-06-01", "closesOn": "2022-10-31"}


async def override(http, phase, unit, dates):
    answer = await ask(http, OVERRIDE, "confed-admin", **phase, **dates, unit=unit, reason=WHY)
    assert answer["__typename"] == "OverridePhaseWindowPayload", answer


async def go(http, how):
    document, fields = GONE[how]
    return await ask(http, document, "tttt-admin", **fields)


def parent(url):
    return one(
        url,
        "select p.code from unit u join unit p on p.id = u.parent_id where u.code = 'VNPT-HNI'",
    )


def meetings(url):
    """Return the number of pairs of phases that overlap at an open unit, by a plain search."""
    return value(
        url,
        """select count(*) from unit u, phase p, phase q,
            phase_window(p.id, u.path) w, phase_window(q.id, u.path) v
        where p.campaign_id = q.campaign_id and p.id < q.id and u.valid_to is null
            and w.opens_on <= v.closes_on and v.opens_on <= w.closes_on""",
    )


@pytest.mark.parametrize("how", GONE)
async def test_no_unit_goes_where_two_phases_would_meet_at_it(programme, how):
    async with client(programme) as http:
        await override(http, FIRST, "VNPOST", EARLY_SPRING)
        await override(http, SECOND, "VNPOST", FROM_MAY)
        await override(http, FIRST, "VNPT-HNI", LATE_SPRING)
        answer = await go(http, how)
        assert (answer["__typename"], answer["code"]) == ("PhaseRejected", "OVERLAP")
        assert (answer["unitCode"], answer["ordinal"]) == ("VNPT-HNI", 2)
        assert (answer["opensOn"], answer["closesOn"]) == ("2022-05-01", "2023-09-30")
        assert "VNPT-HNI" in answer["message"]
        assert parent(programme) == "VNPT"
        await override(http, FIRST, "VNPT-HNI", EARLY_SPRING)
        assert (await go(http, how))["__typename"].endswith("Payload")
    assert (parent(programme), meetings(programme)) == ("VNPOST", 0)


@pytest.mark.parametrize("how", GONE)
async def test_no_unit_goes_where_a_drive_that_is_not_over_would_be_left_out(programme, how):
    async with client(programme) as http:
        assert (await ask(http, DRIVE, "tttt-admin", **PEAK, **NOVEMBER)).get("drive")
        await override(http, SECOND, "VNPOST", UNTIL_OCTOBER)
        answer = await go(http, how)
        assert (answer["__typename"], answer["code"]) == ("PhaseRejected", "DRIVE_LEFT_OUT")
        assert (answer["unitCode"], answer["driveTitle"]) == ("VNPT-HNI", "Cao điểm")
        assert (answer["opensOn"], answer["closesOn"]) == ("2022-11-01", "2022-11-30")
        assert parent(programme) == "VNPT"
        rows(programme, "update drive set opens_on = '2022-10-01', closes_on = '2022-10-20'")
        await override(http, SECOND, "VNPOST", {**UNTIL_OCTOBER, "opensOn": "2022-10-05"})
        assert (await go(http, how))["__typename"].endswith("Payload")
    assert parent(programme) == "VNPOST"


@pytest.mark.parametrize("how", GONE)
async def test_an_override_that_is_left_behind_lets_no_phases_meet(programme, how):
    async with client(programme) as http:
        await override(http, FIRST, "VNPT", EARLY_SPRING)
        await override(http, SECOND, "VNPT-HNI", FROM_MAY)
        answer = await go(http, how)
        assert (answer["code"], answer["unitCode"]) == ("OVERLAP", "VNPT-HNI")
        assert (await ask(http, OVERRIDE, "tttt-admin", **SECOND, unit="VNPT-HNI")).get("phase")
        assert (await go(http, how))["__typename"].endswith("Payload")
    assert meetings(programme) == 0


@pytest.mark.parametrize("how", GONE)
async def test_what_is_closed_or_of_a_campaign_that_is_left_keeps_no_unit_from_going(
    programme, how
):
    rows(
        programme,
        """with made as (
            insert into campaign (code, title, owner_id, counts_from, applied_from, applied_to)
            select 'RIENG', 'x', id, 'RECOGNISED', '2022-01-01', '2023-01-01'
            from unit where code = 'VNPT' returning id
        )
        insert into phase (campaign_id, ordinal, title, opens_on, closes_on)
        select id, 1, 'x', date '2022-10-01', date '2022-12-31' from made""",
    )
    own = {"campaign": "RIENG", "phase": 1}
    async with client(programme) as http:
        peak = {**PEAK, **own, **NOVEMBER}
        assert (await ask(http, DRIVE, "tttt-admin", **peak)).get("drive")
        await override(http, FIRST, "VNPOST", EARLY_SPRING)
        await override(http, SECOND, "VNPOST", FROM_MAY)
        await override(http, FIRST, "VNPT-HCM", LATE_SPRING)
        rows(programme, "update unit set valid_to = '2022-10-01' where code = 'VNPT-HCM'")
        assert (await go(http, how))["__typename"].endswith("Payload")


@pytest.mark.parametrize("how", GONE)
@pytest.mark.parametrize("moves_first", [True, False])
async def test_a_window_and_a_unit_that_changes_its_line_follow_one_another(
    programme, how, moves_first
):
    async with client(programme) as http:
        await override(http, FIRST, "VNPOST", EARLY_SPRING)
        await override(http, SECOND, "VNPOST", FROM_MAY)
        fields = {**FIRST, **LATE_SPRING, "unit": "VNPT-HNI", "reason": WHY}
        both = [go(http, how), ask(http, OVERRIDE, "tttt-admin", **fields)]
        answers = await asyncio.gather(*(both if moves_first else both[::-1]))
        done = [answer["__typename"].endswith("Payload") for answer in answers]
        assert sorted(done) == [False, True]
        assert "OVERLAP" in [answer.get("code") for answer in answers]
    assert meetings(programme) == 0


@pytest.mark.parametrize("how", GONE)
@pytest.mark.parametrize("moves_first", [True, False])
async def test_a_drive_and_a_unit_that_changes_its_line_follow_one_another(
    programme, how, moves_first
):
    async with client(programme) as http:
        await override(http, SECOND, "VNPOST", UNTIL_OCTOBER)
        both = [go(http, how), ask(http, DRIVE, "tttt-admin", **PEAK, **NOVEMBER)]
        answers = await asyncio.gather(*(both if moves_first else both[::-1]))
        done = [answer["__typename"].endswith("Payload") for answer in answers]
        assert sorted(done) == [False, True]
        assert {"OUTSIDE_PHASE", "DRIVE_LEFT_OUT"} & {answer.get("code") for answer in answers}
