"""The unit that a score sheet counts for; its author decides for no other level."""

import pytest

from db.rules.errors import ForbiddenError, InvalidInputError
from tests.client import client
from tests.deciding import GRANT, REVIEW, appoint, approve, ask, exact, handed_in, one, rise, run
from tests.mutating import writing
from tests.phase_documents import UPDATE
from tests.test_escalation import dismiss, queued, stands
from tests.test_review_sheets import SCORE, points, require_rubric, rubric, seen


async def confirm_at(http, level):
    """Change the campaign's confirming level."""
    answer = await ask(http, UPDATE, "confed-admin", code="1TRSK", confirmingLevel=level)
    assert answer["__typename"] == "CampaignPayload"


async def test_sheets_count_for_the_unit_that_they_were_given_for(programme):
    async with client(programme) as http:
        number = await handed_in(http)
        await rise(http, number, 2)
        await require_rubric(http)
        criteria = await rubric(http)
        await ask(http, SCORE, "council", number=number, scores=points(criteria, 1))
        # The federation no longer decides: the upper-level union does, once more.
        await confirm_at(http, "UPPER")
        answer = await ask(http, REVIEW, "upper-officer", number=number, decision="APPROVE")
        assert {one["code"] for one in answer["problems"]} == {"NOT_SCORED"}
        await ask(http, SCORE, "upper-officer", number=number, scores=points(criteria, 5))
        assert [sheet["unit"]["code"] for sheet in (await seen(http, number))["sheets"]] == [
            "TTTT",
            "VNPT",
        ]
        await approve(http, "upper-officer", number)
        now = await seen(http, number)
        decided = now["reviews"][-1]
        assert now["sheets"] == []
        assert [sheet["unit"]["code"] for sheet in decided["sheets"]] == ["TTTT", "VNPT"]
        assert {one["mean"] for one in decided["meanScores"]} == {5}
        assert decided["meanTotal"] == 5 * len(criteria)


async def test_sheets_count_again_where_their_unit_decides_again(programme):
    async with client(programme) as http:
        number = await handed_in(http)
        await rise(http, number, 2)
        await require_rubric(http)
        criteria = await rubric(http)
        await ask(http, SCORE, "council", number=number, scores=points(criteria, 3))
        await confirm_at(http, "UPPER")
        await confirm_at(http, "FEDERATION")
        await approve(http, "council", number)
        assert (await seen(http, number))["reviews"][-1]["meanTotal"] == 3 * len(criteria)


async def test_the_database_counts_no_sheets_of_another_unit_past_every_guard(programme):
    approval = """insert into review (initiative_id, unit_id, decision, at, account_id)
        select i.id, u.id, 'APPROVE', now(), caller() from initiative i, unit u
        where i.number = %s and u.code = 'VNPT'"""
    async with client(programme) as http:
        number = await handed_in(http)
        await rise(http, number, 1)
        await require_rubric(http)
        scores = points(await rubric(http), 1)
        await ask(http, SCORE, "upper-officer", number=number, scores=scores)
        run(
            programme,
            """update review_sheet set unit_id = (
            select id from unit where level = 'UPPER' and code <> 'VNPT' limit 1)""",
        )
    async with writing(programme) as unguarded:
        with pytest.raises(InvalidInputError):
            await unguarded.execute("upper-officer", approval.replace("%s", f"'{number}'"))


async def test_who_scored_for_one_level_does_not_decide_for_another(programme):
    who = "upper-officer"
    appoint(programme, "second-upper", "OFFICER", "VNPT")
    run(programme, GRANT, "OFFICER", who, "TTTT")
    async with client(programme) as http:
        number = await handed_in(http)
        await rise(http, number, 1)
        scores = points(await rubric(http), 1)
        await ask(http, SCORE, "upper-officer", number=number, scores=scores)
        await approve(http, "second-upper", number)
        assert number not in await queued(http, who)
        assert "INITIATIVE_REVIEW" not in (await stands(http, number, who))["viewerCan"]
        for decision in ("APPROVE", "RETURN", "REJECT"):
            answer = await ask(http, REVIEW, who, number=number, decision=decision, reason="x")
            assert (answer["__typename"], answer["code"]) == ("Forbidden", "DECIDED_OTHER_LEVEL")
        answer = await ask(http, SCORE, who, number=number, scores=scores)
        assert answer["code"] == "DECIDED_OTHER_LEVEL"
        await approve(http, "council", number)
        answer = await ask(http, REVIEW, who, number=number, decision="REVOKE", reason="x")
        assert answer["code"] == "DECIDED_OTHER_LEVEL"
    assert exact(programme)


async def test_who_scored_decides_for_the_same_level_now_and_after_a_return(programme):
    submit = """mutation ($input: SubmitInitiativeInput!) { submitInitiative(input: $input) {
        __typename } }"""
    async with client(programme) as http:
        number = await handed_in(http)
        scores = points(await rubric(http), 1)
        await ask(http, SCORE, "unit-officer", number=number, scores=scores)
        await ask(http, REVIEW, "unit-officer", number=number, decision="RETURN", reason="Thiếu")
        await ask(http, submit, "member", number=number)
        await ask(http, SCORE, "unit-officer", number=number, scores=scores)
        await approve(http, "unit-officer", number)


async def test_where_all_deciders_have_scored_for_a_level_below_the_level_above_decides(programme):
    appoint(programme, "second-upper", "OFFICER", "VNPT")
    run(programme, GRANT, "COUNCIL", "upper-officer", "TTTT")
    dismiss(programme, "council", "tttt-admin")
    async with client(programme) as http:
        number = await handed_in(http)
        await rise(http, number, 1)
        scores = points(await rubric(http), 1)
        await ask(http, SCORE, "upper-officer", number=number, scores=scores)
        await approve(http, "second-upper", number)
        now = await stands(http, number, "confed-admin")
        assert (now["awaits"]["code"], now["escalatedTo"]["code"]) == ("TTTT", "TLD")
        assert now["deciderMissing"] is True
        assert (await queued(http, "confed-admin"))[number] == "TTTT"
        await approve(http, "confed-admin", number)


async def test_the_database_refuses_who_scored_for_another_level_past_every_guard(programme):
    appoint(programme, "second-upper", "OFFICER", "VNPT")
    run(programme, GRANT, "COUNCIL", "upper-officer", "TTTT")
    change = "update initiative set state = 'REJECTED', awaits_id = null where number = '{}'"
    insert = """insert into review (initiative_id, unit_id, decision, at, account_id)
        select i.id, u.id, 'APPROVE', now(), caller() from initiative i, unit u
        where i.number = '{}' and u.code = 'TTTT'"""
    sheet = """insert into review_sheet (initiative_id, unit_id, account_id, scores)
        select i.id, u.id, caller(), '{{"x": 1}}' from initiative i, unit u
        where i.number = '{}' and u.code = 'TTTT'"""
    async with client(programme) as http:
        number = await handed_in(http)
        await rise(http, number, 1)
        scores = points(await rubric(http), 1)
        await ask(http, SCORE, "upper-officer", number=number, scores=scores)
        await approve(http, "second-upper", number)
    async with writing(programme) as unguarded:
        for statement in (change, insert, sheet):
            with pytest.raises(ForbiddenError):
                await unguarded.execute("upper-officer", statement.format(number))
        # Control: an account that has not scored writes the same sheet.
        assert await unguarded.execute("council", sheet.format(number)) == 1
    assert one(programme, "select count(*) from review_sheet where review_id is null") == 1
