"""The columns of an initiative that each account may change, whatever a command does."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

from db.commands import duplicates, freeze, initiatives, publications, reviews
from db.rules.errors import DomainError
from tests.client import client
from tests.deciding import approve, exact, handed_in, one, rise
from tests.mutating import Unguarded, change, rows, writing

TEXT = {
    "campaign": "1TRSK",
    "title": "Sáng kiến",
    "summary": "Giảm thời gian.",
    "content": "Cách làm.",
    "solution_type": "TECHNICAL",
    "applied_on": date(2022, 9, 1),
}
INITIATIVE = "update initiative set {} where number = '{}'"
AUTHORS = "{} where initiative_id = (select id from initiative where number = '{}')"
AWAITS = "awaits_id = (select id from unit where code = '{}')"
# By state: the account and its attempt on an initiative of the member's unit in that state.
TRIED = {
    "CONFIRMED": {
        "member": (
            *("verified = '{90000000000}'", "published_at = now()", "confirmed_at = now()"),
            *("content = 'x'", "claimed = '{9}'", "applied_on = '2022-01-01'"),
            *("confidential = true", "other_benefit = 'x'", "title = 'x', version = version + 1"),
            *("state = 'SUBMITTED', awaits_id = unit_id", "state = 'DRAFT'"),
            *("state = 'WITHDRAWN'", "state = 'REVOKED'", "state = 'DUPLICATE'"),
            *("phase_id = 1", "submitted_at = '2022-03-01'", "awaits_id = unit_id"),
        ),
        "tttt-admin": ("content = 'x', claimed = '{9}'", "verified = '{9}'", "title = title"),
        "council": ("published_at = now()", "verified = '{9}'", "state = 'DUPLICATE'"),
        "support": ("published_at = now()", "state = 'REVOKED'", "summary = 'x'"),
        # Not at or above the unit that approved last.
        "unit-officer": ("state = 'REVOKED'", "verified = '{9}'"),
    },
    "SUBMITTED": {
        "member": (
            *("state = 'RECOGNISED', recognised_at = now()", "summary = 'x'"),
            *("state = 'CONFIRMED', recognised_at = now(), confirmed_at = now()", "phase_id = 1"),
            *(AWAITS.format("TTTT"), "state = 'WITHDRAWN'", "verified = '{9}', awaits_id = null"),
        ),
        # A unit whose decision is not awaited yet.
        "council": (
            "state = 'CONFIRMED', awaits_id = null, recognised_at = now(), confirmed_at = now()",
            "state = 'REJECTED', awaits_id = null",
        ),
        "tttt-admin": ("state = 'WITHDRAWN', awaits_id = null", "content = 'x'"),
        # The awaited unit, but no unit skips those above.
        "unit-officer": (
            "state = 'CONFIRMED', awaits_id = null, recognised_at = now(), confirmed_at = now()",
            f"state = 'RECOGNISED', recognised_at = now(), {AWAITS.format('TTTT')}",
            *("verified = '{9}'", AWAITS.format("VNPT"), "state = 'REVOKED', awaits_id = null"),
            "state = 'DUPLICATE', awaits_id = null, verified = '{9}'",
        ),
    },
    "DRAFT": {
        "member": (
            f"{AWAITS.format('TTTT')}, state = 'SUBMITTED', phase_id = 2, submitted_at = now()",
            *("awaits_id = unit_id", "phase_id = 2", "verified = '{9}'"),
        ),
    },
}
FIXED = ("number = 'FAKE-1'", "unit_id = 1", "drafted_by_id = 1", "path = '1'", "campaign_id = 1")


@pytest.fixture
async def nation(programme):
    """The demo with an initiative of the member's in each tried state."""
    async with client(programme) as http:
        submitted, confirmed = await handed_in(http), await handed_in(http)
        await rise(http, confirmed)
    async with writing(programme) as unguarded:
        outcome = await unguarded.run("member", lambda s: initiatives.draft(s, **TEXT))
        drafted = one(
            programme, "select number from initiative where id = %s", *vars(outcome).values()
        )
        yield SimpleNamespace(
            url=programme,
            unguarded=unguarded,
            numbers={"SUBMITTED": submitted, "CONFIRMED": confirmed, "DRAFT": drafted},
        )


async def refused(unguarded: Unguarded, who: str, statement: str) -> bool:
    """Return whether the database rejects an account's statement, or it changes nothing."""
    try:
        return not await unguarded.execute(who, statement)
    except DomainError:
        return True
    except asyncpg.CheckViolationError as error:
        return error.constraint_name == "authorship_whole"


def stored(url: str) -> list[dict[str, Any]]:
    return rows(url, "select to_jsonb(i) from initiative i order by id") + rows(
        url, "select to_jsonb(a) from authorship a order by 1"
    )


async def test_each_side_of_an_initiative_is_refused_to_whoever_has_another(nation):
    before = stored(nation.url)
    tried = [
        (who, INITIATIVE.format(what, nation.numbers[state]))
        for state, callers in TRIED.items()
        for who, several in callers.items()
        for what in (*several, *FIXED)
    ]
    let = [one for one in tried if not await refused(nation.unguarded, *one)]
    assert let == []
    assert stored(nation.url) == before


