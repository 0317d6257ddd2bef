"""Each of several concurrent callers gets the result of some sequential order."""

import asyncio
from collections import Counter
from datetime import date
from itertools import count
from typing import Any

import pytest

from db.commands import freeze, grants, initiatives, reviews, units
from db.rules.errors import ConflictError, DomainError
from db.sessions import GrantsChangedError
from db.transactions import Writer
from db.url import WRITER, with_role
from tests.client import client
from tests.model import cells
from tests.model.played import Played
from tests.test_races import ATTEMPT, caller, together

_numbers = count()
CLOSING = date(2022, 3, 31)
AFTER = date(2022, 4, 1)


@pytest.fixture
def played(server, template):
    nation = Played(server, template, f"races_{next(_numbers)}", cells.TODAY)
    yield nation
    nation.close()


def calls(command: Any, **fields: Any) -> Any:
    """Return a command with its input."""

    async def run(session: Any) -> Any:
        return await command(session, **fields)

    return run


def meet(played: Played, *attempts: tuple[str, date, Any]) -> list[Any]:
    """Run commands of accounts concurrently, each on its day; errors are results too."""

    async def run() -> list[Any]:
        callers = [await caller(played.url, who, today) for who, today, _ in attempts]
        commands = [command for *_, command in attempts]
        return await together(played.url, *zip(callers, commands, strict=True))

    return asyncio.run(run())


def kinds(results: list[Any]) -> Counter[str]:
    """Return the number of each outcome: the code of an error, else the kind of outcome."""
    return Counter(
        one.code if isinstance(one, DomainError) else type(one).__name__ for one in results
    )


def second_officer(played: Played, unit: str = "GA1") -> str:
    who = cells.account(played, cells.member(played, unit))
    cells.grant(played, who, "OFFICER", unit)
    return who


def test_of_two_reviewers_of_one_initiative_one_wins_and_the_other_is_told(played):
    other = second_officer(played)
    for decision in ("APPROVE", "REJECT", "RETURN"):
        for _ in range(4):
            number = cells.work(played, "GA1", "SUBMITTED")
            one = {"number": number, "decision": decision, "reason": "x"}
            met = meet(
                played,
                ("officer-ga1", cells.TODAY, calls(reviews.review, **one)),
                (other, cells.TODAY, calls(reviews.review, **{**one, "decision": "APPROVE"})),
            )
            assert kinds(met) == {"InitiativeOutcome": 1, "DECIDED": 1}
            assert all(isinstance(m, ConflictError) for m in met if isinstance(m, DomainError))
    assert played.rows("select count(*) from review") == [(12,)]
    assert played.recounted() == 0


def test_many_decisions_and_single_ones_at_once_decide_each_initiative_once(played):
    other = second_officer(played)
    numbers = [cells.work(played, "GA1", "SUBMITTED") for _ in range(12)]
    verdicts = [reviews.Verdict(number=number, decision="APPROVE") for number in numbers]
    together_ = [
        (who, cells.TODAY, calls(reviews.review_several, decisions=order, mode=mode))
        for who, order, mode in (
            ("officer-ga1", verdicts, "EACH"),
            (other, verdicts[::-1], "EACH"),
            (other, verdicts[3:6], "ALL"),
        )
    ]
    alone = [
        ("officer-ga1", cells.TODAY, calls(reviews.review, number=number, decision="APPROVE"))
        for number in numbers[::3]
    ]
    met = meet(played, *together_, *alone)
    assert not [
        one for one in met if isinstance(one, Exception) and not isinstance(one, DomainError)
    ]
    assert played.rows("select count(*), count(distinct initiative_id) from review") == [(12, 12)]
    assert played.rows("select distinct state, version from initiative") == [("RECOGNISED", 2)]
    assert played.recounted() == 0


