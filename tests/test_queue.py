"""The work queue: what awaits the caller's decision, oldest first."""

import asyncpg
import psycopg
import pytest

from api.settings import DEMO_TODAY
from auth.principal import Principals
from db.sessions import Reader
from db.url import READER, with_role
from schema.build import SCHEMA
from schema.compiler.plan import Compiler
from tests.binding import begin_reading
from tests.client import client
from tests.deciding import approve, handed_in, one, run

QUEUE = """query ($first: Int, $after: String) { viewer { queue(first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { since days unit { code } initiative { number state } } } } }"""
AWAITING = """select i.number, extract(day from '2022-10-21'::date::timestamp
        - local_day(awaited_at)::timestamp)::int
    from initiative i join unit u on u.id = i.awaits_id where u.code = any (%s)
    order by i.awaited_at, i.id"""


@pytest.mark.parametrize(
    ("username", "unit"),
    [
        ("unit-officer", "VNPT-HNI"),
        ("upper-officer", "VNPT"),
        ("council", "TTTT"),
        ("tttt-admin", "TTTT"),
    ],
)
async def test_it_holds_what_awaits_ones_unit_the_oldest_first(programme, username, unit):
    with psycopg.connect(programme) as connection:
        expected = connection.execute(AWAITING.encode(), [[unit]]).fetchall()
    assert expected
    found, after = [], None
    async with client(programme) as http:
        while True:
            variables = {"first": 7, "after": after}
            queue = (await http.data(QUEUE, username, variables=variables))["viewer"]["queue"]
            assert queue["totalCount"] == len(expected)
            found += queue["nodes"]
            if not queue["pageInfo"]["hasNextPage"]:
                break
            after = queue["pageInfo"]["endCursor"]
    assert [(node["initiative"]["number"], node["days"]) for node in found] == expected
    assert {node["unit"]["code"] for node in found} == {unit}
    assert found == sorted(found, key=lambda node: node["since"])


async def test_who_decides_for_several_units_has_one_queue_in_order(programme):
    run(
        programme,
        """insert into role_grant (account_id, role, unit_id, valid_from)
        select a.id, 'COUNCIL', u.id, '2022-01-01' from account a, unit u
        where a.username = 'council' and u.code = 'VNPT'""",
    )
    with psycopg.connect(programme) as connection:
        expected = connection.execute(AWAITING.encode(), [["VNPT", "TTTT"]]).fetchall()
    async with client(programme) as http:
        queue = (await http.data(QUEUE, "council", variables={"first": 100}))["viewer"]["queue"]
    assert [node["initiative"]["number"] for node in queue["nodes"]] == [
        number for number, _ in expected[:100]
    ]
    assert queue["totalCount"] == len(expected)


@pytest.mark.parametrize(
    "username", ["auditor", "tttt-auditor", "member", "support", "nobody", None]
)
async def test_it_is_empty_for_who_decides_nowhere(programme, username):
    async with client(programme) as http:
        queue = (await http.data(QUEUE, username))["viewer"]["queue"]
    assert (queue["totalCount"], queue["nodes"]) == (0, [])


async def test_it_is_empty_for_an_auditor_whatever_else_was_granted(programme):
    run(
        programme,
        """insert into role_grant (account_id, role, unit_id, valid_from)
        select a.id, 'COUNCIL', u.id, '2022-01-01' from account a, unit u
        where a.username = 'auditor' and u.code = 'TTTT'""",
    )
    async with client(programme) as http:
        assert (await http.data(QUEUE, "auditor"))["viewer"]["queue"]["totalCount"] == 0


async def test_ones_own_work_is_not_in_it_and_what_is_decided_goes_on(programme):
    code = one(
        programme,
        """select p.code from person p join account a on a.person_id = p.id
        where a.username = 'unit-officer'""",
    )
    async with client(programme) as http:

        async def numbers(username: str) -> list[str]:
            nodes, after = [], None
            while True:
                variables = {"first": 100, "after": after}
                queue = (await http.data(QUEUE, username, variables=variables))["viewer"]["queue"]
                nodes += queue["nodes"]
                if not queue["pageInfo"]["hasNextPage"]:
                    return [node["initiative"]["number"] for node in nodes]
                after = queue["pageInfo"]["endCursor"]

        own = await handed_in(http, authors=[{"person": code, "share": 100}])
        other = await handed_in(http)
        queue = await numbers("unit-officer")
        assert own not in queue
        assert queue[-1] == other
        await approve(http, "unit-officer", other)
        assert other not in await numbers("unit-officer")
        assert (await numbers("upper-officer"))[-1] == other


@pytest.mark.parametrize("username", ["council", "tttt-admin"])
async def test_a_page_is_read_along_the_index_however_long_the_queue(programme, username):
    run(
        programme,
        """alter table initiative disable trigger user;
        insert into initiative (number, title, summary, content, solution_type, sector, unit_id,
            path, campaign_id, phase_id, state, applied_on, submitted_at, recognised_at, awaits_id,
            awaited_at)
        select 'Q-' || n, title, summary, content, solution_type, sector, unit_id, path,
            campaign_id, phase_id, 'RECOGNISED', applied_on, submitted_at, submitted_at,
            (select id from unit where code = 'TTTT'),
            '2022-10-20'::timestamptz + n * '1 s'::interval
        from (select * from initiative where submitted_at is not null limit 1) as i,
            generate_series(1, 20000) as n;
        analyze initiative""",
    )
    compiler = Compiler(SCHEMA._schema)
    query = "{ viewer { queue(first: 10) { nodes { since days initiative { number } } } } }"
    operation = compiler.operation(query, None)
    variables = compiler.variables(operation, {})
    plan = compiler.plan(operation, variables)
    reader = Reader(with_role(programme, READER), size=1)
    caller = (await Principals(reader, DEMO_TODAY).of(username)).caller
    await reader.close()
    connection = await asyncpg.connect(with_role(programme, READER))
    await connection.execute(begin_reading(caller))
    explained = f"explain (analyze, costs off, timing off) {plan.sql}"
    lines = [line for (line,) in await connection.fetch(explained, *plan.values(variables))]
    await connection.close()
    (scan,) = [line for line in lines if "initiative_awaited_idx" in line and "rows=10." in line]
    assert "Index Scan" in scan, lines
