"""Score sheets of a council, and a rubric that every approval must complete."""

import asyncio
from types import SimpleNamespace

import pytest

from db.commands import review_sheets, reviews
from db.constraints import _MEANINGS, violated
from db.rules.errors import ConflictError, ForbiddenError, InvalidInputError
from schema.errors import shown
from tests.client import client
from tests.deciding import GRANT, REVIEW, appoint, approve, ask, exact, handed_in, one, rise, run
from tests.mutating import writing
from tests.phase_documents import UPDATE
from tests.test_duties import drafted_by

SHEET = "by { code } unit { code } comment total scores { criterion score }"
SCORE = f"""mutation ($input: ScoreInitiativeInput!) {{ scoreInitiative(input: $input) {{
    __typename ... on InitiativePayload {{ initiative {{ version sheets {{ {SHEET} }} }} }}
    ... on ReviewRejected {{ state awaits }}
    ... on InvalidInput {{ problems {{ code path limit }} }}
    ... on Error {{ code message }} }} }}"""
SEEN = f"""query ($number: String!) {{ initiative(number: $number) {{ sheets {{ {SHEET} }}
    reviews {{ decision scores {{ criterion score }} sheets {{ {SHEET} }}
        meanScores {{ criterion mean }} meanTotal }} }} }}"""
RUBRIC = '{ campaign(code: "1TRSK") { rubricRequired rubric { criterion most } } }'


async def rubric(http):
    found = await http.data(RUBRIC)
    return {line["criterion"]: line["most"] for line in found["campaign"]["rubric"]}


async def require_rubric(http):
    answer = await ask(http, UPDATE, "confed-admin", code="1TRSK", rubricRequired=True)
    assert answer["__typename"] == "CampaignPayload"


def points(criteria, score):
    return [{"criterion": criterion, "score": score} for criterion in criteria]


async def seen(http, number, username="council"):
    return (await http.data(SEEN, username, variables={"number": number}))["initiative"]


async def test_an_approval_names_each_criterion_that_it_does_not_score(programme):
    async with client(programme) as http:
        number = await handed_in(http)
        await require_rubric(http)
        first, *others = await rubric(http)
        answer = await ask(
            http,
            REVIEW,
            "unit-officer",
            number=number,
            decision="APPROVE",
            scores=points([first], 1),
        )
        assert answer["__typename"] == "InvalidInput"
        problems = [(one["path"], one["code"], one["limit"]) for one in answer["problems"]]
        assert problems == [(["scores"], "NOT_SCORED", other) for other in sorted(others)]
        # Only approvals score.
        answer = await ask(
            http, REVIEW, "unit-officer", number=number, decision="RETURN", reason="Bổ sung"
        )
        assert answer["__typename"] == "InitiativePayload"


async def test_a_rubric_that_is_not_required_leaves_an_approval_without_scores(programme):
    async with client(programme) as http:
        assert (await http.data(RUBRIC))["campaign"]["rubricRequired"] is False
        await approve(http, "unit-officer", await handed_in(http))


async def test_each_member_of_a_council_gives_a_sheet_and_the_decision_shows_the_mean(programme):
    appoint(programme, "second-council", "COUNCIL", "TTTT")
    async with client(programme) as http:
        number = await handed_in(http)
        await rise(http, number, 2)
        await require_rubric(http)
        criteria = await rubric(http)
        await ask(http, SCORE, "council", number=number, scores=points(criteria, 1))
        answer = await ask(
            http, SCORE, "council", number=number, scores=points(criteria, 5), comment="Tốt"
        )
        (sheet,) = answer["initiative"]["sheets"]
        assert (sheet["comment"], sheet["total"]) == ("Tốt", 5 * len(criteria))
        await ask(http, SCORE, "second-council", number=number, scores=points(criteria, 2))
        await approve(http, "council", number)
        now = await seen(http, number)
        assert now["sheets"] == []
        decided = now["reviews"][-1]
        assert [sheet["total"] for sheet in decided["sheets"]] == [
            5 * len(criteria),
            2 * len(criteria),
        ]
        assert decided["meanScores"] == [
            {"criterion": criterion, "mean": 3.5} for criterion in sorted(criteria)
        ]
        assert decided["meanTotal"] == 3.5 * len(criteria)
        assert decided["scores"] == []
        answer = await ask(http, SCORE, "council", number=number, scores=points(criteria, 1))
        assert (answer["__typename"], answer["code"]) == ("ReviewRejected", "NOT_AWAITED")
    assert exact(programme)


