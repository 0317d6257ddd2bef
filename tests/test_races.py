"""Concurrent commands have the same effect as sequential ones."""

import asyncio
from datetime import date
from typing import Any

import psycopg

from auth.principal import Principals
from db.commands import initiatives
from db.rules.errors import ConflictError, DomainError
from db.sessions import Caller, Reader
from db.transactions import Attempt, Writer
from db.url import READER, WRITER, with_role
from db.verify import verify

TODAY = date(2022, 10, 21)
TEXT: dict[str, Any] = {
    "campaign": "1TRSK",
    "title": "Tên",
    "summary": "Tóm tắt",
    "content": "Nội dung",
    "solution_type": "TECHNICAL",
    "applied_on": date(2022, 9, 1),
}
ATTEMPT = Attempt("test")


async def caller(url: str, username: str, today: date = TODAY) -> Caller:
    reader = Reader(with_role(url, READER), size=1)
    try:
        return (await Principals(reader, today).of(username)).caller
    finally:
        await reader.close()


async def together(url: str, *commands: tuple[Caller, Any]) -> list[Any]:
    """Run commands concurrently, each on a connection of its own; errors are results too."""
    # They wait for one another's locks, however slow the machine is.
    writer = Writer(with_role(url, WRITER), size=len(commands), lock_ms=60_000)
    try:
        return await asyncio.gather(
            *(writer.run(who, ATTEMPT, command) for who, command in commands),
            return_exceptions=True,
        )
    finally:
        await writer.close()


def rows(url: str, query: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


async def test_32_writers_of_one_unit_get_numbers_without_gaps_or_clashes(programme):
    member = await caller(programme, "member")
    newest = "select max(right(number, 5)::int) from initiative where number like 'VNPT-HNI-2022-%'"
    ((before,),) = rows(programme, newest)

    def attempt(turn: int) -> Any:
        async def command(session: Any) -> Any:
            drafted = await initiatives.draft(session, **TEXT)
            if turn % 4 == 0:
                raise ConflictError("STALE")
            return drafted

        return command

    done = await together(programme, *((member, attempt(turn)) for turn in range(32)))
    assert sum(isinstance(one, DomainError) for one in done) == 8
    assert sum(isinstance(one, initiatives.InitiativeOutcome) for one in done) == 24
    taken = rows(
        programme,
        "select right(number, 5)::int from initiative"
        " where number like 'VNPT-HNI-2022-%' order by number",
    )
    assert [number for (number,) in taken][-24:] == list(range(before + 1, before + 25))


async def test_of_two_who_hand_in_one_draft_one_is_told_of_the_other(programme):
    member = await caller(programme, "member")

    async def draft(session: Any) -> Any:
        return await initiatives.draft(session, **TEXT)

    (drafted,) = await together(programme, (member, draft))
    ((number,),) = rows(
        programme, f"select number from initiative where id = {drafted.initiative_id}"
    )

    async def submit(session: Any) -> Any:
        return await initiatives.submit(session, number=number)

    done = await together(programme, (member, submit), (member, submit))
    kinds = sorted(type(one).__name__ for one in done)
    assert kinds in (
        ["ConflictError", "InitiativeOutcome"],
        ["InitiativeOutcome", "InitiativeRejectedError"],
    )
    ((version,),) = rows(programme, f"select version from initiative where number = '{number}'")
    assert version == 2


async def test_submissions_of_many_units_at_once_leave_exact_totals(programme):
    officers = [
        await caller(programme, name)
        for (name,) in rows(
            programme, "select username from account where username like 'officer-%' limit 16"
        )
    ]
    places = dict(
        rows(
            programme,
            "select a.id, u.code from account a join role_grant g on g.account_id = a.id"
            " join unit u on u.id = g.unit_id where a.username like 'officer-%'",
        )
    )
    people = dict(
        rows(programme, "select u.code, min(p.code) from person p join unit u on u.id = p.unit_id"
             " group by u.code")
    )  # fmt: skip

    def hand_in(officer: Caller) -> Any:
        async def command(session: Any) -> Any:
            unit = places[officer.account_id]
            author = type("Author", (), {"person": people[unit], "share": 100.0})
            drafted = await initiatives.draft(session, **TEXT, unit=unit, authors=[author])
            number = await session.value(
                "select number from initiative where id = $1", drafted.initiative_id
            )
            return await initiatives.submit(session, number=number)

        return command

    covered = [officer for officer in officers if places[officer.account_id] in people]
    assert len(covered) > 8
    done = await together(programme, *((one, hand_in(one)) for one in covered * 2))
    assert all(isinstance(one, initiatives.InitiativeOutcome) for one in done), done
    with psycopg.connect(programme) as connection:
        assert verify(connection).differing == 0
