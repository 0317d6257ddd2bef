"""The database rejects decisions without the guards of the commands."""

from collections.abc import Callable
from dataclasses import replace

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.settings import DEMO_TODAY
from auth.principal import Principals
from db.commands.reviews import review
from db.rules.errors import ForbiddenError
from db.rules.review import Place, ReviewRejectedError, Standing, Way, awaited, decided
from db.sessions import Reader
from db.transactions import Attempt, Writer
from db.url import READER, WRITER, with_role
from db.write_session import WriteSession
from tests.client import client
from tests.deciding import approve, handed_in, one, run

ADD_REVIEW = """insert into review (initiative_id, unit_id, decision, at, account_id)
    values ($1, $2, 'APPROVE', now(), $3)"""
LEVELS = ("CONFEDERATION", "FEDERATION", "UPPER", "GRASSROOTS")


@pytest.fixture
async def acting(programme):
    """Runs commands as an account, without the guards of the mutations."""
    reader = Reader(with_role(programme, READER), size=1)
    writer = Writer(with_role(programme, WRITER), size=2)
    principals = Principals(reader, DEMO_TODAY)

    async def act(username: str, command: Callable) -> object:
        caller = (await principals.of(username)).caller
        return await writer.run(caller, Attempt("test"), command)

    yield act
    await reader.close()
    await writer.close()


def placed(url: str, number: str) -> int:
    return one(url, "select id from initiative where number = %s", number)


async def changed(acting, username: str, initiative_id: int) -> int:
    async def change(session: WriteSession) -> int:
        return await session.execute(
            "update initiative set state = 'REJECTED', awaits_id = null where id = $1",
            initiative_id,
        )

    return await acting(username, change)


@pytest.mark.parametrize(
    ("username", "rows"), [("unit-officer", 1), ("officer-mobifone", 0), ("auditor", 0)]
)
async def test_only_reviewers_of_an_initiatives_line_change_it(programme, acting, username, rows):
    async with client(programme) as http:
        number = await handed_in(http)
    run(programme, "update initiative set published_at = now() where number = %s", number)
    assert await changed(acting, username, placed(programme, number)) == rows


@pytest.mark.parametrize(
    ("username", "unit"),
    [
        ("council", "VNPT"),  # not the unit it decides for
        ("officer-mobifone", "MOBIFONE"),  # not an ancestor of the initiative's unit
        ("support", "VNPT-HNI"),
        ("auditor", "TLD"),
    ],
)
async def test_a_decision_is_kept_only_for_a_unit_of_the_line_that_one_decides_for(
    programme, acting, username, unit
):
    async with client(programme) as http:
        number = await handed_in(http)
    run(programme, "update initiative set published_at = now() where number = %s", number)
    unit_id = one(programme, "select id from unit where code = %s", unit)

    async def decide(session: WriteSession) -> None:
        await session.execute(
            ADD_REVIEW, placed(programme, number), unit_id, session.caller.account_id
        )

    with pytest.raises(ForbiddenError):
        await acting(username, decide)


async def test_a_decision_on_ones_own_work_is_refused_by_the_database_too(programme, acting):
    async with client(programme) as http:
        number = await handed_in(http)
    run(
        programme,
        """update authorship set person_id = (
            select person_id from account where username = 'unit-officer')
        where initiative_id = (select id from initiative where number = %s)""",
        number,
    )
    unit_id = one(programme, "select id from unit where code = 'VNPT-HNI'")

    async def decide(session: WriteSession) -> None:
        await session.execute(
            ADD_REVIEW, placed(programme, number), unit_id, session.caller.account_id
        )

    with pytest.raises(ForbiddenError):
        await acting("unit-officer", decide)


async def test_the_council_of_a_federation_decides_on_a_grassroots_initiative(programme, acting):
    async with client(programme) as http:
        number = await handed_in(http)
        await approve(http, "unit-officer", number)
        await approve(http, "upper-officer", number)
    outcome = await acting(
        "council", lambda session: review(session, number=number, decision="APPROVE")
    )
    assert outcome.initiative_id == placed(programme, number)
    assert one(programme, "select state from initiative where number = %s", number) == "CONFIRMED"


lines = st.lists(
    st.tuples(st.sampled_from(LEVELS[1:]), st.booleans()), unique_by=lambda unit: unit[0]
)


drawn = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


