"""Duplicates leave the totals; recognised initiatives are published and hidden again."""

import asyncio

import pytest

from db.rules.errors import ForbiddenError
from tests.client import client
from tests.deciding import (
    LINK,
    PUBLISH,
    REVIEW,
    approve,
    ask,
    exact,
    freeze,
    handed_in,
    one,
    rise,
    run,
    total,
)
from tests.mutating import writing

SHOWN = "query ($number: String!) { initiative(number: $number) { number } }"


async def test_a_duplicate_counts_no_more_and_keeps_its_original(programme):
    columns = ("submitted", "recognised", "achieved", "benefit_claimed")
    async with client(programme) as http:
        original = await handed_in(http, title="Giá đỡ cáp tái sử dụng")
        before = [total(programme, column) for column in columns]
        number = await handed_in(http, title="Giá đỡ cáp tái sử dụng được")
        await approve(http, "unit-officer", number)
        await ask(http, PUBLISH, "unit-officer", number=number)
        assert [total(programme, column) for column in columns] != before
        answer = await ask(
            http, LINK, "unit-officer", number=number, original=original, reason="Trùng nội dung"
        )
    assert answer["__typename"] == "DuplicatePayload"
    assert answer["original"] == {"number": original, "state": "SUBMITTED"}
    linked = answer["initiative"]
    assert (linked["state"], linked["awaits"], linked["publishedAt"]) == ("DUPLICATE", None, None)
    assert [total(programme, column) for column in columns] == before
    assert exact(programme)
    similarity, reason = one(
        programme,
        "select array[similarity::text, reason] from duplicate_link order by id desc limit 1",
    )
    assert 0.5 < float(similarity) < 1
    assert reason == "Trùng nội dung"


async def test_a_link_makes_no_chain_and_no_cycle(programme):
    async with client(programme) as http:
        first, second, third = [await handed_in(http) for _ in range(3)]

        async def link(number: str, original: str) -> str:
            given = {"number": number, "original": original, "reason": "Trùng"}
            answer = await ask(http, LINK, "unit-officer", **given)
            return answer.get("code") or answer["__typename"]

        assert await link(first, first) == "SAME_INITIATIVE"
        assert await link(first, second) == "DuplicatePayload"
        assert await link(first, third) == "WRONG_STATE"
        assert await link(second, first) == "NOT_AN_ORIGINAL"
        assert await link(third, first) == "NOT_AN_ORIGINAL"
        assert await link(second, third) == "HAS_DUPLICATES"
        assert await link(third, second) == "DuplicatePayload"


async def test_of_two_links_against_one_another_at_once_one_is_made(programme):
    async with client(programme) as http:
        one_, other = [await handed_in(http) for _ in range(2)]
        answers = await asyncio.gather(
            ask(http, LINK, "unit-officer", number=one_, original=other, reason="Trùng"),
            ask(http, LINK, "unit-officer", number=other, original=one_, reason="Trùng"),
        )
    found = sorted(answer["__typename"] for answer in answers)
    assert found == ["DuplicatePayload", "DuplicateRejected"]


@pytest.mark.parametrize("state", ["DRAFT", "WITHDRAWN"])
async def test_what_was_never_handed_in_for_good_is_no_original(programme, state):
    async with client(programme) as http:
        number, original = [await handed_in(http) for _ in range(2)]
        run(
            programme,
            "update initiative set state = %s, awaits_id = null where number = %s",
            state,
            original,
        )
        answer = await ask(
            http, LINK, "unit-officer", number=number, original=original, reason="Trùng"
        )
        assert (answer["code"], answer["state"]) == ("NOT_AN_ORIGINAL", state)


async def test_the_two_are_of_one_campaign(programme):
    run(
        programme,
        """insert into campaign (code, title, owner_id, counts_from, applied_from, applied_to)
        select 'OTHER', 'x', owner_id, counts_from, applied_from, applied_to from campaign""",
    )
    async with client(programme) as http:
        number, original = [await handed_in(http) for _ in range(2)]
        run(
            programme,
            """update initiative set state = 'WITHDRAWN', awaits_id = null, phase_id = null,
            campaign_id = (select id from campaign where code = 'OTHER') where number = %s""",
            original,
        )
        answer = await ask(
            http, LINK, "unit-officer", number=number, original=original, reason="Trùng"
        )
        assert answer["code"] == "OTHER_CAMPAIGN"


async def test_a_duplicate_in_a_frozen_phase_is_an_adjustment(programme):
    async with client(programme) as http:
        number, original = [await handed_in(http) for _ in range(2)]
        await approve(http, "unit-officer", number)
        freeze(programme)
        given = {"number": number, "original": original, "reason": "Trùng"}
        await ask(http, LINK, "unit-officer", **given)
    kept = one(programme, "select json_agg(json_build_array(kind, gained, reason)) from adjustment")
    assert kept == [["INITIATIVE", -1, "Trùng"]]
    assert exact(programme)


@pytest.mark.parametrize(
    ("username", "answer"),
    [
        ("tttt-admin", "DuplicatePayload"),
        ("council", "Forbidden"),
        ("support", "Forbidden"),
        ("member", "Forbidden"),
        ("auditor", "Forbidden"),
        ("nobody", "Forbidden"),
        (None, "Forbidden"),
        ("officer-mobifone", "NotFound"),
    ],
)
async def test_who_links_duplicates(programme, username, answer):
    async with client(programme) as http:
        number, original = [await handed_in(http) for _ in range(2)]
        given = {"number": number, "original": original, "reason": "Trùng"}
        assert (await ask(http, LINK, username, **given))["__typename"] == answer