async def test_sheets_and_the_decisions_own_scores_together_fill_the_rubric(programme):
    async with client(programme) as http:
        number = await handed_in(http)
        first, *others = await rubric(http)
        await ask(http, SCORE, "unit-officer", number=number, scores=points([first], 1))
        await require_rubric(http)
        answer = await ask(http, REVIEW, "unit-officer", number=number, decision="APPROVE")
        assert len(answer["problems"]) == len(others)
        await approve(http, "unit-officer", number, scores=points(others, 1))


async def test_after_a_return_a_new_round_of_sheets_begins(programme):
    submit = """mutation ($input: SubmitInitiativeInput!) { submitInitiative(input: $input) {
        __typename } }"""
    async with client(programme) as http:
        number = await handed_in(http)
        criteria = await rubric(http)
        await ask(http, SCORE, "unit-officer", number=number, scores=points(criteria, 4))
        await require_rubric(http)
        await ask(http, REVIEW, "unit-officer", number=number, decision="RETURN", reason="Thiếu")
        await ask(http, submit, "member", number=number)
        answer = await ask(http, REVIEW, "unit-officer", number=number, decision="APPROVE")
        assert {one["code"] for one in answer["problems"]} == {"NOT_SCORED"}
        await ask(http, SCORE, "unit-officer", number=number, scores=points(criteria, 6))
        await approve(http, "unit-officer", number)
        totals = [
            [sheet["total"] for sheet in review["sheets"]]
            for review in (await seen(http, number))["reviews"]
        ]
    assert totals == [[4 * len(criteria)], [6 * len(criteria)]]


async def test_who_made_or_decided_elsewhere_and_who_is_not_awaited_gives_no_sheet(programme):
    run(programme, GRANT, "COUNCIL", "upper-officer", "TTTT")
    submit = """mutation ($input: SubmitInitiativeInput!) { submitInitiative(input: $input) {
        __typename } }"""
    async with client(programme) as http:
        criteria = points(await rubric(http), 1)
        made = await drafted_by(http, "unit-officer")
        await ask(http, submit, "unit-officer", number=made)
        answer = await ask(http, SCORE, "unit-officer", number=made, scores=criteria)
        assert (answer["__typename"], answer["code"]) == ("Forbidden", "MAKER")
        risen = await handed_in(http)
        answer = await ask(http, SCORE, "council", number=risen, scores=criteria)
        assert (answer["code"], answer["awaits"]) == ("NOT_AWAITED", "VNPT-HNI")
        await rise(http, risen, 2)
        answer = await ask(http, SCORE, "upper-officer", number=risen, scores=criteria)
        assert (answer["__typename"], answer["code"]) == ("Forbidden", "DECIDED_OTHER_LEVEL")
        for username in ("member", "support", "auditor", None):
            answer = await ask(http, SCORE, username, number=risen, scores=criteria)
            assert answer["__typename"] == "Forbidden"


@pytest.mark.parametrize(
    ("scores", "code"),
    [
        ([{"criterion": "Không có", "score": 1}], "NO_SUCH_CRITERION"),
        ([{"criterion": None, "score": 1_000}], "TOO_LARGE"),
        ([], "TOO_FEW"),
    ],
)
async def test_a_sheet_keeps_to_the_rubric(programme, scores, code):
    async with client(programme) as http:
        first = next(iter(await rubric(http)))
        given = [{**one, "criterion": one["criterion"] or first} for one in scores]
        answer = await ask(http, SCORE, "unit-officer", number=await handed_in(http), scores=given)
        assert [problem["code"] for problem in answer["problems"]] == [code]


