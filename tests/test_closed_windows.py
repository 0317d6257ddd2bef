"""Closed or merged units have no windows: none of theirs blocks a phase."""

import pytest

from tests.client import client
from tests.phase_documents import ADD, CHANGE, DRIVE, FREEZE, OVERRIDE, SECOND, WHY, ask, one, rows
from tests.test_moved_windows import MERGE

THIRD = {
    "campaign": "1TRSK",
    "title": "Đợt 3",
    "opensOn": "2023-10-01",
    "closesOn": "2023-12-31",
}
INTO = {"units": ["VNPT-HNI"], "into": "VNPT-DNG", "reason": WHY}


async def override(http, opens, closes):
    given = {"opensOn": opens, "closesOn": closes, "reason": WHY}
    made = await ask(http, OVERRIDE, "tttt-admin", **SECOND, unit="VNPT-HNI", **given)
    assert made["__typename"] == "OverridePhaseWindowPayload", made


async def merged(http):
    answer = await ask(http, MERGE, "tttt-admin", **INTO)
    assert answer["__typename"] == "MergeUnitsPayload", answer


async def test_a_phase_is_frozen_that_is_open_only_where_a_unit_is_closed(programme):
    async with client(programme) as http:
        await ask(http, CHANGE, "confed-admin", **SECOND, closesOn="2022-10-20")
        await override(http, "2022-06-01", "2022-10-21")
        answer = await ask(http, FREEZE, "confed-admin", **SECOND)
        assert (answer["code"], answer["unitCode"]) == ("NOT_CLOSED", "VNPT-HNI")
        await merged(http)
        frozen = await ask(http, FREEZE, "confed-admin", **SECOND)
        assert frozen["__typename"] == "PhasePayload"


async def test_a_phase_is_frozen_though_the_campaigns_owner_is_closed(programme):
    rows(
        programme,
        """with gone as (
            insert into unit (code, name, level, parent_id, valid_from, valid_to)
            select 'CU', 'x', 'UPPER', id, '2022-01-01', '2022-10-01' from unit
            where code = 'TTTT' returning id
        ), made as (
            insert into campaign (code, title, owner_id, counts_from, applied_from, applied_to)
            select 'RIENG', 'x', id, 'RECOGNISED', '2022-01-01', '2023-01-01' from gone returning id
        )
        insert into phase (campaign_id, ordinal, title, opens_on, closes_on)
        select id, 1, 'x', date '2022-08-01', date '2022-09-30' from made""",
    )
    async with client(programme) as http:
        frozen = await ask(http, FREEZE, "tttt-admin", campaign="RIENG", phase=1)
        assert frozen["__typename"] == "PhasePayload"


async def test_a_phase_meets_no_other_where_a_unit_is_closed(programme):
    async with client(programme) as http:
        await override(http, "2022-06-01", "2023-10-31")
        answer = await ask(http, ADD, "confed-admin", **THIRD)
        assert (answer["code"], answer["unitCode"]) == ("OVERLAP", "VNPT-HNI")
        await merged(http)
        added = await ask(http, ADD, "confed-admin", **THIRD)
        assert added["phase"]["ordinal"] == 3


async def test_a_drive_of_a_closed_unit_holds_no_phase_up(programme):
    async with client(programme) as http:
        peak = {**SECOND, "unit": "VNPT-HNI", "title": "Cao điểm"}
        await ask(http, DRIVE, "tttt-admin", **peak, opensOn="2023-09-01", closesOn="2023-09-30")
        answer = await ask(http, CHANGE, "confed-admin", **SECOND, closesOn="2023-08-31")
        assert (answer["code"], answer["unitCode"]) == ("DRIVE_LEFT_OUT", "VNPT-HNI")
        await merged(http)
        changed = await ask(http, CHANGE, "confed-admin", **SECOND, closesOn="2023-08-31")
        assert (changed["phase"]["closesOn"], changed["drivesOutside"]) == ("2023-08-31", [])


@pytest.mark.parametrize("closes", ["2022-12-31", "2022-10-20"])
async def test_at_a_closed_unit_windows_are_taken_away_and_not_set(programme, closes):
    async with client(programme) as http:
        await override(http, "2022-06-01", closes)
        await merged(http)
        here = {**SECOND, "unit": "VNPT-HNI"}
        set_ = await ask(
            http, OVERRIDE, "tttt-admin", **here, opensOn="2022-06-01", closesOn="2022-11-30"
        )
        half = await ask(http, OVERRIDE, "tttt-admin", **here, opensOn="2022-06-01")
        assert (set_["code"], half["code"]) == ("UNIT_CLOSED", "UNIT_CLOSED")
        if closes < "2022-10-21":
            unsaid = await ask(http, OVERRIDE, "tttt-admin", **here)
            assert [problem["code"] for problem in unsaid["problems"]] == ["REASON_NEEDED"]
        gone = await ask(http, OVERRIDE, "tttt-admin", **here, reason=WHY)
        assert (gone["__typename"], gone["override"]) == ("OverridePhaseWindowPayload", None)
        again = await ask(http, OVERRIDE, "tttt-admin", **here, reason=WHY)
        assert (again["__typename"], again["what"]) == ("NotFound", "WindowOverride")
    assert one(programme, "select count(*) from window_override") == 0
