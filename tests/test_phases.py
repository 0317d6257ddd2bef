"""Phases: added and changed, by which roles; moved dates leave initiatives in their phase."""

import asyncio
from datetime import date, datetime

import psycopg
import pytest

from api.settings import DEMO_TODAY
from auth.principal import VIETNAM
from db.verify import verify
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

THIRD = {
    "campaign": "1TRSK",
    "title": "Giai đoạn 3",
    "opensOn": "2023-10-01",
    "closesOn": "2023-12-31",
}
OUTSIDE = """
    select count(*) from initiative i join phase p on p.id = i.phase_id
    where p.ordinal = %s and i.path <@ (select path from unit where code = %s)
        and i.state in ('SUBMITTED', 'RECOGNISED', 'CONFIRMED', 'RETURNED', 'REJECTED')
        and local_day(i.submitted_at) not between %s and %s
"""


def clean(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return verify(connection).differing == 0


def placed(url: str) -> list[tuple[int, int]]:
    """Return each initiative's phase."""
    return rows(url, "select id, phase_id from initiative order by id")


async def test_a_phase_is_added_after_the_last_with_the_floor_of_the_campaign_raised(programme):
    async with client(programme) as http:
        added = await ask(
            http, ADD, "confed-admin", **THIRD, floor=3, audience="Mọi người", occasions=["A", "B"]
        )
        assert added["__typename"] == "PhasePayload"
        phase = added["phase"]
        assert (phase["ordinal"], phase["status"], phase["floor"]) == (3, "UPCOMING", 3)
        assert (phase["audience"], phase["occasions"]) == ("Mọi người", ["A", "B"])
    assert clean(programme)


@pytest.mark.parametrize(
    ("dates", "ordinal"),
    [
        ({"opensOn": "2023-09-30"}, 2),
        ({"opensOn": "2022-05-31", "closesOn": "2022-05-31"}, 1),
        ({"opensOn": "2021-01-01", "closesOn": "2030-01-01"}, 1),
    ],
)
async def test_phases_of_a_campaign_share_no_day(programme, dates, ordinal):
    async with client(programme) as http:
        answer = await ask(http, ADD, "confed-admin", **{**THIRD, **dates})
        assert (answer["__typename"], answer["code"]) == ("PhaseRejected", "OVERLAP")
        assert (answer["ordinal"], answer["unitCode"]) == (ordinal, "TLD")
        moved = await ask(http, CHANGE, "confed-admin", **SECOND, opensOn="2022-05-31")
        assert (moved["code"], moved["ordinal"], moved["closesOn"]) == ("OVERLAP", 1, "2022-05-31")
    assert one(programme, "select count(*) from phase") == 2


async def test_a_phase_that_meets_another_where_that_is_overridden_is_refused(programme):
    async with client(programme) as http:
        longer = await ask(
            http,
            OVERRIDE,
            "tttt-admin",
            **SECOND,
            unit="TTTT",
            opensOn="2022-06-01",
            closesOn="2023-10-15",
        )
        assert longer["__typename"] == "OverridePhaseWindowPayload"
        answer = await ask(http, ADD, "confed-admin", **THIRD)
        assert (answer["code"], answer["unitCode"], answer["ordinal"]) == ("OVERLAP", "TTTT", 2)
        assert answer["closesOn"] == "2023-10-15"
        later = await ask(http, ADD, "confed-admin", **{**THIRD, "opensOn": "2023-10-16"})
        assert later["__typename"] == "PhasePayload"
        earlier = await ask(
            http, CHANGE, "confed-admin", campaign="1TRSK", phase=3, opensOn="2023-10-15"
        )
        assert (earlier["code"], earlier["unitCode"]) == ("OVERLAP", "TTTT")


async def test_of_two_phases_for_the_same_days_one_is_added(programme):
    async with client(programme) as http:
        answers = await asyncio.gather(*(ask(http, ADD, "confed-admin", **THIRD) for _ in range(3)))
        assert sorted(answer["__typename"] for answer in answers) == [
            "PhasePayload",
            "PhaseRejected",
            "PhaseRejected",
        ]
        taken = await ask(
            http,
            ADD,
            "confed-admin",
            **{**THIRD, "opensOn": "2024-01-01", "closesOn": "2024-02-01", "ordinal": 2},
        )
        assert (taken["__typename"], taken["code"], taken["field"]) == (
            "Conflict",
            "TAKEN",
            "ordinal",
        )


async def test_dates_the_wrong_way_round_are_blamed_on_the_field_that_was_given(programme):
    async with client(programme) as http:
        for document, fields, path in (
            (ADD, {**THIRD, "closesOn": "2023-09-30"}, "closesOn"),
            (CHANGE, {**SECOND, "closesOn": "2022-05-31"}, "closesOn"),
            (CHANGE, {**SECOND, "opensOn": "2023-10-01"}, "opensOn"),
            (
                DRIVE,
                {
                    **SECOND,
                    "unit": "TTTT",
                    "title": "x",
                    "opensOn": "2022-07-02",
                    "closesOn": "2022-07-01",
                },
                "closesOn",
            ),
            (
                OVERRIDE,
                {**SECOND, "unit": "TTTT", "opensOn": "2022-07-02", "closesOn": "2022-07-01"},
                "closesOn",
            ),
        ):
            answer = await ask(http, document, "confed-admin", **fields)
            assert answer["__typename"] == "InvalidInput"
            assert [(p["path"], p["code"]) for p in answer["problems"]] == [
                ([path], "DATES_REVERSED")
            ]


async def test_what_is_not_given_stays_and_a_stale_version_is_a_conflict(programme):
    async with client(programme) as http:
        before = (await ask(http, CHANGE, "confed-admin", **SECOND, floor=4))["phase"]
        assert (before["floor"], before["title"], before["version"]) == (4, "Giai đoạn 2", 2)
        after = (await ask(http, CHANGE, "confed-admin", **SECOND, version=2, audience=None))[
            "phase"
        ]
        assert (after["audience"], after["floor"], after["version"]) == (None, 4, 3)
        stale = await ask(http, CHANGE, "confed-admin", **SECOND, version=2, title="x")
        assert (stale["__typename"], stale["code"], stale["version"]) == ("Conflict", "STALE", 3)
        absent = await ask(http, CHANGE, "confed-admin", campaign="1TRSK", phase=9, title="x")
        assert (absent["__typename"], absent["what"], absent["key"]) == ("NotFound", "Phase", "9")
    assert clean(programme)
    assert adjustments(programme) == []


async def test_a_closed_phase_changes_with_a_reason_which_is_kept_by_name(programme):
    async with client(programme) as http:
        refused = await ask(http, CHANGE, "confed-admin", **FIRST, title="Đợt 1", floor=2)
        assert refused["__typename"] == "InvalidInput"
        assert [(p["path"], p["code"]) for p in refused["problems"]] == [
            (["reason"], "REASON_NEEDED")
        ]
        assert one(programme, "select title from phase where ordinal = 1") == "Giai đoạn 1"
        changed = await ask(
            http, CHANGE, "confed-admin", **FIRST, title="Đợt 1", floor=2, reason=WHY
        )
        assert changed["phase"]["title"] == "Đợt 1"
        asked = """query { campaign(code: "1TRSK") { phases { adjustments { totalCount nodes {
            kind reason at gained unit { code } initiative { number } by { name } } } } } }"""
        phases = (await http.data(asked, "confed-admin"))["campaign"]["phases"]
        (made,) = phases[0]["adjustments"]["nodes"]
        assert (made["kind"], made["reason"], made["gained"]) == ("PHASE", WHY, 0)
        assert made["unit"] == {"code": "TLD"}
        assert made["initiative"] is None
        assert datetime.fromisoformat(made["at"]).astimezone(VIETNAM).date() == DEMO_TODAY
        assert made["by"]["name"]
        assert phases[1]["adjustments"]["totalCount"] == 0
    assert clean(programme)


@pytest.mark.parametrize("closes", ["2022-05-15", "2022-04-01", "2022-02-01"])
async def test_moving_a_date_leaves_all_where_it_counts_and_says_what_lies_outside(
    programme, closes
):
    before = placed(programme)
    achieved = one(programme, "select sum(achieved) from rollup where unit_id = 1 and ordinal = 1")
    async with client(programme) as http:
        moved = await ask(http, CHANGE, "confed-admin", **FIRST, closesOn=closes, reason=WHY)
        outside = one(programme, OUTSIDE, 1, "TLD", date(2022, 2, 1), date.fromisoformat(closes))
        assert outside > 0
        assert moved["outsideWindow"] == outside
        # The drive of May is over: it stays, and the rejection names it.
        assert len(moved["drivesOutside"]) == 1
        assert len(moved["phase"]["drives"]) == 1
        back = await ask(http, CHANGE, "confed-admin", **FIRST, closesOn="2022-05-31", reason=WHY)
        assert (back["outsideWindow"], back["drivesOutside"]) == (0, [])
    assert placed(programme) == before
    assert (
        one(programme, "select sum(achieved) from rollup where unit_id = 1 and ordinal = 1")
        == achieved
    )
    assert clean(programme)


async def test_what_lies_outside_is_judged_by_the_window_of_its_own_unit(programme):
    async with client(programme) as http:
        for unit, closes in (("TTTT", "2022-05-10"), ("VNPT", "2022-05-31")):
            await ask(
                http,
                OVERRIDE,
                "tttt-admin",
                **FIRST,
                unit=unit,
                opensOn="2022-02-01",
                closesOn=closes,
                reason=WHY,
            )
        answer = await ask(http, CHANGE, "confed-admin", **FIRST, closesOn="2022-04-15", reason=WHY)
    expected = """
        select count(*) from initiative i cross join lateral phase_window(i.phase_id, i.path) w
        where i.phase_id = 1
            and i.state in ('SUBMITTED', 'RECOGNISED', 'CONFIRMED', 'RETURNED', 'REJECTED')
            and local_day(i.submitted_at) not between w.opens_on and w.closes_on
    """
    assert answer["outsideWindow"] == one(programme, expected) > 0
    assert answer["outsideWindow"] < one(
        programme, OUTSIDE, 1, "TLD", date(2022, 2, 1), date(2022, 4, 15)
    )


async def test_a_drive_that_is_not_over_is_not_left_outside_its_phase(programme):
    async with client(programme) as http:
        called = await ask(
            http,
            DRIVE,
            "confed-admin",
            **SECOND,
            unit="VNPT",
            title="Tháng cao điểm",
            opensOn="2023-05-01",
            closesOn="2023-05-31",
        )
        assert called["__typename"] == "AddDrivePayload"
        answer = await ask(http, CHANGE, "confed-admin", **SECOND, closesOn="2023-05-30")
        assert (answer["code"], answer["driveTitle"]) == ("DRIVE_LEFT_OUT", "Tháng cao điểm")
        assert (answer["unitCode"], answer["closesOn"]) == ("VNPT", "2023-05-31")
        fits = await ask(http, CHANGE, "confed-admin", **SECOND, closesOn="2023-05-31")
        assert fits["__typename"] == "UpdatePhasePayload"


@pytest.mark.parametrize(
    "username",
    [
        "tttt-admin",
        "upper-officer",
        "unit-officer",
        "council",
        "support",
        "member",
        "auditor",
        "nobody",
        None,
    ],
)
async def test_only_administrators_of_the_owner_change_its_phases(programme, username):
    async with client(programme) as http:
        for document, fields in ((ADD, THIRD), (CHANGE, {**SECOND, "title": "x"})):
            answer = await ask(http, document, username, **fields)
            assert answer["__typename"] == "Forbidden"
    assert one(programme, "select count(*) from phase where version = 1") == 2


async def test_status_is_by_the_dates_of_today(programme):
    async with client(programme) as http:
        for closes, status in (("2022-10-21", "ACTIVE"), ("2022-10-20", "CLOSED")):
            changed = await ask(http, CHANGE, "confed-admin", **SECOND, closesOn=closes)
            assert changed["phase"]["status"] == status
        reopened = await ask(http, CHANGE, "confed-admin", **SECOND, closesOn="2022-10-22")
        assert reopened["__typename"] == "InvalidInput"
