"""Campaigns: created and changed, by which roles, and their totals afterwards."""

import asyncio

import psycopg
import pytest

from db.verify import verify
from tests.client import client
from tests.deciding import LINE, REVIEW, approve, handed_in, rise
from tests.phase_documents import ADD, CREATE, UPDATE, WHY, adjustments, ask, one, rows

OWN = {
    "code": "TTTT-2023",
    "title": "Sáng kiến ngành Thông tin và Truyền thông",
    "owner": "TTTT",
    "countsFrom": "CONFIRMED",
    "appliedFrom": "2022-01-01",
    "appliedTo": "2023-12-31",
}
TIERS = [
    {"label": "trên 5 tỷ đồng", "from": 5_000_000_001},
    {"label": "20 đến 100 tỷ đồng", "from": 20_000_000_000, "to": 100_000_000_000},
]
RUBRIC = [{"criterion": "Tính mới", "most": 30}, {"criterion": "Hiệu quả", "most": 70}]
CONFIRMED = {"code": "1TRSK", "countsFrom": "CONFIRMED"}


def clean(url):
    with psycopg.connect(url) as connection:
        return verify(connection).differing == 0


def totals(url):
    return rows(
        url,
        "select unit_id, sum(achieved), sum(confirmed), sum(recognised) from rollup"
        " where ordinal = 1 group by unit_id order by unit_id",
    )


async def test_an_administrator_creates_a_campaign_of_its_unit(programme):
    async with client(programme) as http:
        made = await ask(http, CREATE, "tttt-admin", **OWN, tiers=TIERS, rubric=RUBRIC)
        assert made["__typename"] == "CampaignPayload"
        campaign = made["campaign"]
        assert (campaign["owner"], campaign["version"]) == ({"code": "TTTT"}, 1)
        assert (campaign["countsFrom"], campaign["confirmingLevel"]) == ("CONFIRMED", "FEDERATION")
        assert campaign["tiers"] == [{"to": None, **TIERS[0]}, TIERS[1]]
        assert campaign["rubric"] == [RUBRIC[1], RUBRIC[0]]
        assert campaign["phases"] == []
        phase = await ask(
            http,
            ADD,
            "tttt-admin",
            campaign="TTTT-2023",
            title="Đợt 1",
            opensOn="2022-10-01",
            closesOn="2022-12-31",
        )
        assert (phase["phase"]["ordinal"], phase["phase"]["status"]) == (1, "ACTIVE")
        taken = await ask(http, CREATE, "tttt-admin", **OWN)
        assert (taken["__typename"], taken["code"], taken["field"]) == ("Conflict", "TAKEN", "code")
    assert clean(programme)


async def test_of_two_campaigns_of_one_code_one_is_made(programme):
    async with client(programme) as http:
        answers = await asyncio.gather(*(ask(http, CREATE, "tttt-admin", **OWN) for _ in range(3)))
    kinds = sorted(answer["__typename"] for answer in answers)
    assert kinds == ["CampaignPayload", "Conflict", "Conflict"]


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({"appliedTo": "2021-12-31"}, ["appliedTo"], "DATES_REVERSED"),
        ({"code": "ttt t"}, ["code"], "NOT_A_CODE"),
        ({"title": " "}, ["title"], "BLANK"),
        ({"tiers": [TIERS[0], {**TIERS[1], "to": 1}]}, ["tiers", "1", "to"], "TOO_SMALL"),
        ({"tiers": [{"label": "x", "from": -1}]}, ["tiers", "0", "from"], "TOO_SMALL"),
        ({"tiers": [TIERS[0], TIERS[0]]}, ["tiers", "1"], "REPEATED"),
        ({"rubric": [{"criterion": "x", "most": 0}]}, ["rubric", "0", "most"], "TOO_SMALL"),
        ({"rubric": [RUBRIC[0], RUBRIC[0]]}, ["rubric", "1"], "REPEATED"),
    ],
)
async def test_input_that_cannot_be_meant_is_named_by_its_path(programme, fields, path, code):
    async with client(programme) as http:
        answer = await ask(http, CREATE, "tttt-admin", **{**OWN, **fields})
        assert answer["__typename"] == "InvalidInput"
        assert [(p["path"], p["code"]) for p in answer["problems"]] == [(path, code)]


