"""Pages of connections and objects by their ids, by pinned examples."""

import pytest

from schema.compiler.errors import RefusedError
from tests.oracle.asker import asking, global_id, refusal, sql_of


@pytest.fixture
async def ask(demo):
    async with asking(demo) as asker:
        yield asker


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
    info = """{ nodes { id } edges { cursor }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"""
    answer = await ask(f'{{ a: units(first: 0) {info} b: units(filter: {{text: "øøø"}}) {info} }}')
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
        codes = [error.extensions for error in refused.errors]
    else:
        codes = [{"code": "BAD_USER_INPUT"}]
    assert codes == [{"code": "BAD_USER_INPUT"}]


async def test_a_crafted_rank_beyond_32_bits_is_a_position_like_any_other(ask):
    cursor = global_id(f'["rank", {2**63 - 1}, 1]')
    query = """query ($c: String) { campaign(code: "1TRSK") { phases {
        ranking(after: $c) { nodes { rank } } } } }"""
    phases = (await ask(query, {"c": cursor}))["campaign"]["phases"]
    assert [phase["ranking"]["nodes"] for phase in phases] == [[], []]


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


async def test_a_filter_that_no_asked_field_needs_takes_no_parameter(ask):
    query = """{ units(filter: {text: "cong", level: UPPER}) {
        __typename pageInfo { hasPreviousPage } } }"""
    page = {"__typename": "UnitConnection", "pageInfo": {"hasPreviousPage": False}}
    assert await ask(query) == {"units": page}