def test_units_that_move_at_once_take_their_totals_to_one_place_each(played):
    """Also a unit and one below it, while their initiatives are submitted and decided on."""
    numbers = [cells.work(played, "GA1") for _ in range(8)]
    waiting = [cells.work(played, "GA1", "SUBMITTED") for _ in range(8)]
    moves = [("UA", "FB"), ("GA1", "UB"), ("GA1", "FA"), ("UB", "FB"), ("UA", "FA"), ("GA2", "FB")]
    met = meet(
        played,
        *(
            ("admin-r", cells.TODAY, calls(units.move, unit=unit, parent=parent, reason="x"))
            for unit, parent in moves
        ),
        *(
            ("officer-ga1", cells.TODAY, calls(initiatives.submit, number=number))
            for number in numbers
        ),
        *(
            ("officer-ga1", cells.TODAY, calls(reviews.review, number=number, decision="APPROVE"))
            for number in waiting
        ),
    )
    expected = {
        "NOT_FOUND",
        "UnitOutcome",
        "InitiativeOutcome",
        "THERE_ALREADY",
        "STALE",
        "DECIDED",
    }
    # The endpoint retries callers whose unit has moved, with new scopes.
    strange = [
        one
        for one in met
        if type(one) is not GrantsChangedError and not kinds([one]).keys() <= expected
    ]
    assert strange == []
    assert played.recounted() == 0
    stray = "select count(*) from initiative i where awaits_id <> all (line(path))"
    assert played.rows(stray) == [(0,)]


def test_the_closing_day_lasts_until_midnight_in_vietnam(played):
    days = played.rows(
        "select local_day('2022-12-31T16:59:59.999999Z'), local_day('2022-12-31T17:00:00Z')"
    )
    assert days == [(date(2022, 12, 31), date(2023, 1, 1))]
    last, next_ = days[0]
    numbers = [cells.work(played, "GA1") for _ in range(16)]
    met = meet(
        played,
        *(
            ("officer-ga1", (last, next_)[turn % 2], calls(initiatives.submit, number=number))
            for turn, number in enumerate(numbers)
        ),
    )
    assert kinds(met[::2]) == {"InitiativeOutcome": 8}
    assert kinds(met[1::2]) == {"OUTSIDE_EVERY_WINDOW": 8}
    assert played.recounted() == 0


def test_where_phases_meet_each_side_of_midnight_counts_in_its_own(played):
    numbers = [cells.work(played, "GA1") for _ in range(12)]
    met = meet(
        played,
        *(
            ("officer-ga1", (CLOSING, AFTER)[turn % 2], calls(initiatives.submit, number=number))
            for turn, number in enumerate(numbers)
        ),
    )
    assert kinds(met) == {"InitiativeOutcome": 12}
    counted = dict(
        played.rows(
            "select i.number, p.ordinal from initiative i join phase p on p.id = i.phase_id"
        )
    )
    assert [counted[number] for number in numbers] == [1, 2] * 6
    assert played.recounted() == 0


def test_a_freeze_waits_for_what_is_being_handed_in_and_counts_it(played):
    """A later submission needs a reason."""
    on_time, late = cells.work(played, "GA1"), cells.work(played, "GA1")
    met = asyncio.run(_freeze_meanwhile(played.url, on_time))
    assert kinds(met) == {"InitiativeOutcome": 1, "PhaseOutcome": 1}
    stored = "select (figures ->> 'submitted')::int from phase_result r join unit u"
    assert played.rows(f"{stored} on u.id = r.unit_id where u.code = 'GA1'") == [(1,)]
    phase = "phase_id = (select id from phase where ordinal = 1)"
    played.rows(f"update initiative set {phase} where number = '{late}' returning id")
    submit = calls(initiatives.submit, number=late)
    given = calls(initiatives.submit, number=late, reason="Nộp muộn")
    assert kinds(meet(played, ("officer-ga1", AFTER, submit))) == {"INVALID_INPUT": 1}
    assert kinds(meet(played, ("officer-ga1", AFTER, given))) == {"InitiativeOutcome": 1}
    assert played.rows("select kind, reason from adjustment") == [("INITIATIVE", "Nộp muộn")]
    assert played.recounted() == 0


