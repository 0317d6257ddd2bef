"""What DESIGN.md, section 4, says compiled reads must get right, by pinned examples."""

import base64
import time
from datetime import date
from typing import Any

import orjson
import pytest
from graphql import get_named_type, is_leaf_type, is_list_type, is_non_null_type

from auth.principal import Principals
from db.models import Base
from db.sessions import Reader
from db.url import READER, with_role
from schema.build import SCHEMA
from schema.compiler.cost import Limits
from schema.compiler.fields import COLUMN, SQL
from schema.compiler.plan import Compiler, RefusedError

TODAY = date(2022, 10, 21)
ADMIN = "confed-admin"
BILLION = 10**9


class Asker:
    """Asks the demo's database."""

    def __init__(self, url: str) -> None:
        self.compiler = Compiler(SCHEMA._schema)
        self.reader = Reader(with_role(url, READER), size=1)
        self.principals = Principals(self.reader, TODAY)

    async def __call__(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        *,
        by: str | None = ADMIN,
        name: str | None = None,
    ) -> Any:
        """Return an answer's data."""
        operation = self.compiler.operation(query, name)
        coerced = self.compiler.variables(operation, variables or {})
        plan = self.compiler.plan(operation, coerced)
        caller = (await self.principals.of(by)).caller
        return orjson.loads(await self.reader.fetch_json(caller, plan.sql, plan.values(coerced)))


@pytest.fixture
async def ask(demo):
    asker = Asker(demo)
    await asker.reader.open()
    yield asker
    await asker.reader.close()


def sql_of(query: str, variables: dict[str, Any] | None = None) -> tuple[str, list[Any]]:
    compiler = Compiler(SCHEMA._schema)
    operation = compiler.operation(query, None)
    coerced = compiler.variables(operation, variables or {})
    plan = compiler.plan(operation, coerced)
    return plan.sql, plan.values(coerced)


def refusal(query: str, variables: dict[str, Any] | None = None, **limits: int) -> Any:
    """Return the first error of an operation that is refused."""
    compiler = Compiler(SCHEMA._schema, Limits(**limits))
    with pytest.raises(RefusedError) as refused:
        operation = compiler.operation(query, None)
        coerced = compiler.variables(operation, variables or {})
        compiler.plan(operation, coerced).values(coerced)
    return refused.value.errors[0]


def global_id(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


# Selections


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
        pageInfo { __typename } edges { __typename node { __typename } } nodes { t: __typename } } }"""
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
        ... @include(if: $i) { depth } code @skip(if: $s) name @skip(if: true) @include(if: true) } }"""
    assert await ask(query, {"s": skip, "i": include}) == {"unit": expected}


async def test_an_object_without_any_selected_field_is_empty_and_not_null(ask):
    unit = (await ask('{ unit(code: "TTTT") { id } }'))["unit"]["id"]
    query = "query ($id: ID!) { node(id: $id) { ... on Phase { title } } nodes(ids: [$id]) { ... on Award { id } } }"
    assert await ask(query, {"id": unit}) == {"node": {}, "nodes": [{}]}
    assert await ask("{ viewer @skip(if: true) { __typename } }") == {}


async def test_keys_stand_in_the_order_of_the_query(ask):
    query = '{ z: __typename unit(code: "TLD") { version name a: depth code } a: __typename }'
    answer = await ask(query)
    assert list(answer) == ["z", "unit", "a"]
    assert list(answer["unit"]) == ["version", "name", "a", "code"]


# Arguments and values


async def test_an_argument_left_out_takes_its_default_whether_unsaid_or_an_absent_variable(ask):
    query = """query ($i: Interval! = WEEK, $p: Int) { unit(code: "TTTT") {
        a: progress(campaign: "1TRSK", phase: $p) { achieved history { startsOn } }
        b: progress(campaign: "1TRSK") { achieved history(interval: $i) { startsOn } }
        c: progress(campaign: "1TRSK", phase: null) { achieved history(interval: WEEK) { startsOn } }
    } }"""
    unit = (await ask(query))["unit"]
    assert unit["a"] == unit["b"] == unit["c"]
    assert all(date.fromisoformat(p["startsOn"]).weekday() == 0 for p in unit["a"]["history"])


async def test_arguments_are_coerced_as_graphql_says(ask):
    query = "query ($s: [InitiativeState!]) { initiatives(filter: {state: $s}, first: 1) { totalCount } }"
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


# Pages


