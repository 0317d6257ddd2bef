"""Window overrides and drives: within the phase, within the caller's subtree."""

import asyncio
from datetime import date

import pytest

from tests.client import client
from tests.phase_documents import (
    ADD,
    CHANGE,
    DRIVE,
    FIRST,
    OVERRIDE,
    SECOND,
    WHY,
    adjustments,
    ask,
    one,
    rows,
)

AUTUMN = {"opensOn": "2022-06-01", "closesOn": "2022-12-31"}
PEAK = {
    **SECOND,
    "unit": "TTTT",
    "title": "Cao điểm",
    "opensOn": "2022-11-01",
    "closesOn": "2022-11-30",
}
DRAFT = """mutation ($input: DraftInitiativeInput!) { draftInitiative(input: $input) {
    ... on InitiativePayload { initiative { number } } } }"""
SUBMIT = """mutation ($input: SubmitInitiativeInput!) { submitInitiative(input: $input) {
    ... on InitiativePayload { __typename initiative { phase { ordinal } } }
    ... on InitiativeRejected { __typename code opensOn closesOn } } }"""
TEXT = {
    "campaign": "1TRSK",
    "title": "Giá đỡ cáp",
    "summary": "Giảm thời gian kéo cáp.",
    "content": "Bản vẽ.",
    "solutionType": "TECHNICAL",
    "appliedOn": "2022-09-01",
}


def window(url, unit, phase=2):
    return rows(
        url,
        "select w.opens_on, w.closes_on from unit u"
        " cross join lateral phase_window((select id from phase where ordinal = %s), u.path) w"
        " where u.code = %s",
        phase,
        unit,
    )[0]


async def test_an_override_holds_for_the_subtree_and_is_taken_away_by_null_dates(programme):
    async with client(programme) as http:
        made = await ask(http, OVERRIDE, "tttt-admin", **SECOND, unit="VNPT", **AUTUMN)
        assert made["override"] == {
            "unit": {"code": "VNPT"},
            "closesOn": "2022-12-31",
            "opensOn": "2022-06-01",
            "version": 1,
        }
        assert (made["outsideWindow"], made["drivesOutside"]) == (0, [])
        assert window(programme, "VNPT-HNI") == (date(2022, 6, 1), date(2022, 12, 31))
        assert window(programme, "TTTT") == (date(2022, 6, 1), date(2023, 9, 30))
        moved = await ask(
            http,
            OVERRIDE,
            "tttt-admin",
            **SECOND,
            unit="VNPT",
            opensOn="2022-07-01",
            closesOn="2022-12-31",
            version=1,
        )
        assert moved["override"]["version"] == 2
        assert moved["outsideWindow"] == one(
            programme,
            "select count(*) from initiative where phase_id = 2 and state not in ('DRAFT',"
            " 'WITHDRAWN', 'DUPLICATE', 'REVOKED') and local_day(submitted_at) < '2022-07-01'"
            " and path <@ (select path from unit where code = 'VNPT')",
        )
        assert moved["outsideWindow"] > 0
        stale = await ask(http, OVERRIDE, "tttt-admin", **SECOND, unit="VNPT", version=1)
        assert (stale["__typename"], stale["version"]) == ("Conflict", 2)
        gone = await ask(
            http, OVERRIDE, "tttt-admin", **SECOND, unit="VNPT", opensOn=None, closesOn=None
        )
        assert (gone["override"], gone["phase"]["overrides"]) == (None, [])
        late = await ask(http, OVERRIDE, "tttt-admin", **SECOND, unit="VNPT", **AUTUMN, version=2)
        assert (late["__typename"], late["version"]) == ("Conflict", 0)
        absent = await ask(http, OVERRIDE, "tttt-admin", **SECOND, unit="VNPT")
        assert (absent["__typename"], absent["what"]) == ("NotFound", "WindowOverride")
    assert window(programme, "VNPT-HNI") == (date(2022, 6, 1), date(2023, 9, 30))


async def test_one_date_alone_is_no_override(programme):
    async with client(programme) as http:
        for given, missing in (("opensOn", "closesOn"), ("closesOn", "opensOn")):
            answer = await ask(
                http, OVERRIDE, "tttt-admin", **SECOND, unit="VNPT", **{given: "2022-12-01"}
            )
            assert [(p["path"], p["code"]) for p in answer["problems"]] == [([missing], "BLANK")]


async def test_submissions_follow_the_override_of_their_unit(programme):
    async with client(programme) as http:
        await ask(
            http,
            OVERRIDE,
            "tttt-admin",
            **SECOND,
            unit="VNPT",
            opensOn="2022-06-01",
            closesOn="2022-10-20",
        )
        number = (await ask(http, DRAFT, "member", **TEXT))["initiative"]["number"]
        late = await ask(http, SUBMIT, "member", number=number)
        assert (late["code"], late["closesOn"]) == ("OUTSIDE_EVERY_WINDOW", "2022-10-20")
        await ask(http, OVERRIDE, "tttt-admin", **SECOND, unit="VNPT-HNI", reason=WHY, **AUTUMN)
        in_time = await ask(http, SUBMIT, "member", number=number)
        assert in_time["initiative"]["phase"] == {"ordinal": 2}


