"""Similarity to a hidden initiative is returned in steps, and confirms no guess at its text."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.client import Client, client
from tests.mutating import ask, change, rows, value

ALIKE = """query ($number: String!) { initiative(number: $number) { possibleDuplicates(first: 50) {
    closeness similarity federation initiative { number } } } }"""
DRAFT = """mutation ($input: DraftInitiativeInput!) { draftInitiative(input: $input) {
    ... on InitiativePayload { initiative { number } } ... on Error { code message } } }"""
EDIT = """mutation ($input: EditInitiativeInput!) { editInitiative(input: $input) {
    ... on InitiativePayload { initiative { number } } ... on Error { code message } } }"""
SUBMIT = """mutation ($input: SubmitInitiativeInput!) { submitInitiative(input: $input) {
    ... on InitiativePayload { initiative { number possibleDuplicates(first: 50) {
        closeness similarity federation initiative { number } } } }
    ... on Error { code message } } }"""
TITLE = "Giá đỡ khung nhựa ghép cho giàn phơi chè, khỏi gãy chốt"
SECRET = "Thay thanh gỗ bằng khung nhựa; bớt bảy công mỗi vụ ở nông trường Khe Trôm CMS1467"
GUESSES = (
    "Thay thanh gỗ bằng khung nhựa; bớt bảy công mỗi vụ",
    "Thay thanh gỗ bằng khung nhựa; bớt hai công mỗi vụ",
    "Thay thanh gỗ bằng khung thép; bớt tiếng ồn mỗi ngày",
    f"{SECRET}",
)
TEXT = {
    "campaign": "1TRSK",
    "unit": "VNPT-HNI",
    "title": TITLE,
    "content": "Cách làm.",
    "solutionType": "TECHNICAL",
    "appliedOn": "2022-09-01",
}


@pytest.fixture
async def nation(programme):
    """The demo, in which the member sees neither `open` nor `secret`, which have the same text."""
    numbers = dict(
        zip(
            ("open", "secret"),
            (
                row["number"]
                for row in rows(
                    programme,
                    "select number from initiative where number like 'LAN-%%'"
                    " and state = 'CONFIRMED' and published_at is null order by id limit 2",
                )
            ),
            strict=True,
        )
    )
    for name, number in numbers.items():
        change(
            programme,
            "update initiative set title = %s, summary = %s, confidential = %s where number = %s",
            *(TITLE, SECRET, name == "secret", number),
        )
    async with client(programme) as http:
        yield SimpleNamespace(url=programme, http=http, **numbers)


async def alike(http: Client, who: str, number: str) -> Any:
    data = await http.data(ALIKE, who, variables={"number": number})
    return data["initiative"]["possibleDuplicates"]


async def drafted(http: Client, summary: str, who: str = "member", **fields: Any) -> str:
    answer = await ask(http, DRAFT, who, **{**TEXT, "summary": summary, **fields})
    number: str = answer["initiative"]["number"]
    return number


async def handed_in(http: Client, summary: str, who: str = "member", **fields: Any) -> Any:
    """Submit an initiative; return its number and the candidates of its payload."""
    answer = await ask(http, SUBMIT, who, number=await drafted(http, summary, who, **fields))
    return answer["initiative"]["number"], answer["initiative"]["possibleDuplicates"]


async def test_a_draft_edited_again_and_again_tells_nothing_of_hidden_ones(nation):
    number = await drafted(nation.http, "Chưa viết")
    seen = []
    for guess in GUESSES:
        answer = await ask(nation.http, EDIT, "member", number=number, summary=guess)
        assert answer["initiative"]["number"] == number
        seen.append(await alike(nation.http, "member", number))
    assert seen == [[]] * len(GUESSES)


async def test_guesses_that_are_handed_in_are_told_apart_by_a_step_at_most(nation):
    told = [(await handed_in(nation.http, guess))[1] for guess in GUESSES]
    federation = value(nation.url, "select name from unit where code = 'LAN'")
    for candidates in told:
        hidden = [one for one in candidates if one["initiative"] is None]
        assert len(hidden) <= 1
        for one in hidden:
            assert one.pop("closeness") in ("SIMILAR", "VERY_SIMILAR")
            assert one == {"similarity": None, "federation": federation, "initiative": None}
    # The first two differ in one word of the secret text, and so in nothing that is returned.
    first, second = (
        [one for one in candidates if one["initiative"] is None] for candidates in told[:2]
    )
    assert len(first) == 1
    assert first == second


async def test_of_a_confidential_one_nothing_is_told_even_for_its_whole_text(nation):
    change(nation.url, "update initiative set confidential = true where number = %s", nation.open)
    number, told = await handed_in(nation.http, SECRET)
    assert told == []
    assert await alike(nation.http, "unit-officer", number) == []
    (seen, _) = await alike(nation.http, "confed-admin", number)
    assert (seen["closeness"], seen["similarity"]) == ("VERY_SIMILAR", 1.0)


async def test_what_was_returned_and_may_be_edited_tells_nothing_of_hidden_ones(nation):
    number, told = await handed_in(nation.http, SECRET)
    assert [one["closeness"] for one in told] == ["VERY_SIMILAR"]
    change(
        nation.url,
        "update initiative set state = 'RETURNED', awaits_id = null where number = %s",
        number,
    )
    assert await alike(nation.http, "member", number) == []
    assert await alike(nation.http, "unit-officer", number) == []


async def test_the_place_of_a_hidden_one_among_others_tells_nothing(nation):
    """Initiatives of known similarity cannot measure a hidden one: it is last of its step."""
    rulers = [
        (await handed_in(nation.http, f"{SECRET} {'thêm chữ ' * more}"))[0] for more in range(4)
    ]
    _, told = await handed_in(nation.http, f"{SECRET} thêm")
    steps = [(one["closeness"], one["initiative"] is None) for one in told]
    assert steps == sorted(steps, key=lambda step: (step[0] == "SIMILAR", step[1]))
    assert [one["initiative"] is None for one in told].count(True) == 1
    assert {one["initiative"]["number"] for one in told if one["initiative"]} == set(rulers)


async def test_after_many_wordings_within_an_hour_their_writers_are_told_of_hidden_ones_no_more(
    nation,
):
    numbers = []
    for turn in range(22):
        number, told = await handed_in(nation.http, f"{SECRET} lần {turn}")
        numbers.append(number)
        assert any(one["initiative"] is None for one in told) == (turn < 20), turn
    last = numbers[-1]
    # Deciders still get them, and so do its writers after the hour.
    hidden = [
        one for one in await alike(nation.http, "unit-officer", last) if not one["initiative"]
    ]
    assert [one["closeness"] for one in hidden] == ["VERY_SIMILAR"]
    change(nation.url, "update initiative_sketch set worded_at = worded_at - interval '1 hour'")
    _, told = await handed_in(nation.http, SECRET)
    assert any(one["initiative"] is None for one in told)


async def test_handing_in_and_withdrawing_again_and_again_is_counted_too(nation):
    """One initiative, reworded and submitted many times, uses up its writers' limit."""
    number, _ = await handed_in(nation.http, "Chưa viết")
    account = value(nation.url, "select id from account where username = 'member'")
    for _ in range(20):
        for state in ("'WITHDRAWN', awaits_id = null", "'DRAFT'", "'SUBMITTED'"):
            change(
                nation.url,
                f"with caller as materialized (select set_config('sangkien.account', '{account}',"
                f" true)) update initiative set state = {state} from caller where number = %s",
                number,
            )
    assert value(nation.url, "select max(wordings) from initiative_sketch") == 21
    _, told = await handed_in(nation.http, SECRET)
    assert [one for one in told if one["initiative"] is None] == []


async def test_whoever_sees_all_is_told_every_similarity(nation):
    number, _ = await handed_in(nation.http, SECRET)
    told = await alike(nation.http, "confed-admin", number)
    assert [one["similarity"] for one in told] == [1.0, 1.0]
    assert {one["initiative"]["number"] for one in told} == {nation.open, nation.secret}
