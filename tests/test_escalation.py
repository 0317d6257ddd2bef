"""Where nobody at the awaited unit may decide, the next level above does; fields name it."""

from dataclasses import replace

import asyncpg
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.rules.errors import ForbiddenError
from db.rules.review import Part, Place, Standing, Way, acting, awaited
from db.url import with_role
from schema.build import SCHEMA
from tests.client import client
from tests.deciding import GRANT, REVIEW, SUBMIT, appoint, approve, ask, exact, handed_in, one, run
from tests.mutating import writing
from tests.test_duties import drafted_by
from tests.test_review_guards import LEVELS, lines, planted

QUEUE = """{ viewer { queue(last: 100) { totalCount nodes { deciderMissing days unit { code }
    escalatedFrom { code } initiative { number } } } } }"""
STANDS = """query ($number: String!) { initiative(number: $number) { awaits { code }
    deciderMissing escalatedTo { code } viewerCan
    reviews { decision unit { code } actingUnit { code } by { code } } } }"""
AWAITING = """query ($unit: String!) { unit(code: $unit) { awaiting(last: 100) { totalCount
    nodes { days deciderMissing escalatedFrom { code } unit { code }
        initiative { number } } } } }"""
REVOKE = "update role_grant set revoked_at = now() where account_id = any (%s)"
SUBMITTED = """mutation ($input: SubmitInitiativeInput!) { submitInitiative(input: $input) {
    ... on InitiativePayload { initiative { awaits { code } deciderMissing } } } }"""