async def planted(connection: asyncpg.Connection, units: list[tuple[str, bool]]) -> list[Place]:
    """Create a branch of units of these levels, open or closed; return it, lowest first."""
    ordered = sorted([("CONFEDERATION", True), *units], key=lambda unit: LEVELS.index(unit[0]))
    parent: int | None = None
    line: list[Place] = []
    for number, (level, is_open) in enumerate(ordered, 1):
        parent, path = await connection.fetchrow(
            """insert into unit (code, name, level, parent_id, valid_from, valid_to)
            values ($1, 'x', $2, $3, '2022-01-01', case when not $4 then '2022-02-01'::date end)
            returning id, path::text""",
            *(str(number), level, parent, is_open),
        )
        line.insert(0, Place(parent, level, is_open=is_open, path=path))
    return line


@drawn
@given(lines, st.sampled_from(LEVELS), st.integers(0, 3))
async def test_who_is_awaited_is_the_same_in_sql_and_in_python(
    database, units, confirming_level, at
):
    connection = await asyncpg.connect(database)
    within = connection.transaction()
    await within.start()
    line = await planted(connection, units)
    place = line[min(at, len(line) - 1)]
    found = await connection.fetchval(
        "select review_awaited($1::text::ltree, $2, level_rank($3))",
        *(line[0].path, confirming_level, place.level),
    )
    await within.rollback()
    await connection.close()
    expected = awaited(Standing("RECOGNISED", place.unit_id), Way(line, confirming_level))
    assert found == (expected.unit_id if expected else None)


HANDED_IN = """
    insert into person (id, code, name, unit_id, sector)
    select 1, 'P1', 'x', id, 'PUBLIC' from unit where parent_id is null;
    insert into account (id, username, kind, person_id) values (1, 'reviewer', 'PERSON', 1);
    insert into campaign (id, code, title, owner_id, counts_from, confirming_level, applied_from,
        applied_to)
    select 1, 'C', 'C', id, 'RECOGNISED', '{confirming_level}', '2022-01-01', '2022-12-31'
    from unit where parent_id is null;
    insert into phase (id, campaign_id, ordinal, title, opens_on, closes_on)
    values (1, 1, 1, 'P', '2022-01-01', '2022-12-31');
    insert into initiative (id, title, summary, content, solution_type, sector, unit_id,
        campaign_id, phase_id, state, applied_on, submitted_at, awaits_id)
    values (1, 'T', 'S', 'C', 'TECHNICAL', 'PUBLIC', {unit}, 1, 1, 'SUBMITTED', '2022-01-01',
        '2022-02-01', {awaits});
    insert into role_grant (account_id, role, unit_id, valid_from)
    values (1, 'OFFICER', {decider}, '2022-01-01');
    set local role sangkien_writer;
    set local sangkien.account = '1';
    set local sangkien.initiative_read = '{{{root}}}';
    set local sangkien.initiative_review_alone = '{{{by}}}';
"""
DECIDE = """update initiative set state = $1::text, awaits_id = $2, recognised_at = now(),
    confirmed_at = case when $1 = 'CONFIRMED' then now() end where id = 1"""


@drawn
@given(lines, st.sampled_from(LEVELS), st.integers(0, 3), st.integers(0, 3))
async def test_whose_decision_it_is_and_what_it_leads_to_is_the_same_in_sql_and_in_python(
    database, units, confirming_level, at, by
):
    connection = await asyncpg.connect(with_role(database, "postgres"))
    within = connection.transaction()
    await within.start()
    line = await planted(connection, units)
    awaits, decider = (line[min(index, len(line) - 1)] for index in (at, by))
    given_ = {
        "unit": line[0].unit_id,
        "awaits": awaits.unit_id,
        "by": decider.path,
        "decider": decider.unit_id,
    }
    await connection.execute(
        HANDED_IN.format(confirming_level=confirming_level, root=line[-1].path, **given_)
    )
    done = set()
    for outcome in [("CONFIRMED", None), *(("RECOGNISED", place.unit_id) for place in line)]:
        within_one = connection.transaction()
        await within_one.start()
        try:
            assert await connection.execute(DECIDE, *outcome) == "UPDATE 1"
            done.add(outcome)
        except (asyncpg.InsufficientPrivilegeError, asyncpg.CheckViolationError):
            pass
        await within_one.rollback()
    await within.rollback()
    await connection.close()
    # No other account decides anywhere, so the decider's unit acts for those below it.
    staffed = [replace(place, staffed=place is decider) for place in line]
    standing, way = Standing("SUBMITTED", awaits.unit_id), Way(staffed, confirming_level)
    try:
        after = decided(standing, "APPROVE", decider.unit_id, way)
    except ReviewRejectedError:
        assert done == set()
    else:
        assert done == {(after.state, after.awaits)}