async def test_a_closed_unit_founds_no_campaign(programme):
    rows(programme, "update unit set valid_to = '2022-09-01' where code = 'VNNIC'")
    async with client(programme) as http:
        answer = await ask(http, CREATE, "tttt-admin", **{**OWN, "owner": "VNNIC"})
        assert (answer["__typename"], answer["code"]) == ("CampaignRejected", "UNIT_CLOSED")


@pytest.mark.parametrize(
    ("username", "outcome"),
    [
        ("tttt-admin", "Forbidden"),
        ("upper-officer", "Forbidden"),
        ("council", "Forbidden"),
        ("member", "Forbidden"),
        ("auditor", "Forbidden"),
        ("nobody", "Forbidden"),
        (None, "Forbidden"),
        ("confed-admin", "CampaignPayload"),
    ],
)
async def test_only_administrators_of_the_owner_manage_a_campaign(programme, username, outcome):
    async with client(programme) as http:
        changed = await ask(http, UPDATE, username, code="1TRSK", title="x")
        made = await ask(http, CREATE, username, **{**OWN, "owner": "TLD"})
        assert (changed["__typename"], made["__typename"]) == (outcome, outcome)
        if username == "tttt-admin":
            assert (changed["permission"], changed["unitCode"]) == ("CAMPAIGN_MANAGE", "TLD")
            beside = await ask(http, CREATE, username, **{**OWN, "owner": "HNI"})
            assert beside["__typename"] == "NotFound"


async def test_what_is_not_given_stays_and_a_stale_version_is_a_conflict(programme):
    async with client(programme) as http:
        changed = await ask(http, UPDATE, "confed-admin", code="1TRSK", version=1, rubric=RUBRIC)
        campaign = changed["campaign"]
        assert campaign["rubric"] == [RUBRIC[1], RUBRIC[0]]
        assert (campaign["version"], len(campaign["tiers"])) == (2, 2)
        stale = await ask(http, UPDATE, "confed-admin", code="1TRSK", version=1, title="x")
        assert (stale["__typename"], stale["version"]) == ("Conflict", 2)
        early = await ask(http, UPDATE, "confed-admin", code="1TRSK", appliedTo="2021-08-31")
        assert [(p["path"], p["code"]) for p in early["problems"]] == [
            (["appliedTo"], "DATES_REVERSED")
        ]
        absent = await ask(http, UPDATE, "confed-admin", code="KHONG", title="x")
        assert (absent["__typename"], absent["what"]) == ("NotFound", "Campaign")
    assert one(programme, "select title from campaign").startswith("01 triệu")
    assert adjustments(programme) == []


async def test_counting_from_another_state_rewrites_totals_with_a_reason(programme):
    before = totals(programme)
    async with client(programme) as http:
        refused = await ask(http, UPDATE, "confed-admin", **CONFIRMED)
        assert [(p["path"], p["code"]) for p in refused["problems"]] == [
            (["reason"], "REASON_NEEDED")
        ]
        assert totals(programme) == before
        await ask(http, UPDATE, "confed-admin", **CONFIRMED, reason=WHY)
        after = totals(programme)
        assert after != before
        assert all(achieved == counted for _, achieved, counted, _ in after)
        assert clean(programme)
        # Nothing is frozen yet: one adjustment of phase 1, which has closed; none of phase 2.
        assert adjustments(programme) == [("PHASE", "TLD", 0, WHY)]
        back = {**CONFIRMED, "countsFrom": "RECOGNISED", "reason": WHY}
        await ask(http, UPDATE, "confed-admin", **back)
    assert totals(programme) == before
    assert clean(programme)