def dismiss(url, *usernames):
    """Revoke every role of these accounts."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "select array_agg(id) from account where username = any (%s)", [list(usernames)]
        ).fetchone()
        connection.execute(REVOKE, found)


async def queued(http, username):
    nodes = (await http.data(QUEUE, username))["viewer"]["queue"]["nodes"]
    return {
        node["initiative"]["number"]: node["escalatedFrom"] and node["escalatedFrom"]["code"]
        for node in nodes
    }


async def stands(http, number, username="tttt-admin"):
    return (await http.data(STANDS, username, variables={"number": number}))["initiative"]


async def test_the_only_officer_who_made_it_leaves_it_to_the_level_above(programme):
    async with client(programme) as http:
        number = await drafted_by(http, "unit-officer")
        answer = await ask(http, SUBMITTED, "unit-officer", number=number)
        assert answer["initiative"] == {"awaits": {"code": "VNPT-HNI"}, "deciderMissing": True}
        assert number not in await queued(http, "unit-officer")
        assert (await queued(http, "upper-officer"))[number] == "VNPT-HNI"
        assert number not in await queued(http, "council")
        now = await stands(http, number, "upper-officer")
        assert (now["awaits"], now["escalatedTo"]) == ({"code": "VNPT-HNI"}, {"code": "VNPT"})
        assert "INITIATIVE_REVIEW" in now["viewerCan"]
        for username in ("council", "tttt-admin", "confed-admin"):
            answer = await ask(http, REVIEW, username, number=number, decision="APPROVE")
            assert answer["code"] == "NOT_AWAITED"
        await approve(http, "upper-officer", number)
        now = await stands(http, number)
        (review,) = now["reviews"]
        assert (review["unit"], review["actingUnit"]) == ({"code": "VNPT-HNI"}, {"code": "VNPT"})
        # An account that has decided for the level below does not decide for its own.
        assert (now["awaits"], now["deciderMissing"]) == ({"code": "VNPT"}, True)
        assert now["escalatedTo"] == {"code": "TTTT"}
        answer = await ask(http, REVIEW, "upper-officer", number=number, decision="APPROVE")
        assert answer["code"] == "DECIDED_OTHER_LEVEL"
        assert (await queued(http, "tttt-admin"))[number] == "VNPT"
        await approve(http, "tttt-admin", number)
        now = await stands(http, number)
        assert (now["awaits"], now["deciderMissing"]) == ({"code": "TTTT"}, False)
        assert number not in await queued(http, "tttt-admin")
        assert (await queued(http, "council"))[number] is None
        await approve(http, "council", number)
    assert exact(programme)


@pytest.mark.parametrize("unit", ["VNPT-HNI", "VNPT", None])
async def test_the_unit_that_acts_may_name_the_awaited_unit_its_own_or_none(programme, unit):
    dismiss(programme, "unit-officer")
    async with client(programme) as http:
        number = await handed_in(http)
        said = {"unit": unit} if unit else {}
        await approve(http, "upper-officer", number, **said)
        (review,) = (await stands(http, number))["reviews"]
    assert (review["unit"], review["actingUnit"]) == ({"code": "VNPT-HNI"}, {"code": "VNPT"})


async def test_queues_follow_as_grants_come_and_go(programme):
    async with client(programme) as http:
        number = await handed_in(http)
        assert number not in await queued(http, "upper-officer")
        run(
            programme,
            """update account set disabled_at = now() where username = 'unit-officer'""",
        )
        assert (await queued(http, "upper-officer"))[number] == "VNPT-HNI"
        dismiss(programme, "upper-officer")
        assert (await queued(http, "council"))[number] == "VNPT-HNI"
        assert (await queued(http, "tttt-admin"))[number] == "VNPT-HNI"
        # A role that begins tomorrow, or one of an auditor, decides nothing.
        appoint(programme, "late-officer", "OFFICER", "VNPT-HNI")
        run(
            programme,
            """update role_grant set valid_from = '2022-10-22' where account_id =
            (select id from account where username = 'late-officer')""",
        )
        appoint(programme, "reading-officer", "OFFICER", "VNPT-HNI")
        run(programme, GRANT, "AUDITOR", "reading-officer", "TTTT")
        assert number in await queued(http, "council")
        appoint(programme, "next-officer", "COUNCIL", "VNPT-HNI")
        assert number not in await queued(http, "council")
        assert (await queued(http, "next-officer"))[number] is None
        await approve(http, "next-officer", number)
    assert exact(programme)


async def test_a_unit_lists_what_awaits_it_and_whether_anybody_there_can_decide(programme):
    dismiss(programme, "upper-officer")
    async with client(programme) as http:
        made = await drafted_by(http, "unit-officer")
        await ask(http, SUBMIT, "unit-officer", number=made)
        other = await handed_in(http)
        found = await http.data(AWAITING, "unit-officer", variables={"unit": "VNPT-HNI"})
        nodes = found["unit"]["awaiting"]["nodes"]
        missing = {node["initiative"]["number"]: node["deciderMissing"] for node in nodes}
        assert (missing[made], missing[other]) == (True, False)
        assert {node["unit"]["code"] for node in nodes} == {"VNPT-HNI"}
        assert {node["escalatedFrom"] for node in nodes} == {None}
        above = await http.data(AWAITING, "council", variables={"unit": "VNPT"})
        nodes = above["unit"]["awaiting"]["nodes"]
        assert nodes
        assert all(node["deciderMissing"] for node in nodes)


@pytest.mark.parametrize("username", ["member", None])
async def test_who_has_no_role_over_them_lists_nothing_of_what_awaits_a_unit(programme, username):
    run(
        programme,
        """update initiative set published_at = now() where awaits_id is not null""",
    )
    async with client(programme) as http:
        found = await http.data(AWAITING, username, variables={"unit": "TLD"})
        assert found["unit"]["awaiting"] == {"totalCount": 0, "nodes": []}
        dismiss(programme, "unit-officer")
        number = await handed_in(http)
        run(programme, "update initiative set published_at = now() where number = %s", number)
        # The author sees that nobody there may decide; the public does not.
        now = await stands(http, number, username)
        assert now["deciderMissing"] is (username == "member")


async def test_where_nobody_may_decide_up_to_the_root_it_stays_and_is_told(programme):
    dismiss(programme, "unit-officer", "upper-officer", "council", "tttt-admin", "confed-admin")
    async with client(programme) as http:
        number = await handed_in(http)
        now = await stands(http, number, "auditor")
        assert (now["awaits"], now["deciderMissing"]) == ({"code": "VNPT-HNI"}, True)
        assert now["escalatedTo"] is None


async def test_the_database_lets_no_unit_act_where_it_is_not_its_turn(programme):
    insert = """insert into review (initiative_id, unit_id, acting_unit_id, decision, at,
            account_id)
        select i.id, u.id, a.id, 'APPROVE', now(), caller() from initiative i, unit u, unit a
        where i.number = '{}' and u.code = '{}' and a.code = '{}'"""
    change = "update initiative set state = 'REJECTED', awaits_id = null where number = '{}'"
    async with client(programme) as http:
        number = await handed_in(http)
    async with writing(programme) as unguarded:
        for statement in (insert.format(number, "VNPT-HNI", "VNPT"), change.format(number)):
            with pytest.raises(ForbiddenError):
                await unguarded.execute("upper-officer", statement)
        dismiss(programme, "unit-officer")
        with pytest.raises(ForbiddenError):
            await unguarded.execute("council", insert.format(number, "VNPT-HNI", "TTTT"))
        assert await unguarded.execute("upper-officer", change.format(number)) == 1


people = st.lists(
    st.tuples(
        st.integers(0, 3),  # the ancestor where an account decides
        st.sampled_from(["free", "author", "maker", "decided here", "decided elsewhere", "away"]),
    ),
    max_size=5,
)
drawn = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
CAMPAIGN = """
    insert into campaign (id, code, title, owner_id, counts_from, confirming_level, applied_from,
        applied_to)
    select 1, 'C', 'C', id, 'RECOGNISED', 'CONFEDERATION', '2022-01-01', '2022-12-31'
    from unit where parent_id is null
