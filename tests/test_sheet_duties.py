"""For which unit a score sheet counts, and that who gives one decides for no other level."""

import pytest

from db.rules.errors import InvalidInputError
from tests.client import client
from tests.deciding import REVIEW, approve, ask, handed_in, rise, run
from tests.mutating import writing
from tests.phase_documents import UPDATE
from tests.test_review_sheets import SCORE, points, require_rubric, rubric, seen


async def confirm_at(http, level):
    """Have the campaign's confirming level changed."""
    answer = await ask(http, UPDATE, "confed-admin", code="1TRSK", confirmingLevel=level)
    assert answer["__typename"] == "CampaignPayload"


async def test_sheets_count_for_the_unit_that_they_were_given_for(programme):
    async with client(programme) as http:
        number = await handed_in(http)
        await rise(http, number, 2)
        await require_rubric(http)
        criteria = await rubric(http)
        await ask(http, SCORE, "council", number=number, scores=points(criteria, 1))
        # The federation decides no more: the upper-level union does, once more.
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
            """update review_sheet set unit_id = (select id from unit where code = 'TTTT')""",
        )
    async with writing(programme) as unguarded:
        with pytest.raises(InvalidInputError):
            await unguarded.execute("upper-officer", approval.replace("%s", f"'{number}'"))