async def test_windows_of_two_phases_do_not_meet_at_a_unit_or_below_it(programme):
    async with client(programme) as http:
        early = await ask(
            http,
            OVERRIDE,
            "tttt-admin",
            **SECOND,
            unit="TTTT",
            opensOn="2022-05-20",
            closesOn="2023-09-30",
        )
        assert (early["code"], early["unitCode"], early["ordinal"]) == ("OVERLAP", "TTTT", 1)
        for unit, closes in (("VNPT-HNI", "2022-06-15"), ("VNPT", "2022-04-30")):
            later = await ask(
                http,
                OVERRIDE,
                "tttt-admin",
                **FIRST,
                unit=unit,
                opensOn="2022-02-01",
                closesOn=closes,
                reason=WHY,
            )
            answer = later.get("code") or later["override"]["closesOn"]
            assert answer == ("OVERLAP" if unit == "VNPT-HNI" else closes)
        freed = await ask(
            http,
            OVERRIDE,
            "tttt-admin",
            **SECOND,
            unit="VNPT-HNI",
            opensOn="2022-07-01",
            closesOn="2023-09-30",
        )
        assert freed["__typename"] == "OverridePhaseWindowPayload"
        longer = await ask(
            http,
            OVERRIDE,
            "tttt-admin",
            **FIRST,
            unit="VNPT-HNI",
            opensOn="2022-02-01",
            closesOn="2022-06-30",
            reason=WHY,
        )
        assert longer["__typename"] == "OverridePhaseWindowPayload"
        # Further up it is rejected because of the units below; so is removing that window.
        back = await ask(http, OVERRIDE, "tttt-admin", **SECOND, unit="VNPT-HNI")
        assert (back["code"], back["unitCode"], back["closesOn"]) == (
            "OVERLAP",
            "VNPT-HNI",
            "2022-06-30",
        )


async def test_changing_what_has_closed_at_the_unit_takes_a_reason_kept_by_name(programme):
    async with client(programme) as http:
        dates = {"opensOn": "2022-02-01", "closesOn": "2022-05-20"}
        refused = await ask(http, OVERRIDE, "tttt-admin", **FIRST, unit="VNPT", **dates)
        assert [p["code"] for p in refused["problems"]] == ["REASON_NEEDED"]
        assert one(programme, "select count(*) from window_override") == 0
        await ask(http, OVERRIDE, "tttt-admin", **FIRST, unit="VNPT", **dates, reason=WHY)
        peak = {
            **FIRST,
            "unit": "VNPT",
            "title": "x",
            "opensOn": "2022-05-01",
            "closesOn": "2022-05-20",
        }
        refused = await ask(http, DRIVE, "tttt-admin", **peak)
        assert [p["code"] for p in refused["problems"]] == ["REASON_NEEDED"]
        await ask(http, DRIVE, "tttt-admin", **peak, reason=WHY)
        assert adjustments(programme) == [("WINDOW", "VNPT", 0, WHY), ("DRIVE", "VNPT", 0, WHY)]


@pytest.mark.parametrize(
    "dates",
    [("2022-05-31", "2022-06-30"), ("2023-09-30", "2023-10-01"), ("2021-01-01", "2021-02-01")],
)
async def test_a_drive_lies_within_the_phase_as_it_holds_for_its_unit(programme, dates):
    async with client(programme) as http:
        given = {**PEAK, "opensOn": dates[0], "closesOn": dates[1]}
        answer = await ask(http, DRIVE, "tttt-admin", **given)
        assert (answer["__typename"], answer["code"]) == ("PhaseRejected", "OUTSIDE_PHASE")
        assert (answer["opensOn"], answer["closesOn"]) == ("2022-06-01", "2023-09-30")
        await ask(http, OVERRIDE, "tttt-admin", **SECOND, unit="TTTT", **AUTUMN)
        called = await ask(http, DRIVE, "tttt-admin", **PEAK)
        assert called["drive"]["unit"] == {"code": "TTTT"}
        assert called["phase"]["ordinal"] == 2
        after = await ask(http, DRIVE, "tttt-admin", **{**PEAK, "closesOn": "2023-01-01"})
        assert (after["code"], after["closesOn"]) == ("OUTSIDE_PHASE", "2022-12-31")