async def test_sheets_are_for_those_who_see_the_decisions(programme):
    async with client(programme) as http:
        number = await handed_in(http)
        criteria = points(await rubric(http), 1)
        await ask(http, SCORE, "unit-officer", number=number, scores=criteria, comment="Kín")
        await approve(http, "unit-officer", number)
        await ask(http, SCORE, "upper-officer", number=number, scores=criteria, comment="Kín")
        run(programme, "update initiative set published_at = now() where number = %s", number)
        for username, count in (("member", 1), ("auditor", 1), ("council", 1)):
            now = await seen(http, number, username)
            assert len(now["sheets"]) == len(now["reviews"][0]["sheets"]) == count
        for username in (None, "nobody", "officer-mobifone"):
            now = await seen(http, number, username)
            assert (now["sheets"], now["reviews"]) == ([], [])


async def test_a_sheet_is_one_audit_event_and_one_key_gives_it_once(programme):
    events = """select count(*) from audit_event where action = 'scoreInitiative'
        and object_type = 'Initiative' and kind = 'CREATED'"""
    async with client(programme) as http:
        number = await handed_in(http)
        given = {"number": number, "scores": points(await rubric(http), 1)}
        given["idempotencyKey"] = "bảng điểm"
        for _ in range(2):
            answer = await ask(http, SCORE, "unit-officer", **given)
            assert answer["__typename"] == "InitiativePayload"
    assert one(programme, events) == 1


async def test_sheets_and_a_decision_at_once_leave_none_behind(programme):
    for number in range(4):
        appoint(programme, f"council-{number}", "COUNCIL", "VNPT-HNI")
    async with client(programme) as http:
        number = await handed_in(http)
        scores = points(await rubric(http), 1)
        answers = await asyncio.gather(
            *(ask(http, SCORE, f"council-{n}", number=number, scores=scores) for n in range(2)),
            ask(http, REVIEW, "unit-officer", number=number, decision="APPROVE"),
            *(ask(http, SCORE, f"council-{n}", number=number, scores=scores) for n in (2, 3)),
        )
    assert answers[2]["__typename"] == "InitiativePayload"
    others = {
        (answer["__typename"], answer.get("code")) for answer in answers if answer is not answers[2]
    }
    assert others <= {
        ("InitiativePayload", None),
        ("ReviewRejected", "NOT_AWAITED"),
        ("Conflict", "OVERTAKEN"),
    }
    assert one(programme, "select count(*) from review_sheet where review_id is null") == 0


@pytest.mark.parametrize("constraint", sorted(_MEANINGS))
def test_what_a_constraint_means_has_words_that_its_facts_fill(constraint):
    error = violated(constraint)
    for locale in ("vi", "en"):
        assert shown(error, locale).message


async def test_the_database_refuses_a_sheet_past_every_guard(programme):
    insert = """insert into review_sheet (initiative_id, unit_id, account_id, scores)
        select i.id, u.id, {}, '{{"x": 1}}' from initiative i, unit u
        where i.number = '{}' and u.code = '{}'"""
    approval = """insert into review (initiative_id, unit_id, decision, at, account_id)
        select i.id, u.id, 'APPROVE', now(), caller() from initiative i, unit u
        where i.number = '{}' and u.code = 'VNPT-HNI'"""
    async with client(programme) as http:
        number = await handed_in(http)
        scores = points(await rubric(http), 1)
    tried = (
        ("unit-officer", insert.format(1, number, "VNPT-HNI")),
        ("upper-officer", insert.format("caller()", number, "VNPT")),
        ("upper-officer", insert.format("caller()", number, "VNPT-HNI")),
        ("support", insert.format("caller()", number, "VNPT-HNI")),
        ("unit-officer", "update review_sheet set review_id = null"),
        ("unit-officer", "delete from review_sheet"),
    )
    async with writing(programme) as unguarded:
        for who, statement in tried:
            with pytest.raises((ForbiddenError, ConflictError)):
                await unguarded.execute(who, statement)
        run(programme, "update campaign set rubric_required = true")
        with pytest.raises(InvalidInputError):
            await unguarded.execute("unit-officer", approval.format(number))
        given = [SimpleNamespace(**line) for line in scores]
        await unguarded.run(
            "unit-officer", lambda s: review_sheets.score(s, number=number, scores=given)
        )
        await unguarded.run(
            "unit-officer", lambda s: reviews.review(s, number=number, decision="APPROVE")
        )