"""
INITIATIVE = """
    insert into initiative (id, number, title, summary, content, solution_type, sector, unit_id,
        path, campaign_id, phase_id, state, applied_on, submitted_at, awaits_id)
    values (1, 'N', 'T', 'S', 'C', 'TECHNICAL', 'PUBLIC', $1, $2::text::ltree, 1, 1, 'SUBMITTED',
        '2022-01-01', '2022-02-01', $3)
"""


async def hired(connection, case, number, at, kind):
    """Create an account that decides at a unit and worked on the initiative; return that work."""
    line, turn = case
    person = await connection.fetchval(
        "insert into person (code, name, unit_id, path, sector)"
        " values ($1, 'x', $2, '1', 'PUBLIC') returning id",
        *(f"P{number}", line[-1].unit_id),
    )
    account = await connection.fetchval(
        "insert into account (username, kind, person_id, disabled_at)"
        " values ($1, 'PERSON', $2, case when $3 then now() end) returning id",
        *(f"a{number}", person, kind == "away"),
    )
    await connection.execute(
        "insert into role_grant (account_id, role, unit_id, valid_from)"
        " values ($1, 'OFFICER', $2, '2022-01-01')",
        *(account, at.unit_id),
    )
    if kind == "author":
        await connection.execute("insert into authorship values (1, $1, '1', 100)", person)
    if kind == "maker":
        await connection.execute("insert into initiative_maker values (1, $1)", account)
    levels = frozenset()
    if kind.startswith("decided"):
        others = [one for one in line if one.level != turn.level] or [turn]
        decided = turn if kind == "decided here" else others[0]
        levels = frozenset({decided.level})
        await connection.execute(
            "insert into review (initiative_id, path, unit_id, decision, account_id)"
            " values (1, '1', $1, 'APPROVE', $2)",
            *(decided.unit_id, account),
        )
    return Part(authored=kind == "author", made=kind == "maker", levels=levels)


@drawn
@given(lines, people, st.integers(0, 3))
async def test_which_unit_decides_is_the_same_in_sql_and_in_python(database, units, staff, at):
    connection = await asyncpg.connect(with_role(database, "postgres"))
    within = connection.transaction()
    await within.start()
    line = await planted(connection, units)
    standing = Standing("SUBMITTED", line[min(at, len(line) - 1)].unit_id)
    turn = awaited(standing, Way(line, "CONFEDERATION"))
    # Columns of triggers are written with the values that triggers would set.
    await connection.execute("set local session_replication_role = replica")
    await connection.execute(CAMPAIGN)
    await connection.execute(INITIATIVE, line[0].unit_id, line[0].path, turn.unit_id)
    free = set()
    for number, (place, kind) in enumerate(staff):
        unit = line[min(place, len(line) - 1)]
        part = await hired(connection, (line, turn), number, unit, kind)
        if kind != "away" and part.bar(turn.level) is None:
            free.add(unit.unit_id)
    await connection.execute("set local sangkien.account = '0'")
    found = await connection.fetchval("select review_place(1, $1)", turn.unit_id)
    await within.rollback()
    await connection.close()
    staffed = [replace(one, staffed=one.unit_id in free) for one in line]
    expected = acting(standing, Way(staffed, "CONFEDERATION"))
    assert found == (expected.unit_id if expected else None)


@drawn
@given(st.data())
def test_who_decides_instead_is_the_next_open_unit_with_somebody_left(data):
    levels = LEVELS[::-1]
    line = [
        Place(
            number,
            level,
            is_open=number == 1 or data.draw(st.booleans()),
            staffed=data.draw(st.booleans()),
        )
        for number, level in enumerate(levels, 1)
    ]
    place = acting(Standing("SUBMITTED", 1), Way(line, "CONFEDERATION"))
    able = [one for one in line if one.is_open and one.staffed]
    assert place == (able[0] if able else None)


def test_the_contract_names_what_the_queue_tells():
    fields = SCHEMA._schema.type_map["QueueEntry"].fields
    assert {"since", "days", "unit", "escalatedFrom", "deciderMissing"} <= fields.keys()


def test_nobody_in_the_demo_has_decided_what_they_had_a_hand_in(demo):
    barred = """
        select count(*) from review r
        join unit u on u.id = r.unit_id
        where r.account_id = any (review_barred(r.initiative_id, u.level))
    """
    assert one(demo, barred) == 0
    assert one(demo, "select count(*) from review join initiative_maker using (initiative_id)") > 0