async def test_pages_forward_join_to_the_whole_at_any_depth(ask):
    query = """query ($after: String) { unit(code: "TTTT") { children(first: 7, after: $after) {
        totalCount pageInfo { hasNextPage hasPreviousPage endCursor } nodes { code } } } }"""
    seen: list[str] = []
    cursor = None
    while True:
        page = (await ask(query, {"after": cursor}))["unit"]["children"]
        assert page["pageInfo"]["hasPreviousPage"] is (cursor is not None)
        seen += [node["code"] for node in page["nodes"]]
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == sorted(seen)
    assert len(seen) == len(set(seen)) == page["totalCount"] > 7


async def test_pages_backward_join_to_the_same_whole(ask):
    query = """query ($before: String) { unit(code: "TTTT") { children(last: 7, before: $before) {
        totalCount pageInfo { hasNextPage hasPreviousPage startCursor } nodes { code } } } }"""
    seen: list[str] = []
    cursor = None
    while True:
        page = (await ask(query, {"before": cursor}))["unit"]["children"]
        assert page["pageInfo"]["hasNextPage"] is (cursor is not None)
        seen = [node["code"] for node in page["nodes"]] + seen
        cursor = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            break
    assert seen == sorted(seen)
    assert len(seen) == page["totalCount"]


async def test_a_page_of_none_still_tells_whether_there_are_more(ask):
    info = "{ nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"
    answer = await ask(f'{{ a: units(first: 0) {info} b: units(filter: {{text: "ø"}}) {info} }}')
    none = {"hasPreviousPage": False, "startCursor": None, "endCursor": None}
    assert answer["a"] == {"nodes": [], "edges": [], "pageInfo": {"hasNextPage": True, **none}}
    assert answer["b"] == {"nodes": [], "edges": [], "pageInfo": {"hasNextPage": False, **none}}


def test_nothing_is_counted_unless_asked_for():
    assert "count(" not in sql_of("{ units { nodes { code } pageInfo { endCursor } } }")[0]
    assert "count(" in sql_of("{ units { totalCount } }")[0]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "é",
        global_id("[]"),
        global_id("null"),
        global_id('["code"]'),
        global_id('["code", 1]'),
        global_id('["code", "a", "b"]'),
        global_id('["-code", "a"]'),
        global_id('["code", "a\\u0000"]'),
        global_id('["code", "\\ud800"]'),
        global_id("[" * 9_000),
        global_id('{"code": 1}'),
    ],
)
def test_a_cursor_that_is_none_is_refused_by_name(cursor):
    error = refusal("query ($c: String) { units(after: $c) { nodes { id } } }", {"c": cursor})
    assert error.extensions["code"] == "BAD_USER_INPUT"
    assert "'after'" in error.message


@pytest.mark.parametrize(
    ("order", "keys"),
    [
        ("SUBMITTED_AT", '["sort_submitted", "0001-01-01T00:00:00+14:00", 1]'),
        ("SUBMITTED_AT", '["sort_submitted", "2022-01-01T00:00:00", 1]'),
        ("SUBMITTED_AT", '["sort_submitted", "9999-12-31T23:59:59-14:00", 1]'),
        ("APPLIED_ON", '["applied_on", "9999-12-31", 9223372036854775807]'),
        ("BENEFIT", '["sort_benefit", 9223372036854775807, 1]'),
        ("NUMBER", '["number", "\'; drop table unit; --"]'),
    ],
)
async def test_a_crafted_cursor_is_refused_or_a_position_like_any_other(ask, order, keys):
    query = """query ($c: String) {
        initiatives(first: 1, after: $c, orderBy: {field: %s}) { pageInfo { hasNextPage } } }"""
    try:
        assert await ask(query % order, {"c": global_id(keys)})
    except RefusedError as refused:
        assert refused.errors[0].extensions == {"code": "BAD_USER_INPUT"}


async def test_a_crafted_rank_beyond_32_bits_is_a_position_like_any_other(ask):
    cursor = global_id(f'["rank", {2**63 - 1}, 1]')
    query = """query ($c: String) { campaign(code: "1TRSK") { phases {
        ranking(after: $c) { nodes { rank } } } } }"""
    phases = (await ask(query, {"c": cursor}))["campaign"]["phases"]
    assert [phase["ranking"]["nodes"] for phase in phases] == [[], []]


# Nodes


