"""Only the author, or a neutral account of the unit, removes an author or lowers a share."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from db.rules.errors import ForbiddenError, InvalidInputError
from db.rules.initiative import check_authors, without
from tests.client import client
from tests.mutating import ask, change, rows, value, writing

DRAFT = """mutation ($input: DraftInitiativeInput!) { draftInitiative(input: $input) {
    ... on InitiativePayload { __typename initiative { number } }
    ... on Error { __typename code message }
    ... on InvalidInput { problems { path code limit } } } }"""
EDIT = """mutation ($input: EditInitiativeInput!) { editInitiative(input: $input) {
    ... on InitiativePayload { __typename initiative { number } }
    ... on Error { __typename code message }
    ... on InvalidInput { problems { path code limit } } } }"""
TEXT = {
    "campaign": "1TRSK",
    "unit": "VNPT-HNI",
    "title": "Sáng kiến",
    "summary": "Giảm thời gian.",
    "content": "Cách làm.",
    "solutionType": "TECHNICAL",
    "appliedOn": "2022-09-01",
}
KEPT = ("Forbidden", "OTHERS_SHARE")


def person(url: str, username: str) -> str:
    """Return the code of the person of an account."""
    query = """select p.code from person p join account a on a.person_id = p.id
        where a.username = %s"""
    return str(value(url, query, username))


def shared(**shares: float) -> list[dict[str, Any]]:
    return [{"person": code, "share": share} for code, share in shares.items()]


def stored(url: str, number: str) -> dict[str, float]:
    query = """select p.code, a.share from authorship a join person p on p.id = a.person_id
        join initiative i on i.id = a.initiative_id where i.number = %s"""
    return {row["code"]: float(row["share"]) for row in rows(url, query, number)}


@pytest.fixture
async def nation(programme):
    """The demo; `theirs` is a draft by support of a colleague, the member and the officer."""
    codes = {name: person(programme, name) for name in ("member", "unit-officer")}
    colleague = value(
        programme,
        """select code from person where unit_id = (select id from unit where code = 'VNPT-HNI')
        and not exists (select from account where person_id = person.id) limit 1""",
    )
    async with client(programme) as http:
        names = SimpleNamespace(
            member=codes["member"], officer=codes["unit-officer"], colleague=colleague
        )
        authors = shared(**{colleague: 60, names.member: 30, names.officer: 10})
        made = await ask(http, DRAFT, "support", **TEXT, authors=authors)
        number = made["initiative"]["number"]
        yield SimpleNamespace(url=programme, http=http, number=number, **vars(names))


async def edit(nation: Any, who: str, **fields: Any) -> tuple[str, Any]:
    answer = await ask(nation.http, EDIT, who, number=nation.number, **fields)
    return answer["__typename"], answer.get("code")


async def test_a_member_takes_nobody_off_and_lowers_nobodys_share_but_their_own(nation):
    before = stored(nation.url, nation.number)
    for shares in (
        {nation.member: 100},
        {nation.member: 90, nation.officer: 10},
        {nation.member: 40, nation.colleague: 50, nation.officer: 10},
        {nation.member: 39, nation.colleague: 60, nation.officer: 1},
        {nation.colleague: 100},
    ):
        assert await edit(nation, "member", authors=shared(**shares)) == KEPT, shares
    assert stored(nation.url, nation.number) == before
    given = {nation.member: 20, nation.colleague: 70, nation.officer: 10}
    assert (await edit(nation, "member", authors=shared(**given)))[0] == "InitiativePayload"
    assert stored(nation.url, nation.number) == given


async def test_support_of_the_unit_may_take_an_author_off(nation):
    given = {nation.member: 50, nation.officer: 50}
    assert (await edit(nation, "support", authors=shared(**given)))[0] == "InitiativePayload"
    assert stored(nation.url, nation.number) == given


async def test_an_officer_who_is_an_author_speaks_as_an_author(nation):
    for shares in (
        {nation.officer: 100},
        {nation.officer: 40, nation.member: 30, nation.colleague: 30},
    ):
        assert await edit(nation, "unit-officer", authors=shared(**shares)) == KEPT
    # Nor may it join by lowering others' shares.
    neutral = {nation.colleague: 60, nation.member: 40}
    assert (await edit(nation, "unit-officer", authors=shared(**neutral)))[0] == "InitiativePayload"
    joined = {nation.colleague: 60, nation.member: 30, nation.officer: 10}
    assert await edit(nation, "unit-officer", authors=shared(**joined)) == KEPT


async def test_who_did_not_agree_leaves_and_the_others_keep_their_proportion(nation):
    assert (await edit(nation, "unit-officer", leave=True))[0] == "InitiativePayload"
    assert stored(nation.url, nation.number) == {nation.colleague: 66.67, nation.member: 33.33}
    assert (await edit(nation, "member", leave=True))[0] == "InitiativePayload"
    assert stored(nation.url, nation.number) == {nation.colleague: 100}
    assert await edit(nation, "support", leave=True) == ("InvalidInput", "INVALID_INPUT")
    assert await edit(nation, "member", title="x") == ("NotFound", "NOT_FOUND")


async def test_the_last_author_stays_and_names_nobody_in_their_place(nation):
    made = await ask(nation.http, DRAFT, "member", **TEXT)
    nation.number = made["initiative"]["number"]
    assert await edit(nation, "member", leave=True) == ("InvalidInput", "INVALID_INPUT")
    other = shared(**{nation.colleague: 100})
    assert await edit(nation, "member", authors=other) == ("Forbidden", "FORBIDDEN")
    assert await edit(nation, "member", authors=other, leave=True) == (
        "InvalidInput",
        "INVALID_INPUT",
    )


@pytest.mark.parametrize("share", [0, 0.01, 0.99, 0.994])
async def test_a_share_is_at_least_one_percent(nation, share):
    authors = shared(**{nation.member: 100 - share, nation.officer: share})
    for document, who, fields in (
        (DRAFT, "member", TEXT),
        (EDIT, "support", {"number": nation.number}),
    ):
        answer = await ask(nation.http, document, who, **fields, authors=authors)
        assert [(p["path"], p["code"], p["limit"]) for p in answer["problems"]] == [
            (["authors", "1", "share"], "TOO_SMALL", "1")
        ]
    with pytest.raises(psycopg.errors.CheckViolation):
        change(nation.url, "update authorship set share = %s where share = 10", share)


async def test_the_database_keeps_authors_too(nation):
    of = f"initiative_id = (select id from initiative where number = '{nation.number}')"
    ids = {
        name: value(nation.url, "select id from person where code = %s", getattr(nation, name))
        for name in ("member", "officer", "colleague")
    }
    before = stored(nation.url, nation.number)

    def moved(less: str, more: str) -> list[str]:
        take = f"update authorship set share = share - 5 where {of} and person_id = {ids[less]}"
        give = f"update authorship set share = share + 5 where {of} and person_id = {ids[more]}"
        return [take, give]

    gone = f"delete from authorship where {of} and person_id = {ids['colleague']}"
    whole = f"update authorship set share = share + 60 where {of} and person_id = {ids['member']}"
    handed_in = f"""update initiative set state = 'SUBMITTED', phase_id = 2, awaits_id = unit_id,
        submitted_at = present() where number = '{nation.number}'"""
    joined = f"""insert into authorship (initiative_id, person_id, share)
        select initiative_id, {ids["officer"]}, 5 from authorship where {of} limit 1"""
    tries = {
        "member": [
            moved("colleague", "member"),
            moved("officer", "member"),
            [gone, whole],
            [*moved("colleague", "member"), handed_in],
        ],
        "unit-officer": [moved("colleague", "officer"), [gone, whole]],
    }
    async with writing(nation.url) as unguarded:

        async def run(who: str, statements: list[str]) -> None:
            async def command(session: Any) -> None:
                for statement in statements:
                    await session.execute(statement)

            await unguarded.run(who, command)

        for who, several in tries.items():
            for statements in several:
                with pytest.raises(ForbiddenError):
                    await run(who, statements)
        assert stored(nation.url, nation.number) == before
        # An author's own share goes to others; an account that drafts for others may do all of it.
        await run("member", moved("member", "colleague"))
        await run("support", [gone, whole.replace("+ 60", "+ 65")])
        # An officer who takes shares from others in order to join is an author in the end.
        left = f"delete from authorship where {of} and person_id = {ids['officer']}"
        all_ = f"update authorship set share = 100 where {of} and person_id = {ids['member']}"
        await run("unit-officer", [all_, left])
        less = f"update authorship set share = 95 where {of} and person_id = {ids['member']}"
        with pytest.raises(ForbiddenError):
            await run("unit-officer", [less, joined])


def test_what_authors_may_do_is_a_rule():
    before = {1: 60, 2: 30, 3: 10}
    check_authors(before, {1: 60, 2: 20, 3: 20}, own=2, for_all=False)
    check_authors(before, {4: 100}, own=9, for_all=True)
    check_authors(before, {1: 70, 3: 30}, own=2, for_all=False)
    for after, own, for_all, code in (
        ({1: 60, 2: 35, 3: 5}, 2, False, "OTHERS_SHARE"),
        ({2: 100}, 2, True, "OTHERS_SHARE"),
        ({1: 60, 3: 10, 4: 30}, 2, False, "FORBIDDEN"),
        ({1: 100}, None, False, "FORBIDDEN"),
    ):
        with pytest.raises(ForbiddenError) as refused:
            check_authors(before, after, own=own, for_all=for_all)
        assert refused.value.code == code
    many = {n: Decimal(1) for n in range(19)} | {19: Decimal(81)}
    assert sum(without(many, 4).values()) == 100
    assert min(without(many, 4).values()) >= 1
    with pytest.raises(InvalidInputError):
        without({1: Decimal(100)}, 1)