async def _freeze_meanwhile(url: str, number: str) -> list[Any]:
    """Freeze while an initiative, submitted on the last day, is not committed yet."""
    officer = await caller(url, "officer-ga1", CLOSING)
    admin = await caller(url, "admin-r", AFTER)
    handed_in, go_on = asyncio.Event(), asyncio.Event()

    async def submit(session: Any) -> Any:
        outcome = await initiatives.submit(session, number=number)
        handed_in.set()
        await go_on.wait()
        return outcome

    writer = Writer(with_role(url, WRITER), size=2)
    submitting = asyncio.create_task(writer.run(officer, ATTEMPT, submit))
    await handed_in.wait()
    freezing = asyncio.create_task(
        writer.run(admin, ATTEMPT, calls(freeze.freeze, campaign="C", phase=1))
    )
    await asyncio.wait([freezing], timeout=0.5)
    assert not freezing.done()
    go_on.set()
    met = await asyncio.gather(submitting, freezing, return_exceptions=True)
    await writer.close()
    return met


def test_of_two_who_freeze_a_phase_at_once_one_does(played):
    command = calls(freeze.freeze, campaign="C", phase=1)
    met = meet(played, ("admin-r", AFTER, command), ("admin-r2", AFTER, command))
    assert kinds(met) == {"PhaseOutcome": 1, "FROZEN": 1}
    units_, distinct = played.rows(
        "select count(*), count(distinct unit_id) from phase_result"
    )[0]  # fmt: skip
    assert units_ == distinct == played.rows("select count(*) from unit")[0][0]


@pytest.mark.parametrize("by", [("admin-r", "admin-r2"), ("admin-r", "admin-r")])
def test_of_the_last_two_administrators_of_the_root_one_always_stays(played, by):
    held = dict(
        played.rows(
            "select a.username, g.id from role_grant g join account a on a.id = g.account_id"
            " where a.username in ('admin-r', 'admin-r2')"
        )
    )
    met = meet(
        played,
        (by[0], cells.TODAY, calls(grants.revoke, grant=held["admin-r2"], reason="x")),
        (by[1], cells.TODAY, calls(grants.revoke, grant=held["admin-r"], reason="x")),
    )
    # A caller that has just lost its role grant is rejected first, and nobody revokes their own.
    refused = kinds(met) - Counter({"GrantOutcome": 1})
    assert refused in (
        Counter({code: 1}) for code in ("LAST_ADMIN", "GrantsChangedError", "OWN_GRANT")
    )
    assert played.rows("select count(*) from role_grant where revoked_at is not null") == [(1,)]


def test_a_key_used_sixteen_times_at_once_does_it_once(played):
    document = """mutation ($input: DraftInitiativeInput!) { draftInitiative(input: $input) {
        __typename ... on InitiativePayload { initiative { number } } } }"""
    given = {"campaign": "C", "unit": "GA1", "title": "x", "summary": "x", "content": "x"}
    given |= {"solutionType": "TECHNICAL", "appliedOn": "2021-06-01", "idempotencyKey": "once"}
    given |= {"authors": [{"person": "P1", "share": 100}]}

    async def ask() -> list[Any]:
        async with client(played.url, today=cells.TODAY) as http:
            asked = (
                http.data(document, "officer-ga1", variables={"input": given}) for _ in range(16)
            )
            return await asyncio.gather(*asked)

    answers = asyncio.run(ask())
    assert len({str(answer) for answer in answers}) == 1
    assert answers[0]["draftInitiative"]["__typename"] == "InitiativePayload"
    assert played.rows("select count(*) from initiative") == [(1,)]
    assert played.recounted() == 0
