"""Freezing a phase: its results stay for ever, and later changes are adjustments beside them."""

import asyncio
import random

import psycopg
import pytest

from auth.principal import Principals
from db.rules.errors import ForbiddenError
from db.sessions import Caller, Reader
from db.transactions import Attempt, Writer
from db.url import READER, WRITER, with_role
from db.verify import verify
from db.write_session import WriteSession
from tests.client import client
from tests.phase_documents import (
    CHANGE,
    FIRST,
    FREEZE,
    OVERRIDE,
    SECOND,
    UPDATE,
    WHY,
    adjustments,
    ask,
    one,
    rows,
)

SCALARS = """submitted recognised confirmed returned rejected achieved achievedProduction
    achievedPublic target percent benefitClaimed benefitVerified participants unitsTotal
    unitsReporting unitsMeetingFloor tiers { count tier { label from to } }"""
BESIDE = f"""query ($unit: String!) {{ unit(code: $unit) {{
    result(campaign: "1TRSK", phase: 1) {{ {SCALARS} days opensOn closesOn frozenAt gained
        by {{ name }} }}
    progress(campaign: "1TRSK", phase: 1) {{ {SCALARS} pace {{ days opensOn closesOn }} }}
    adjustments(campaign: "1TRSK", phase: 1, first: 100) {{ totalCount
        nodes {{ kind gained unit {{ code }} }} }} }} }}"""
OWN = ("days", "opensOn", "closesOn")


async def test_the_results_of_phase_one_can_be_asked_for_ever(programme):
    async with client(programme) as http:
        before = (await http.data(BESIDE, "tttt-admin", variables={"unit": "TTTT"}))["unit"]
        assert before["result"] is None
        frozen = (await ask(http, FREEZE, "confed-admin", **FIRST))["phase"]
        assert frozen["frozenAt"]
        assert frozen["version"] == 2
        after = (await http.data(BESIDE, "tttt-admin", variables={"unit": "TTTT"}))["unit"]
        result = after["result"]
        assert (result["achieved"], result["target"], result["percent"]) == (3572, 3000, 119.07)
        assert [tier["count"] for tier in result["tiers"]] == [39, 14]
        assert result["frozenAt"] == frozen["frozenAt"]
        assert (result["days"], result["opensOn"], result["closesOn"]) == (
            120,
            "2022-02-01",
            "2022-05-31",
        )
        # The Confederation froze it, whose people the sector union does not see.
        assert result["by"] is None
    units = one(programme, "select count(*) from unit")
    assert one(programme, "select count(*) from phase_result") == units


async def test_every_figure_of_every_unit_is_frozen_as_it_was(programme):
    async with client(programme) as http:
        await ask(
            http,
            OVERRIDE,
            "tttt-admin",
            **FIRST,
            unit="VNPT",
            opensOn="2022-03-01",
            closesOn="2022-05-20",
            reason=WHY,
        )
        await ask(http, FREEZE, "confed-admin", **FIRST)
        for (code,) in rows(programme, "select code from unit order by random() limit 40"):
            unit = (await http.data(BESIDE, "confed-admin", variables={"unit": code}))["unit"]
            result, progress = unit["result"], unit["progress"]
            pace = progress.pop("pace")
            if pace is not None:
                assert {name: result[name] for name in OWN} == pace
            assert {name: result[name] for name in progress} == progress
            assert result["gained"] == 0
        vnpt = (await http.data(BESIDE, "confed-admin", variables={"unit": "VNPT-HNI"}))["unit"]
        assert vnpt["result"]["days"] == 81


async def test_a_phase_is_frozen_once_and_only_when_it_has_closed_for_every_unit(programme):
    async with client(programme) as http:
        answer = await ask(http, FREEZE, "confed-admin", **SECOND)
        assert (answer["__typename"], answer["code"]) == ("PhaseRejected", "NOT_CLOSED")
        assert (answer["unitCode"], answer["closesOn"]) == ("TLD", "2023-09-30")
        closed = await ask(http, CHANGE, "confed-admin", **SECOND, closesOn="2022-10-20")
        assert closed["phase"]["status"] == "CLOSED"
        longer = {**SECOND, "unit": "VNPT", "opensOn": "2022-06-01", "closesOn": "2022-10-21"}
        await ask(http, OVERRIDE, "tttt-admin", **longer, reason=WHY)
        answer = await ask(http, FREEZE, "confed-admin", **SECOND)
        assert (answer["code"], answer["unitCode"]) == ("NOT_CLOSED", "VNPT")
        await ask(http, OVERRIDE, "tttt-admin", **SECOND, unit="VNPT")
        answers = await asyncio.gather(
            *(ask(http, FREEZE, "confed-admin", **SECOND) for _ in range(3))
        )
        kinds = sorted(answer["__typename"] for answer in answers)
        assert kinds == ["PhasePayload", "PhaseRejected", "PhaseRejected"]
        again = await ask(http, FREEZE, "confed-admin", **SECOND)
        assert (again["code"], again["frozenOn"]) == ("FROZEN", "2022-10-21")
        with_key = {**FIRST, "idempotencyKey": "freeze-1"}
        first = await ask(http, FREEZE, "confed-admin", **with_key)
        assert first == await ask(http, FREEZE, "confed-admin", **with_key)