async def test_nobody_decides_that_what_they_authored_is_a_duplicate(programme):
    link = """insert into duplicate_link
            (initiative_id, original_id, similarity, reason, decided_at, account_id)
        select d.id, o.id, 1, 'x', now(), caller() from initiative d, initiative o
        where d.number = $1 and o.number = $2"""
    async with client(programme) as http, writing(programme) as unguarded:
        number, original = [await handed_in(http) for _ in range(2)]
        given = {"number": number, "original": original, "reason": "Trùng"}
        run(
            programme,
            """update authorship a set person_id = c.person_id from account c, initiative i
            where c.username = 'unit-officer' and i.id = a.initiative_id and i.number = %s""",
            number,
        )
        answer = await ask(http, LINK, "unit-officer", **given)
        assert (answer["__typename"], answer["code"]) == ("Forbidden", "AUTHORED")
        assert (answer["permission"], answer["unitCode"]) == ("INITIATIVE_CURATE", "VNPT-HNI")
        with pytest.raises(ForbiddenError):
            await unguarded.execute("unit-officer", link, number, original)
        # Another account decides; others may link a duplicate of an initiative that one has
        # authored.
        assert await unguarded.execute("unit-officer", link, original, number) == 1
        run(programme, "delete from duplicate_link where reason = 'x'")
        linked = await ask(http, LINK, "tttt-admin", **given)
        assert linked["__typename"] == "DuplicatePayload"


async def test_an_original_that_one_may_not_see_is_not_found(programme):
    hidden = one(
        programme,
        """select number from initiative i join unit u on u.id = i.unit_id
        where published_at is null and u.code <> 'VNPT-HNI' limit 1""",
    )
    async with client(programme) as http:
        number = await handed_in(http)
        given = {"number": number, "original": hidden, "reason": "Trùng"}
        answer = await ask(http, LINK, "unit-officer", **given)
        assert (answer["__typename"], answer["key"]) == ("NotFound", hidden)


async def test_what_is_recognised_is_shown_to_everybody_until_it_is_hidden(programme):
    async with client(programme) as http:
        number = await handed_in(http)

        async def seen() -> bool:
            data = await http.data(SHOWN, None, variables={"number": number})
            return data["initiative"] is not None

        early = await ask(http, PUBLISH, "unit-officer", number=number)
        assert (early["__typename"], early["code"], early["state"]) == (
            "PublicationRejected", "NOT_RECOGNISED", "SUBMITTED",
        )  # fmt: skip
        await approve(http, "unit-officer", number)
        published = (await ask(http, PUBLISH, "unit-officer", number=number))["initiative"]
        assert published["publishedAt"] is not None
        assert await seen()
        again = (await ask(http, PUBLISH, "tttt-admin", number=number))["initiative"]
        assert again == {**again, "publishedAt": published["publishedAt"], "version": 4}
        hidden = await ask(http, PUBLISH, "unit-officer", number=number, published=False)
        assert hidden["initiative"]["publishedAt"] is None
        assert not await seen()


async def test_a_secret_is_not_published(programme):
    async with client(programme) as http:
        number = await handed_in(http, confidential=True)
        await approve(http, "unit-officer", number)
        answer = await ask(http, PUBLISH, "unit-officer", number=number)
        assert (answer["__typename"], answer["code"]) == ("PublicationRejected", "CONFIDENTIAL")


@pytest.mark.parametrize(("decision", "levels"), [("RETURN", 1), ("REJECT", 1), ("REVOKE", 3)])
async def test_what_is_no_longer_recognised_is_no_longer_shown(programme, decision, levels):
    async with client(programme) as http:
        number = await handed_in(http)
        await rise(http, number, levels)
        await ask(http, PUBLISH, "unit-officer", number=number)
        username = "council" if levels == 3 else "upper-officer"
        given = {"number": number, "decision": decision, "reason": "x"}
        answer = await ask(http, REVIEW, username, **given)
        assert answer["initiative"]["publishedAt"] is None


@pytest.mark.parametrize(
    ("username", "answer"),
    [
        ("tttt-admin", "InitiativePayload"),
        ("council", "Forbidden"),
        ("support", "Forbidden"),
        ("member", "Forbidden"),
        ("auditor", "Forbidden"),
        ("nobody", "Forbidden"),
        (None, "Forbidden"),
        ("officer-mobifone", "NotFound"),
    ],
)
async def test_who_publishes(programme, username, answer):
    async with client(programme) as http:
        number = await handed_in(http)
        await approve(http, "unit-officer", number)
        assert (await ask(http, PUBLISH, username, number=number))["__typename"] == answer


async def test_publishing_what_has_changed_since_is_a_conflict(programme):
    async with client(programme) as http:
        number = await handed_in(http)
        await approve(http, "unit-officer", number)
        answer = await ask(http, PUBLISH, "unit-officer", number=number, version=2)
        assert (answer["__typename"], answer["code"], answer["version"]) == ("Conflict", "STALE", 3)
