"""An account without a person decides on nothing, because its person's authorship is unknown."""

import pytest

from db.rules.errors import ForbiddenError
from schema.messages import message
from tests.client import client
from tests.deciding import LINK, REVIEW, ask, handed_in, one, rise, run
from tests.mutating import writing

SCORE = """mutation ($input: ScoreInitiativeInput!) { scoreInitiative(input: $input) {
    __typename ... on Error { code message } } }"""
QUEUE = """{ viewer { queue(last: 100) { totalCount nodes {
    initiative { number } escalatedFrom { code } } } } }"""
UNTIE = "update account set person_id = null, kind = %s where username = 'unit-officer'"
# By the account itself, with only the database to reject it.
RAW = {
    "decision": "update initiative set state = 'REJECTED', awaits_id = null where number = $1",
    "review": """insert into review (initiative_id, unit_id, decision, reason, at, account_id)
        select id, unit_id, 'REJECT', 'x', now(), caller() from initiative where number = $1""",
    "sheet": """insert into review_sheet (initiative_id, unit_id, account_id, scores, at)
        select id, unit_id, caller(), '{}', now() from initiative where number = $1""",
    "link": "update initiative set state = 'DUPLICATE', awaits_id = null where number = $1",
}


@pytest.mark.parametrize("kind", ["PERSON", "SERVICE"])
async def test_an_account_without_a_person_does_not_decide(programme, kind):
    run(programme, UNTIE, kind)
    async with client(programme) as http:
        number, original = await handed_in(http), await handed_in(http)
        for decision in ("APPROVE", "RETURN", "REJECT"):
            answer = await ask(
                http, REVIEW, "unit-officer", number=number, decision=decision, reason="x"
            )
            assert (answer["__typename"], answer["code"]) == ("Forbidden", "NOT_TIED")
        assert answer["message"] == message("NOT_TIED", "en", {})
        link = {"number": number, "original": original, "reason": "x"}
        assert (await ask(http, LINK, "unit-officer", **link))["code"] == "NOT_TIED"
        sheet = {"number": number, "scores": [{"criterion": "Tính mới", "score": 1}]}
        assert (await ask(http, SCORE, "unit-officer", **sheet))["code"] == "NOT_TIED"


async def test_the_next_level_decides_for_a_unit_with_untied_accounts_only(programme):
    run(programme, UNTIE, "PERSON")
    run(programme, "update account set disabled_at = now() where username = 'officer-vnpt-hni'")
    async with client(programme) as http:
        number = await handed_in(http)
        own = await http.data(QUEUE, "unit-officer")
        above = (await http.data(QUEUE, "upper-officer"))["viewer"]["queue"]["nodes"]
        assert own == {"viewer": {"queue": {"totalCount": 0, "nodes": []}}}
        assert number in [node["initiative"]["number"] for node in above if node["escalatedFrom"]]
        answer = await ask(http, REVIEW, "upper-officer", number=number, decision="APPROVE")
        assert answer["initiative"]["state"] == "RECOGNISED"
        can = "query ($number: String!) { initiative(number: $number) { viewerCan } }"
        seen = await http.data(can, "unit-officer", variables={"number": number})
        assert "INITIATIVE_REVIEW" not in seen["initiative"]["viewerCan"]


async def test_an_untied_account_that_was_decided_with_does_not_revoke(programme):
    async with client(programme) as http:
        number = await handed_in(http)
        await rise(http, number, 1)
        run(programme, UNTIE, "PERSON")
        answer = await ask(
            http, REVIEW, "unit-officer", number=number, decision="REVOKE", reason="x"
        )
        assert answer["code"] == "NOT_TIED"


@pytest.mark.parametrize("name", RAW)
async def test_the_database_refuses_an_untied_account_too(programme, name):
    async with client(programme) as http:
        number = await handed_in(http)
    run(programme, UNTIE, "PERSON")
    async with writing(programme) as unguarded:
        with pytest.raises(ForbiddenError):
            await unguarded.execute("unit-officer", RAW[name], number)
    assert one(programme, "select state from initiative where number = %s", number) == "SUBMITTED"