async def test_a_tier_stays_the_same_by_its_label_and_totals_follow_its_band(programme):
    ids = dict(rows(programme, "select label, id from benefit_tier"))
    given = [
        {"label": "từ 1 tỷ đồng", "from": 1_000_000_000},
        {**TIERS[1], "to": 50_000_000_000},
        TIERS[0],
    ]
    async with client(programme) as http:
        refused = await ask(http, UPDATE, "confed-admin", code="1TRSK", tiers=given)
        assert [p["code"] for p in refused["problems"]] == ["REASON_NEEDED"]
        changed = await ask(http, UPDATE, "confed-admin", code="1TRSK", tiers=given, reason=WHY)
        assert [tier["label"] for tier in changed["campaign"]["tiers"]] == [
            tier["label"] for tier in given
        ]
        kept = dict(rows(programme, "select label, id from benefit_tier"))
        assert {label: kept[label] for label in ids} == ids
        assert clean(programme)
        # Reordering alone changes no figure.
        turned = await ask(http, UPDATE, "confed-admin", code="1TRSK", tiers=given[::-1])
        assert turned["campaign"]["tiers"][2]["label"] == "từ 1 tỷ đồng"
        gone = await ask(http, UPDATE, "confed-admin", code="1TRSK", tiers=[], reason=WHY)
        assert gone["campaign"]["tiers"] == []
    assert one(programme, "select count(*) from rollup_tier") == 0
    assert adjustments(programme) == [("PHASE", "TLD", 0, WHY)] * 2
    assert clean(programme)


async def awaiting(http, url, number):
    """Return state, version, waiting time and awaited unit; that unit's deciders have it queued."""
    ((state, version, since, code),) = rows(
        url,
        "select i.state, i.version, i.awaited_at, u.code from initiative i"
        " left join unit u on u.id = i.awaits_id where number = %s",
        number,
    )
    asked = "{ viewer { queue(last: 100) { nodes { initiative { number } } } } }"
    for username, unit in LINE:
        queue = (await http.data(asked, username))["viewer"]["queue"]["nodes"]
        assert ({"initiative": {"number": number}} in queue) == (unit == code)
    return state, version, since, code


async def confirm_at(http, level):
    given = {"code": "1TRSK", "confirmingLevel": level}
    assert (await ask(http, UPDATE, "confed-admin", **given))["__typename"] == "CampaignPayload"


async def test_a_lower_confirming_level_has_the_last_that_decides_decide_once_more(programme):
    async with client(programme) as http:
        number, untouched = await handed_in(http), await handed_in(http)
        await rise(http, number, levels=2)
        state, version, since, code = await awaiting(http, programme, number)
        assert (state, code) == ("RECOGNISED", "TTTT")
        before = await awaiting(http, programme, untouched)
        await confirm_at(http, "UPPER")
        after = await awaiting(http, programme, number)
        assert after == ("RECOGNISED", version + 1, since, "VNPT")
        assert await awaiting(http, programme, untouched) == before
        above = await ask(http, REVIEW, "council", number=number, decision="APPROVE")
        assert (above["code"], above["awaits"]) == ("NOT_AWAITED", "VNPT")
        assert (await approve(http, "upper-officer", number))["state"] == "CONFIRMED"
        # Confirmed initiatives stay confirmed.
        await confirm_at(http, "FEDERATION")
        assert (await awaiting(http, programme, number))[0] == "CONFIRMED"
    assert clean(programme)


async def test_a_higher_confirming_level_leaves_nobody_to_decide_twice(programme):
    async with client(programme) as http:
        number, lower = await handed_in(http), await handed_in(http)
        await rise(http, number, levels=2)
        await rise(http, lower, levels=1)
        await confirm_at(http, "CONFEDERATION")
        _, version, since, code = await awaiting(http, programme, number)
        assert (version, code) == (4, "TTTT")
        await confirm_at(http, "UPPER")
        await confirm_at(http, "CONFEDERATION")
        assert await awaiting(http, programme, number) == ("RECOGNISED", 6, since, "TTTT")
        assert (await awaiting(http, programme, lower))[1::2] == (3, "VNPT")
        risen = await approve(http, "council", number)
        assert (risen["state"], risen["awaits"]) == ("RECOGNISED", {"code": "TLD"})


async def test_where_a_lower_level_leaves_none_to_decide_the_lowest_open_unit_does(programme):
    async with client(programme) as http:
        number = await handed_in(http)
        await rise(http, number, levels=2)
        rows(
            programme, "update unit set valid_to = '2022-10-01' where code in ('VNPT', 'VNPT-HNI')"
        )
        await confirm_at(http, "UPPER")
        assert (await awaiting(http, programme, number))[3] == "TTTT"
        assert (await approve(http, "council", number))["state"] == "CONFIRMED"
