"""Compiled reads, by pinned examples. Source: DESIGN.md, section 4."""

from datetime import date
from typing import Any

import asyncpg
import orjson
import pytest

from schema.build import SCHEMA
from schema.compiler.plan import Compiler, RefusedError
from tests.oracle.asker import ADMIN, asking, refusal, sql_of

BILLION = 10**9


@pytest.fixture
async def ask(demo):
    async with asking(demo) as asker:
        yield asker


async def test_an_alias_names_a_field_and_one_field_may_have_several(ask):
    answer = await ask(
        '{ a: unit(code: "TTTT") { x: code y: code } b: unit(code: "TLD") { code } }'
    )
    assert answer == {"a": {"x": "TTTT", "y": "TTTT"}, "b": {"code": "TLD"}}


@pytest.mark.parametrize("alias", ["o", "o0", "o1", "o2", "t1", "j0", "c1", "u1", "root", "select"])
async def test_no_alias_is_taken_for_a_part_of_the_statement(ask, alias):
    query = f'{{ unit(code: "TTTT") {{ {alias}: code parent {{ {alias}: code }} }} }}'
    assert await ask(query) == {"unit": {alias: "TTTT", "parent": {alias: "TLD"}}}
    paged = f"{{ units(first: 1) {{ {alias}: nodes {{ {alias}: code }} }} }}"
    assert list((await ask(paged))["units"][alias][0]) == [alias]


async def test_fields_of_one_response_name_are_merged_in_the_order_of_the_first(ask):
    query = """{ unit(code: "TTTT") { code parent { code } depth }
                 ...F unit(code: "TTTT") { level parent { depth } } }
               fragment F on Query { unit(code: "TTTT") { depth name } }"""
    unit = (await ask(query))["unit"]
    assert list(unit) == ["code", "parent", "depth", "name", "level"]
    assert unit["parent"] == {"code": "TLD", "depth": 0}


async def test_a_fragment_counts_only_for_the_type_it_is_on(ask):
    unit = (await ask('{ unit(code: "TTTT") { id } }'))["unit"]["id"]
    query = """query ($id: ID!) { node(id: $id) {
        __typename ... on Node { id } ... on Campaign { title } ... on Unit { code ...U } } }
        fragment U on Unit { depth }"""
    expected = {"__typename": "Unit", "id": unit, "code": "TTTT", "depth": 1}
    assert await ask(query, {"id": unit}) == {"node": expected}


async def test_typename_may_be_asked_for_anywhere(ask):
    query = """{ __typename viewer { __typename } units(first: 1) { __typename
        pageInfo { __typename } edges { __typename node { __typename } }
        nodes { t: __typename } } }"""
    assert await ask(query) == {
        "__typename": "Query",
        "viewer": {"__typename": "Viewer"},
        "units": {
            "__typename": "UnitConnection",
            "pageInfo": {"__typename": "PageInfo"},
            "edges": [{"__typename": "UnitEdge", "node": {"__typename": "Unit"}}],
            "nodes": [{"t": "Unit"}],
        },
    }


@pytest.mark.parametrize(
    ("skip", "include", "expected"),
    [
        (False, True, {"depth": 1, "code": "TTTT"}),
        (True, True, {"depth": 1}),
        (False, False, {"code": "TTTT"}),
        (True, False, {}),
    ],
)
async def test_skip_and_include_leave_fields_out(ask, skip, include, expected):
    query = """query ($s: Boolean!, $i: Boolean!) { unit(code: "TTTT") {
        ... @include(if: $i) { depth } code @skip(if: $s)
        name @skip(if: true) @include(if: true) } }"""
    assert await ask(query, {"s": skip, "i": include}) == {"unit": expected}


async def test_an_object_without_any_selected_field_is_empty_and_not_null(ask):
    unit = (await ask('{ unit(code: "TTTT") { id } }'))["unit"]["id"]
    query = """query ($id: ID!) {
        node(id: $id) { ... on Phase { title } } nodes(ids: [$id]) { ... on Award { id } } }"""
    assert await ask(query, {"id": unit}) == {"node": {}, "nodes": [{}]}
    assert await ask("{ viewer @skip(if: true) { __typename } }") == {}


async def test_keys_stand_in_the_order_of_the_query(ask):
    query = '{ z: __typename unit(code: "TLD") { version name a: depth code } a: __typename }'
    answer = await ask(query)
    assert list(answer) == ["z", "unit", "a"]
    assert list(answer["unit"]) == ["version", "name", "a", "code"]


async def test_an_argument_left_out_takes_its_default_whether_unsaid_or_an_absent_variable(ask):
    query = """query ($i: Interval! = WEEK, $p: Int) { unit(code: "TTTT") {
        a: progress(campaign: "1TRSK", phase: $p) { achieved history { startsOn } }
        b: progress(campaign: "1TRSK") { achieved history(interval: $i) { startsOn } }
        c: progress(campaign: "1TRSK", phase: null) {
            achieved history(interval: WEEK) { startsOn } }
    } }"""
    unit = (await ask(query))["unit"]
    assert unit["a"] == unit["b"] == unit["c"]
    assert all(date.fromisoformat(p["startsOn"]).weekday() == 0 for p in unit["a"]["history"])