async def test_an_id_of_another_type_of_nothing_or_of_something_hidden_finds_nothing(ask):
    unit = (await ask("{ units(last: 1) { nodes { id } } }"))["units"]["nodes"][0]["id"]
    odd = ["", "é", "Unit:1", *map(global_id, ("Unit:", "Unit:x", "Nope:1", "Unit:-1", "Query:1"))]
    odd += [global_id(f"Unit:{2**63}"), global_id("Unit:999999"), global_id("Unit:²")]
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert await ask(query, {"ids": odd}) == {"nodes": [None] * len(odd)}
    assert await ask(query, {"ids": [*odd, unit]}) == {"nodes": [*[None] * len(odd), {"id": unit}]}
    assert await ask(query, {"ids": [unit]}, by=None) == {"nodes": [None]}
    for one in odd:
        assert await ask("query ($id: ID!) { node(id: $id) { id } }", {"id": one}) == {"node": None}


async def test_nodes_stand_in_the_order_of_their_ids_each_as_often_as_named(ask):
    found = await ask("{ units(first: 3) { nodes { id } } campaigns { nodes { id } } }")
    ids = [node["id"] for node in found["units"]["nodes"] + found["campaigns"]["nodes"]]
    asked = [ids[2], ids[3], ids[0], ids[2]]
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert await ask(query, {"ids": asked}) == {"nodes": [{"id": one} for one in asked]}


# Documents


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