async def test_nobody_decides_on_what_they_authored(nation):
    number = nation.numbers["SUBMITTED"]
    officer = "(select person_id from account where username = 'unit-officer')"
    change(nation.url, AUTHORS.format(f"update authorship set person_id = {officer}", number))
    for what in ("state = 'REJECTED', awaits_id = null", "state = 'RETURNED', awaits_id = null"):
        assert await refused(nation.unguarded, "unit-officer", INITIATIVE.format(what, number))


async def test_the_shares_of_authors_make_100_and_stay_once_handed_in(nation):
    before = stored(nation.url)
    statements = ("update authorship set share = 1", "delete from authorship")
    for number in nation.numbers.values():
        for statement in (*statements, "update authorship set person_id = 1"):
            assert await refused(nation.unguarded, "member", AUTHORS.format(statement, number))
    assert stored(nation.url) == before


async def test_what_each_may_it_does(nation):
    url, unguarded = nation.url, nation.unguarded
    draft, submitted, confirmed = (nation.numbers[s] for s in ("DRAFT", "SUBMITTED", "CONFIRMED"))

    async def does(who: str, command: Any, **fields: Any) -> None:
        await unguarded.run(who, lambda s: command(s, **fields))

    authors = [SimpleNamespace(person=code, share=50) for code in people(url)]
    await does("member", initiatives.edit, number=draft, title="Khác", claimed=[1], authors=authors)
    await does("support", initiatives.edit, number=draft, content="Khác", confidential=False)
    await does("member", initiatives.submit, number=draft)
    await does("unit-officer", reviews.review, number=draft, decision="RETURN", reason="Bổ sung")
    await does("support", initiatives.submit, number=draft)
    await does("unit-officer", reviews.review, number=draft, decision="REJECT", reason="Trùng")
    await does("unit-officer", publications.publish, number=confirmed)
    await does("tttt-admin", publications.publish, number=confirmed, published=False)
    await does("tttt-admin", publications.publish, number=confirmed)
    await does("council", reviews.review, number=confirmed, decision="REVOKE", reason="Sai")
    await does("unit-officer", reviews.review, number=submitted, decision="APPROVE", verified=[7])
    await does("upper-officer", reviews.review, number=submitted, decision="APPROVE")
    async with client(url) as http:
        original, repeated, taken_back = [await handed_in(http) for _ in range(3)]
        await approve(http, "unit-officer", repeated)
    await does("tttt-admin", duplicates.link, number=repeated, original=original, reason="Trùng")
    await does("member", initiatives.withdraw, number=taken_back)
    states = {
        row["number"]: row["state"] for row in rows(url, "select number, state from initiative")
    }
    assert [states[n] for n in (draft, submitted, confirmed, repeated, taken_back)] == [
        *("REJECTED", "RECOGNISED", "REVOKED", "DUPLICATE", "WITHDRAWN")
    ]
    assert exact(url)


def people(url: str) -> list[str]:
    """Return the codes of the member and of a colleague."""
    query = """select p.code from person p join account a on a.username = 'member'
        join person own on own.id = a.person_id and own.unit_id = p.unit_id
        order by p.id <> own.id, p.id desc limit 2"""
    return [row["code"] for row in rows(url, query)]


async def test_a_phase_is_frozen_once_and_when_it_is_over_everywhere(programme):
    frozen = "update phase set frozen_at = {} where ordinal = {}"
    async with writing(programme) as unguarded:
        assert await refused(unguarded, "confed-admin", frozen.format("now()", 2))
        await unguarded.run("confed-admin", lambda s: freeze.freeze(s, campaign="1TRSK", phase=1))
        for value in ("null", "now()"):
            assert await refused(unguarded, "confed-admin", frozen.format(value, 1))
        change(programme, "update phase set frozen_at = null")
        change(programme, OVERRIDDEN)
        assert await refused(unguarded, "confed-admin", frozen.format("now()", 1))
        change(programme, "delete from window_override where phase_id = 1")
        assert not await refused(unguarded, "confed-admin", frozen.format("now()", 1))


OVERRIDDEN = """
    insert into window_override (phase_id, unit_id, opens_on, closes_on)
    select 1, id, '2022-02-01', '2022-10-21' from unit where code = 'VNPT'
"""


def test_every_column_that_the_writer_updates_is_on_somebodys_side(database):
    granted = """select attnum from pg_attribute where attrelid = 'initiative'::regclass
        and has_column_privilege('sangkien_writer', attrelid, attnum, 'update')
        and attnum > 0 and attname <> 'version'"""
    asked = """select unnest(tgattr::int2[]) as attnum from pg_trigger
        where tgrelid = 'initiative'::regclass and tgname = any (%s)"""
    sides = [f"initiative_{name}" for name in ("edited", "entered", "decided", "curated")]
    assert {row["attnum"] for row in rows(database, granted)} == {
        row["attnum"] for row in rows(database, asked, sides)
    }
