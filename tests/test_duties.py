"""Makers of an initiative do not decide on it, and no account decides on one for two levels."""

import psycopg
import pytest

from auth.permissions import PERMISSIONS, Permission, Reach
from db.commands import duplicates, reviews
from db.rules.errors import ForbiddenError
from schema.messages import message
from tests.client import client
from tests.deciding import (
    DRAFT,
    GRANT,
    LINK,
    REVIEW,
    SUBMIT,
    appoint,
    approve,
    ask,
    exact,
    handed_in,
    one,
    run,
)
from tests.mutating import writing

EDIT = """mutation ($input: EditInitiativeInput!) { editInitiative(input: $input) {
    __typename ... on Error { code message } } }"""
PERSON = """select p.code from person p join account a on a.person_id = p.id
    where a.username = 'member'"""
TEXT = {
    "campaign": "1TRSK",
    "title": "Cải tiến quy trình",
    "summary": "Giảm thời gian.",
    "content": "Cách làm.",
    "solutionType": "TECHNICAL",
    "appliedOn": "2022-09-01",
    "unit": "VNPT-HNI",
    "claimed": [90_000_000_000],
}


async def drafted_by(http, username, **changes):
    author = {"person": await anybody(http), "share": 100}
    answer = await ask(http, DRAFT, username, **TEXT, authors=[author], **changes)
    return answer["initiative"]["number"]


async def anybody(http):
    people = """{ unit(code: "VNPT-HNI") { people(last: 1) { nodes { code } } } }"""
    return (await http.data(people, "unit-officer"))["unit"]["people"]["nodes"][0]["code"]


async def test_one_officer_alone_does_not_write_hand_in_and_recognise(programme):
    appoint(programme, "second-officer", "OFFICER", "VNPT-HNI")
    async with client(programme) as http:
        number = await drafted_by(http, "unit-officer")
        await ask(http, SUBMIT, "unit-officer", number=number)
        for decision in ("APPROVE", "RETURN", "REJECT"):
            answer = await ask(
                http, REVIEW, "unit-officer", number=number, decision=decision, reason="x"
            )
            assert (answer["__typename"], answer["code"]) == ("Forbidden", "MAKER")
        await approve(http, "second-officer", number)
    assert exact(programme)


@pytest.mark.parametrize("hand", ["draft", "edit", "submit"])
async def test_each_hand_in_an_initiative_bars_from_deciding_on_it(programme, hand):
    appoint(programme, "second-officer", "OFFICER", "VNPT-HNI")
    async with client(programme) as http:
        who = dict.fromkeys(("draft", "edit", "submit"), "support") | {hand: "unit-officer"}
        number = await drafted_by(http, who["draft"])
        await ask(http, EDIT, who["edit"], number=number, title="Tên khác")
        await ask(http, SUBMIT, who["submit"], number=number)
        answer = await ask(http, REVIEW, "unit-officer", number=number, decision="APPROVE")
        assert answer["code"] == "MAKER"
        await approve(http, "second-officer", number)


async def test_who_names_the_authors_alone_is_a_maker_too(programme):
    appoint(programme, "second-officer", "OFFICER", "VNPT-HNI")
    async with client(programme) as http:
        number = await drafted_by(http, "support")
        authors = [{"person": one(programme, PERSON), "share": 100}]
        await ask(http, EDIT, "unit-officer", number=number, authors=authors)
        await ask(http, SUBMIT, "support", number=number)
        answer = await ask(http, REVIEW, "unit-officer", number=number, decision="APPROVE")
        assert answer["code"] == "MAKER"


async def test_a_hand_in_it_long_ago_bars_after_a_return_too(programme):
    appoint(programme, "second-officer", "OFFICER", "VNPT-HNI")
    async with client(programme) as http:
        number = await handed_in(http)
        await ask(
            http, REVIEW, "second-officer", number=number, decision="RETURN", reason="Bổ sung"
        )
        await ask(http, EDIT, "unit-officer", number=number, title="Tên khác")
        await ask(http, SUBMIT, "member", number=number)
        answer = await ask(http, REVIEW, "unit-officer", number=number, decision="APPROVE")
        assert answer["code"] == "MAKER"
        # The account that returned it decides again for the same level.
        await approve(http, "second-officer", number)


async def test_one_account_does_not_decide_for_two_levels(programme):
    run(programme, GRANT, "COUNCIL", "upper-officer", "TTTT")
    async with client(programme) as http:
        number = await handed_in(http)
        await approve(http, "unit-officer", number)
        await approve(http, "upper-officer", number)
        answer = await ask(http, REVIEW, "upper-officer", number=number, decision="APPROVE")
        assert (answer["code"], answer["message"]) == (
            "DECIDED_OTHER_LEVEL",
            "You have decided on or scored this for another level; one person decides for one.",
        )
        await approve(http, "council", number)
        answer = await ask(
            http, REVIEW, "upper-officer", number=number, decision="REVOKE", reason="x"
        )
        assert answer["code"] == "DECIDED_OTHER_LEVEL"