async def test_every_operation_is_one_statement(ask):
    queries: list[str] = []
    await ask.principals.of(ADMIN)
    await ask("{ __typename }")
    async with ask.reader._pool.acquire() as connection:
        log = connection.add_query_logger  # of this very connection: the pool has but one
        log(lambda record: queries.append(record.query))
    await ask("""{ viewer { units { code } } units { totalCount nodes { parent { code }
        progress(campaign: "1TRSK") { pace { status } tiers { count } history { startsOn } } } }
        campaigns { nodes { phases { ranking { nodes { unit { code } } } } } } }""")
    assert [q.split()[0].lower() for q in queries] == ["begin", "select", "commit"]


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
        campaign(code: $v) { id } node(id: $i) { id } units(filter: {text: $v, under: $v, bloc: $v}) {
        totalCount } initiatives(filter: {text: $v, under: $v, campaign: $v, author: $i}) { totalCount }
        root: unit(code: "TLD") { progress(campaign: $v) { achieved } target(campaign: $v, phase: 1) {
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


# Limits


def nested(levels: int) -> str:
    return '{ unit(code: "TLD") ' + "{ parent " * levels + "{ code }" + " }" * levels + " }"


@pytest.mark.parametrize(
    ("query", "limit", "allowed", "asked"),
    [
        ("{ __typename }" + " " * 20_000, "document size in bytes", 20_000, 20_014),
        (nested(16), "depth", 16, 18),
        ("{ " + "".join(f"a{n}: __typename " for n in range(21)) + "}", "root fields", 20, 21),
        (
            "{ viewer { " + "".join(f"a{n}: __typename " for n in range(101)) + "} }",
            "aliases",
            100,
            101,
        ),
        ("{ viewer { " + "__typename " * 21 + "} }", "repeats of one response name", 20, 21),
        ("{ a" + "b" * 63 + ": __typename }", "response name in bytes", 63, 64),
        ("{ units(first: 101) { totalCount } }", "page size", 100, 101),
        ("{ nodes(ids: [" + '"x" ' * 101 + "]) { id } }", "ids", 100, 101),
        (
            "{ units(first: 100) { nodes { children(first: 100) { nodes { "
            "initiatives(first: 100) { nodes { id } } } } } } }",
            "expected rows",
            50_000,
            None,
        ),
        (
            "{ units(first: 1) { nodes { "
            + "parent { bloc { code } } " * 20
            + "children(first: 0) "
            "{ nodes { "
            + "parent { bloc { code } } " * 20
            + "initiatives(first: 0) { nodes { "
            + "unit { bloc { code } } " * 15
            + "} } } } } } }",
            "objects",
            100,
            116,
        ),
        (
            '{ initiative(number: "1") { possibleDuplicates(first: 101) { similarity } } }',
            "page size",
            100,
            101,
        ),
    ],
)
def test_a_limit_is_named_with_its_figures(query, limit, allowed, asked):
    error = refusal(query)
    assert error.extensions["code"] == "LIMIT"
    assert (error.extensions["limit"], error.extensions["allowed"]) == (limit, allowed)
    assert asked is None or error.extensions["asked"] == asked
    assert f"{allowed:,}" in error.message
    assert limit in error.message


def test_a_list_of_ids_is_limited_for_each_request_of_a_kept_plan():
    compiler = Compiler(SCHEMA._schema)
    operation = compiler.operation("query ($i: [ID!]!) { nodes(ids: $i) { id } }", None)
    few = compiler.variables(operation, {"i": ["x"]})
    many = compiler.variables(operation, {"i": ["x"] * 101})
    compiler.plan(operation, few).values(few)
    with pytest.raises(RefusedError, match="limit on ids"):
        compiler.plan(operation, many).values(many)


def test_tokens_are_limited_while_parsing():
    assert "4000" in refusal("{ viewer { " + "a " * 4_001 + "} }").message.replace(",", "")


@pytest.mark.parametrize("arguments", ["first: 1, last: 1", "first: -1", "last: -1"])
def test_a_page_is_asked_for_in_one_direction_and_not_below_zero(arguments):
    error = refusal(f"{{ units({arguments}) {{ totalCount }} }}")
    assert error.extensions["code"] == "BAD_USER_INPUT"
    negative = '{ initiative(number: "1") { possibleDuplicates(first: -1) { similarity } } }'
    assert refusal(negative).extensions["code"] == "BAD_USER_INPUT"


def exponential(levels: int, body: str) -> str:
    chain = "".join(
        f"fragment F{n} on Unit {{ {body.replace('%', f'...F{n + 1}')} }}\n" for n in range(levels)
    )
    return f'{{ unit(code: "TLD") {{ ...F0 }} }}\n{chain}fragment F{levels} on Unit {{ code }}'


@pytest.mark.parametrize(
    "body",
    [
        "% %",
        "... { % } ... { % }",
        "a: parent { % } b: parent { % }",
        "parent { % } ancestors { % }",
        "parent { % } children(first: 0) { nodes { % } }",
        "parent { % } initiatives(first: 0) { nodes { unit { % } awaits { % } } }",
    ],
)
@pytest.mark.parametrize("levels", [6, 12, 18])
def test_a_document_that_unfolds_to_much_more_is_refused_or_planned_at_once(body, levels):
    compiler = Compiler(SCHEMA._schema)
    query = exponential(levels, body)
    started = time.process_time()
    try:
        operation = compiler.operation(query, None)
        compiler.plan(operation, compiler.variables(operation, {}))
    except RefusedError as refused:
        assert refused.errors[0].extensions["code"] == "LIMIT"
    assert time.process_time() - started < SLOWEST


SLOWEST = 1.0  # seconds; 0.1 on a quiet machine


# The schema


def columns_of(type_: Any) -> Any:
    """Return the table that plain fields of a type are columns of; None for a query's rows."""
    name = "".join("_" + letter.lower() if letter.isupper() else letter for letter in type_.name)
    table = {"_grant": "role_grant"}.get(name, name[1:])
    return None if type_.name == "Target" else Base.metadata.tables.get(table)


def object_types() -> list[Any]:
    return [
        type_
        for type_ in SCHEMA._schema.type_map.values()
        if hasattr(type_, "interfaces") and "strawberry-definition" in type_.extensions
    ]


def test_a_plain_field_that_is_never_null_stands_for_a_column_that_is_never_null():
    checked = 0
    for type_ in object_types():
        table = columns_of(type_)
        for field in type_.fields.values() if table is not None else ():
            declared = field.extensions["strawberry-definition"]
            if not is_leaf_type(get_named_type(field.type)) or declared.metadata.get(SQL):
                continue
            column = table.columns[declared.metadata.get(COLUMN, declared.python_name)]
            assert column.nullable is not is_non_null_type(field.type), f"{type_}.{column}"
            checked += 1
    assert checked > 50


NEVER_HIDDEN = {
    "Query.viewer": "not a row",
    "Initiative.campaign": "every caller sees every campaign",
    "Phase.campaign": "every caller sees every campaign",
    "TierCount.tier": "made of the row of the count itself",
    "Standing.bloc": "every caller sees every bloc, and a standing is of one",
    "Ranking.unit": "a ranking is of units that the caller sees",
}


def test_a_row_that_may_be_hidden_is_nullable():
    never_null = {
        f"{type_.name}.{name}"
        for type_ in object_types()
        if not type_.name.endswith(("Connection", "Edge"))
        for name, field in type_.fields.items()
        if is_non_null_type(field.type)
        and not is_leaf_type(get_named_type(field.type))
        and not is_list_type(field.type.of_type)
        and not field.type.of_type.name.endswith("Connection")
    }
    assert never_null == set(NEVER_HIDDEN)