async def test_frozen_and_gained_together_are_what_is_achieved_today(programme):
    rng = random.Random(7)
    async with client(programme) as http:
        await ask(http, FREEZE, "confed-admin", **FIRST)
        decide(programme, rng)
        confirmed = {"code": "1TRSK", "countsFrom": "CONFIRMED", "reason": WHY}
        counted = await ask(http, UPDATE, "confed-admin", **confirmed)
        assert counted["campaign"]["countsFrom"] == "CONFIRMED"
        codes = [code for (code,) in rows(programme, "select code from unit order by random()")]
        for code in ("TLD", "TTTT", "VNPT", *codes[:25]):
            unit = (await http.data(BESIDE, "confed-admin", variables={"unit": code}))["unit"]
            assert (
                unit["result"]["achieved"] + unit["result"]["gained"]
                == (unit["progress"]["achieved"])
            )
            if unit["adjustments"]["totalCount"] <= 100:
                made = sum(each["gained"] for each in unit["adjustments"]["nodes"])
                assert made == unit["result"]["gained"]
        sector = (await http.data(BESIDE, "confed-admin", variables={"unit": "TTTT"}))["unit"]
        assert sector["result"]["achieved"] == 3572
        assert sector["result"]["gained"] < -100
        # A member sees its unit and the adjustments there, but no unit beside it.
        own = (await http.data(BESIDE, "member", variables={"unit": "VNPT-HNI"}))["unit"]
        assert own["result"]["achieved"] + own["result"]["gained"] == own["progress"]["achieved"]
        # An anonymous caller sees only the root, but the sum of all adjustments.
        root = (await http.data(BESIDE, None, variables={"unit": "TLD"}))["unit"]
        assert root["result"]["achieved"] + root["result"]["gained"] == root["progress"]["achieved"]
    with psycopg.connect(programme) as connection:
        assert verify(connection).differing == 0


def decide(url: str, rng: random.Random) -> None:
    """Decide on initiatives of phase 1 as reviews do: with an adjustment of the same figures."""
    with psycopg.connect(url) as connection:
        works = connection.execute(
            "select id, unit_id, state from initiative where phase_id = 1 and state in"
            " ('SUBMITTED', 'RECOGNISED', 'CONFIRMED', 'REJECTED', 'RETURNED') order by id"
        ).fetchall()
        for identity, unit, state in rng.sample(works, 200):
            counted = state in ("RECOGNISED", "CONFIRMED")
            after = rng.choice(["REVOKED", "DUPLICATE"] if counted else ["RECOGNISED", "REJECTED"])
            gained = (after == "RECOGNISED") - counted
            connection.execute(
                "update initiative set state = %s, awaits_id = null,"
                " recognised_at = coalesce(recognised_at, now()) where id = %s",
                [after, identity],
            )
            connection.execute(
                "insert into adjustment (phase_id, unit_id, kind, initiative_id, gained, reason)"
                " values (1, %s, 'INITIATIVE', %s, %s, 'x')",
                [unit, identity, gained],
            )


async def test_freezing_and_handing_in_at_once_follow_one_another(programme):
    """A resubmitted initiative is in the frozen table, or needs a reason."""
    submit = """mutation ($input: SubmitInitiativeInput!) { submitInitiative(input: $input) {
        __typename ... on InvalidInput { problems { code } } } }"""
    returned = rows(
        programme,
        "select number from initiative i join unit u on u.id = i.unit_id"
        " where i.phase_id = 1 and i.state = 'RETURNED' and u.path <@"
        " (select path from unit where code = 'VNPT') limit 6",
    )
    assert returned
    before = one(programme, "select sum(returned) from rollup where unit_id = 1 and ordinal = 1")
    async with client(programme) as http:
        frozen, *answers = await asyncio.gather(
            ask(http, FREEZE, "confed-admin", **FIRST),
            *(ask(http, submit, "upper-officer", number=number) for (number,) in returned),
        )
    assert frozen["__typename"] == "PhasePayload"
    kinds = [answer["__typename"] for answer in answers]
    assert set(kinds) <= {"InitiativePayload", "InvalidInput"}
    stored = one(programme, "select figures->>'returned' from phase_result where unit_id = 1")
    assert int(stored) == before - kinds.count("InitiativePayload")
    assert one(programme, "select sum(returned) from rollup where unit_id = 1 and ordinal = 1") == (
        int(stored)
    )