async def test_an_override_leaves_no_drive_outside_that_is_not_over(programme):
    async with client(programme) as http:
        await ask(http, DRIVE, "tttt-admin", **{**PEAK, "unit": "VNPT"})
        answer = await ask(
            http,
            OVERRIDE,
            "tttt-admin",
            **SECOND,
            unit="TTTT",
            opensOn="2022-06-01",
            closesOn="2022-11-29",
        )
        assert (answer["code"], answer["unitCode"]) == ("DRIVE_LEFT_OUT", "VNPT")


async def test_a_drive_and_a_change_of_its_phase_at_once_follow_one_another(programme):
    late = {**PEAK, "opensOn": "2023-09-01", "closesOn": "2023-09-30"}
    async with client(programme) as http:
        for _ in range(3):
            drive, change = await asyncio.gather(
                ask(http, DRIVE, "tttt-admin", **late),
                ask(http, CHANGE, "confed-admin", **SECOND, closesOn="2023-08-31"),
            )
            both = {drive["__typename"], change["__typename"]}
            assert both in (
                {"AddDrivePayload", "PhaseRejected"},
                {"PhaseRejected", "UpdatePhasePayload"},
            )
            if change["__typename"] == "UpdatePhasePayload":
                await ask(http, CHANGE, "confed-admin", **SECOND, closesOn="2023-09-30")


@pytest.mark.parametrize(
    ("username", "outcome"),
    [
        ("confed-admin", "Payload"),
        ("tttt-admin", "Payload"),
        ("upper-officer", "Forbidden"),
        ("council", "Forbidden"),
        ("support", "Forbidden"),
        ("member", "Forbidden"),
        ("auditor", "Forbidden"),
        ("tttt-auditor", "Forbidden"),
        ("nobody", "Forbidden"),
        (None, "Forbidden"),
    ],
)
async def test_administrators_set_windows_and_drives_in_their_subtree(programme, username, outcome):
    async with client(programme) as http:
        for document, fields in ((OVERRIDE, {**SECOND, **AUTUMN, "unit": "VNPT"}), (DRIVE, PEAK)):
            answer = await ask(http, document, username, **fields)
            assert answer["__typename"].endswith(outcome)
    made = one(
        programme,
        "select (select count(*) from window_override) + (select count(*) from drive) - 1",
    )
    assert made == (2 if outcome == "Payload" else 0)


async def test_a_unit_beside_ones_own_is_not_found_and_one_above_is_forbidden(programme):
    async with client(programme) as http:
        for unit, outcome in (("TLD", "Forbidden"), ("HNI", "NotFound")):
            answer = await ask(http, OVERRIDE, "tttt-admin", **SECOND, **AUTUMN, unit=unit)
            assert answer["__typename"] == outcome
            answer = await ask(http, DRIVE, "tttt-admin", **{**PEAK, "unit": unit})
            assert answer["__typename"] == outcome


async def test_overrides_are_seen_where_their_units_are(programme):
    asked = """query { campaign(code: "1TRSK") { phases { overrides {
        unit { code } opensOn closesOn } } } }"""
    async with client(programme) as http:
        for unit in ("HNI", "VNPT", "VNPT-HNI"):
            made = await ask(http, OVERRIDE, "confed-admin", **SECOND, **AUTUMN, unit=unit)
            assert made["__typename"] == "OverridePhaseWindowPayload"
        for username, codes in (
            ("confed-admin", ["HNI", "VNPT", "VNPT-HNI"]),
            ("auditor", ["HNI", "VNPT", "VNPT-HNI"]),
            ("tttt-admin", ["VNPT", "VNPT-HNI"]),
            ("member", ["VNPT-HNI"]),
            (None, []),
        ):
            phases = (await http.data(asked, username))["campaign"]["phases"]
            assert [one_["unit"]["code"] for one_ in phases[1]["overrides"]] == codes
            assert phases[0]["overrides"] == []


async def test_a_unit_outside_the_owners_subtree_has_no_window_of_the_campaign(programme):
    rows(
        programme,
        "insert into campaign (code, title, owner_id, counts_from, applied_from, applied_to)"
        " select 'RIENG', 'x', id, 'RECOGNISED', '2022-01-01', '2023-01-01'"
        " from unit where code = 'VNPT'",
    )
    own = {"campaign": "RIENG", "title": "x", "opensOn": "2022-06-01", "closesOn": "2022-12-31"}
    async with client(programme) as http:
        await ask(http, ADD, "tttt-admin", **own)
        for unit, code in (("TTTT", "OUTSIDE_CAMPAIGN"), ("VNPT-HNI", None), ("VNPT", None)):
            fields = {"campaign": "RIENG", "phase": 1, "unit": unit, **AUTUMN}
            assert (await ask(http, OVERRIDE, "tttt-admin", **fields)).get("code") == code
            answer = await ask(http, DRIVE, "tttt-admin", **fields, title="x")
            assert answer.get("code") == code