async def test_arguments_are_coerced_as_graphql_says(ask):
    query = """query ($s: [InitiativeState!]) {
        initiatives(filter: {state: $s}, first: 1) { totalCount } }"""
    one, listed = await ask(query, {"s": "DRAFT"}), await ask(query, {"s": ["DRAFT"]})
    assert one == listed
    assert refusal(query, {"s": "NONE"}).extensions["code"] == "BAD_USER_INPUT"
    assert refusal("{ unit(code: 1) { code } }").extensions["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert refusal('{ initiatives(filter: {appliedFrom: "2022-13-01"}) { totalCount } }')


async def test_enums_dates_and_amounts_beyond_32_bits_arrive_whole(ask):
    query = """{ campaign(code: "1TRSK") { countsFrom appliedFrom phases { status opensOn } }
        unit(code: "TTTT") { level progress(campaign: "1TRSK", phase: 1) { benefitVerified } } }"""
    answer = await ask(query)
    assert answer["campaign"]["appliedFrom"] == "2021-09-01"
    assert answer["campaign"]["countsFrom"] in {"RECOGNISED", "CONFIRMED"}
    assert [p["status"] for p in answer["campaign"]["phases"]] == ["CLOSED", "ACTIVE"]
    assert answer["unit"]["level"] == "FEDERATION"
    assert answer["unit"]["progress"]["benefitVerified"] > 39 * 5 * BILLION


async def test_an_amount_beyond_63_bits_is_refused():
    query = "{ initiatives(filter: {benefitFrom: %d}) { totalCount } }"
    assert "63 bits" in refusal(query % 2**63).message


async def test_the_operation_to_run_is_named_where_there_are_several(ask):
    query = '{ %s } query A { unit(code: "TLD") { code } } query B { __typename }'.replace(
        "{ %s } ", ""
    )
    assert await ask(query, name="A") == {"unit": {"code": "TLD"}}
    assert await ask(query, name="B") == {"__typename": "Query"}
    assert "operationName" in refusal(query).message
    with pytest.raises(RefusedError, match="no operation named 'C'"):
        await ask(query, name="C")


async def test_introspection_answers_alone_and_beside_data(ask):
    part = '__type(name: "Unit") { name kind }'
    expected = {"name": "Unit", "kind": "OBJECT"}
    assert await ask(f"{{ {part} }}") == {"__type": expected}
    mixed = await ask(f'{{ {part} unit(code: "TLD") {{ code }} }}')
    assert mixed == {"__type": expected, "unit": {"code": "TLD"}}


async def test_a_fragment_within_introspection_may_use_variables(ask):
    query = """query ($k: Boolean!) { __type(name: "Unit") { ...F } }
        fragment F on __Type { name ...G } fragment G on __Type { kind @include(if: $k) }"""
    assert await ask(query, {"k": True}) == {"__type": {"name": "Unit", "kind": "OBJECT"}}
    assert await ask(query, {"k": False}) == {"__type": {"name": "Unit"}}


async def test_every_operation_is_one_statement(ask, monkeypatch):
    queries: list[str] = []
    await ask.principals.of(ADMIN)
    await ask("{ __typename }")
    async with ask.reader._pool.link(5) as link:
        prepare = link.connection.prepare  # of this connection: the pool has only one

        async def overheard(sql: str, **options: Any) -> Any:
            queries.append(sql)
            return await prepare(sql, **options)

        monkeypatch.setattr(asyncpg.Connection, "prepare", lambda _, *a, **o: overheard(*a, **o))
    await ask("""{ viewer { units { code } } units { totalCount nodes { parent { code }
        progress(campaign: "1TRSK") { pace { status } tiers { count } history { startsOn } } } }
        campaigns { nodes { phases { ranking { nodes { unit { code } } } } } } }""")
    assert [q.split()[0].lower() for q in queries] == ["select"]


def test_a_plan_serves_all_values_of_one_shape():
    compiler = Compiler(SCHEMA._schema)
    query = """query ($f: InitiativeFilter, $s: Boolean!) {
        initiatives(filter: $f) { totalCount @skip(if: $s) nodes { id } } }"""
    operation = compiler.operation(query, None)

    def plan(filter_: Any, *, skip: bool = False) -> Any:
        return compiler.plan(operation, compiler.variables(operation, {"f": filter_, "s": skip}))

    assert plan({"text": "a"}) is plan({"text": "b"})
    assert plan({"text": "a"}) is not plan({"text": "a"}, skip=True)
    assert plan({"text": "a"}).sql != plan({"text": None}).sql
    assert compiler.operation(query, None) is operation


INJECTIONS = ("'; drop table unit; --", "$1", "%(x)s", ":name", "\\", '"', "{}", "/*", "E'\\x'")


@pytest.mark.parametrize("value", INJECTIONS)
async def test_a_value_is_never_text_of_the_statement(ask, value):
    query = """query ($v: String!, $i: ID!) { unit(code: $v) { code } initiative(number: $v) { id }
        campaign(code: $v) { id } node(id: $i) { id }
        units(filter: {text: $v, under: $v, bloc: $v}) { totalCount }
        initiatives(filter: {text: $v, under: $v, campaign: $v, author: $i}) { totalCount }
        root: unit(code: "TLD") {
        progress(campaign: $v) { achieved } target(campaign: $v, phase: 1) {
        assigned } standing(campaign: $v, phase: 1) { rank } } }"""
    tagged = f"zq9 {value}"
    sql, values = sql_of(query, {"v": tagged, "i": tagged})
    assert "zq9" not in sql
    assert tagged in values
    literal = orjson.dumps(tagged).decode()
    pinned = (
        query.replace("($v: String!, $i: ID!)", "").replace("$v", literal).replace("$i", literal)
    )
    assert "zq9" not in sql_of(pinned)[0]
    assert (await ask(pinned)) == await ask(query, {"v": tagged, "i": tagged})
    assert (await ask('{ unit(code: "TLD") { code } }'))["unit"]


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800"])
def test_a_text_that_no_database_can_hold_is_refused(text):
    query = "query ($v: String!) { unit(code: $v) { code } }"
    assert refusal(query, {"v": text}).extensions == {"code": "BAD_USER_INPUT"}