async def test_a_frozen_phase_opened_again_takes_a_reason_for_every_change(programme):
    async with client(programme) as http:
        await ask(http, FREEZE, "confed-admin", **FIRST)
        away = await ask(http, CHANGE, "confed-admin", **SECOND, opensOn="2023-01-01")
        assert away["outsideWindow"] > 0
        longer = await ask(http, CHANGE, "confed-admin", **FIRST, closesOn="2022-12-31", reason=WHY)
        assert longer["phase"]["status"] == "ACTIVE"
        refused = await ask(http, CHANGE, "confed-admin", **FIRST, title="x")
        assert [problem["code"] for problem in refused["problems"]] == ["REASON_NEEDED"]
        again = await ask(http, FREEZE, "confed-admin", **FIRST)
        assert again["code"] == "FROZEN"
    assert adjustments(programme) == [("PHASE", "TLD", 0, WHY)]


@pytest.mark.parametrize("username", ["tttt-admin", "upper-officer", "auditor", "nobody", None])
async def test_only_administrators_of_the_owner_freeze(programme, username):
    async with client(programme) as http:
        answer = await ask(http, FREEZE, username, **FIRST)
        assert answer["__typename"] == "Forbidden"
    assert one(programme, "select count(*) from phase_result") == 0


@pytest.mark.parametrize(
    ("username", "units"),
    [("confed-admin", None), ("auditor", None), ("member", 2), ("nobody", 1), (None, 1)],
)
async def test_frozen_results_are_seen_where_their_units_are(programme, username, units):
    async with client(programme) as http:
        await ask(http, FREEZE, "confed-admin", **FIRST)
        known = await caller(programme, username)
        reader = Reader(with_role(programme, READER), size=1)
        seen = await reader.fetch_json(known, "select to_json(count(*)) from phase_result", ())
        await reader.close()
    assert int(seen) == (units or one(programme, "select count(*) from unit"))


async def caller(url: str, username: str | None) -> Caller:
    """Return an account as sessions bind it."""
    reader = Reader(with_role(url, READER), size=1)
    found = await Principals(reader).of(username)
    await reader.close()
    return found.caller


REFUSED = """
    update phase set frozen_at = now() where ordinal = 1;
    update campaign set title = 'x';
    insert into phase (campaign_id, ordinal, title, opens_on, closes_on)
        values (1, 3, 'x', '2024-01-01', '2024-02-01');
    insert into phase_result (phase_id, unit_id, figures) values (1, 2, '{}');
    insert into campaign (code, title, owner_id, counts_from, applied_from, applied_to)
        values ('X', 'x', 1, 'RECOGNISED', '2022-01-01', '2022-02-01');
    insert into benefit_tier (campaign_id, ordinal, label, from_vnd) values (1, 3, 'x', 0);
    delete from benefit_tier;
    insert into window_override (phase_id, unit_id, opens_on, closes_on)
        values (2, 1, '2022-06-01', '2022-07-01');
    insert into drive (phase_id, unit_id, title, opens_on, closes_on)
        values (2, 1, 'x', '2022-06-01', '2022-07-01');
    insert into adjustment (phase_id, unit_id, kind, reason, account_id)
        values (1, 1, 'PHASE', 'x', caller())
"""


async def written(url: str, username: str, statement: str) -> int:
    """Return the number of rows that a statement writes without the guards of commands."""
    writer = Writer(with_role(url, WRITER), size=1)

    async def write(session: WriteSession) -> int:
        return await session.execute(statement)

    try:
        return await writer.run(await caller(url, username), Attempt("test"), write)
    except ForbiddenError:
        return 0
    finally:
        await writer.close()


async def test_the_database_refuses_what_no_guard_did(programme):
    """As the administrator of the sector union, which is not the campaign's owner."""
    for statement in REFUSED.split(";"):
        assert await written(programme, "tttt-admin", statement) == 0, statement
        assert await written(programme, "auditor", statement) == 0, statement
    own = """insert into window_override (phase_id, unit_id, opens_on, closes_on)
        values (2, 2, '2022-06-01', '2022-07-01')"""
    assert await written(programme, "tttt-admin", own) == 1


async def test_nobody_changes_what_was_frozen(programme):
    async with client(programme) as http:
        await ask(http, FREEZE, "confed-admin", **FIRST)
    for statement in ("update phase_result set figures = '{}'", "delete from phase_result"):
        assert await written(programme, "confed-admin", statement) == 0
    assert one(programme, "select count(*) from phase_result where figures = '{}'") == 0