async def test_several_decisions_at_once_tell_each_apart(programme):
    appoint(programme, "second-officer", "OFFICER", "VNPT-HNI")
    several = """mutation ($input: ReviewInitiativesInput!) { reviewInitiatives(input: $input) {
        ... on ReviewsPayload { results { initiative { state } error { code } } } } }"""
    async with client(programme) as http:
        made = await drafted_by(http, "unit-officer")
        await ask(http, SUBMIT, "unit-officer", number=made)
        others = await handed_in(http)
        decisions = [{"number": number, "decision": "APPROVE"} for number in (made, others)]
        answer = await ask(http, several, "unit-officer", decisions=decisions, mode="EACH")
    assert answer["results"] == [
        {"initiative": None, "error": {"code": "MAKER"}},
        {"initiative": {"state": "RECOGNISED"}, "error": None},
    ]


async def test_a_maker_does_not_link_it_as_a_duplicate(programme):
    async with client(programme) as http:
        original = await handed_in(http)
        number = await drafted_by(http, "unit-officer")
        await ask(http, SUBMIT, "unit-officer", number=number)
        link = {"number": number, "original": original, "reason": "Trùng"}
        answer = await ask(http, LINK, "unit-officer", **link)
        assert (answer["__typename"], answer["code"]) == ("Forbidden", "MAKER")
        answer = await ask(http, LINK, "upper-officer", **link)
        assert answer["__typename"] == "DuplicatePayload"


async def test_a_unit_below_the_last_approval_does_not_take_it_out_as_a_duplicate(programme):
    async with client(programme) as http:
        original, number = await handed_in(http), await handed_in(http)
        for username in ("unit-officer", "upper-officer", "council"):
            await approve(http, username, number)
        link = {"number": number, "original": original, "reason": "Trùng"}
        for username in ("unit-officer", "upper-officer"):
            answer = await ask(http, LINK, username, **link)
            assert (answer["__typename"], answer["code"]) == ("Forbidden", "DECIDED_ABOVE")
        assert exact(programme)
        answer = await ask(http, LINK, "tttt-admin", **link)
        assert answer["__typename"] == "DuplicatePayload"
    assert exact(programme)


async def test_the_database_refuses_a_maker_and_a_second_level_past_every_guard(programme):
    run(programme, GRANT, "COUNCIL", "upper-officer", "TTTT")
    appoint(programme, "second-officer", "OFFICER", "VNPT-HNI")
    change = "update initiative set state = 'REJECTED', awaits_id = null where number = '{}'"
    insert = """insert into review (initiative_id, unit_id, decision, at, account_id)
        select i.id, u.id, 'APPROVE', now(), caller() from initiative i, unit u
        where i.number = '{}' and u.code = '{}'"""
    taken_out = "update initiative set state = 'DUPLICATE', awaits_id = null where number = '{}'"
    async with client(programme) as http:
        made = await drafted_by(http, "unit-officer")
        await ask(http, SUBMIT, "unit-officer", number=made)
        risen, confirmed = await handed_in(http), await handed_in(http)
        for number in (risen, confirmed):
            await approve(http, "unit-officer", number)
            await approve(http, "upper-officer", number)
        await approve(http, "council", confirmed)
    async with writing(programme) as unguarded:
        for who, statement in (
            ("unit-officer", change.format(made)),
            ("unit-officer", insert.format(made, "VNPT-HNI")),
            ("unit-officer", taken_out.format(made)),
            ("upper-officer", change.format(risen)),
            ("upper-officer", insert.format(risen, "TTTT")),
            ("unit-officer", taken_out.format(confirmed)),
            ("unit-officer", "delete from initiative_maker where account_id = caller()"),
        ):
            with pytest.raises(ForbiddenError):
                await unguarded.execute(who, statement)
        await unguarded.run(
            "second-officer", lambda s: reviews.review(s, number=made, decision="APPROVE")
        )
        await unguarded.run(
            "tttt-admin",
            lambda s: duplicates.link(s, number=confirmed, original=made, reason="Trùng"),
        )


def test_what_makes_and_decides_is_told_in_vietnamese_too():
    assert message("MAKER", "vi", {}).startswith("Người đã soạn, sửa hoặc nộp")
    assert message("DECIDED_OTHER_LEVEL", "vi", {}).startswith("Bạn đã quyết định")


def test_the_roles_that_decide_are_those_of_the_permission_table(database):
    with psycopg.connect(database) as connection:
        (roles,) = connection.execute("select deciding_roles()").fetchone()
    deciding = [role for role, held in PERMISSIONS.items() if Permission.INITIATIVE_REVIEW in held]
    assert sorted(roles) == sorted(deciding)
    assert {PERMISSIONS[role][Permission.INITIATIVE_REVIEW] for role in deciding} == {Reach.UNIT}
