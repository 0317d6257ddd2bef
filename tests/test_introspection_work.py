"""Introspection: the results of graphql-core, for a bounded amount of work."""

import json

import pytest
from graphql import execute_sync, get_introspection_query, parse

from schema.build import SCHEMA
from schema.compiler.limits import ANONYMOUS
from schema.compiler.plan import Compiler, RefusedError
from tests.client import client
from tests.hostile import introspection

_SCHEMA = SCHEMA._schema
QUERIES = [
    get_introspection_query(),
    get_introspection_query(descriptions=False),
    get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    ),
    (
        '{ __type(name: "Unit") { __typename name fields(includeDeprecated: true) { n: name args {'
        " name defaultValue type { ...R } } type { ...R } } interfaces { name } } }"
        " fragment R on __Type { kind name ofType { kind name ofType { ... { name } } } }"
    ),
    (
        '{ a: __type(name: "Node") { possibleTypes { name } } b: __type(name: "Nothing") { name }'
        ' c: __type(name: "UnitLevel") { enumValues { name isDeprecated description } }'
        ' d: __type(name: "UnitFilter") { inputFields { name type { name } } } }'
    ),
    "{ __schema { directives { name locations args { name } isRepeatable } queryType { name } } }",
]


@pytest.mark.parametrize("query", QUERIES)
def test_it_answers_as_graphql_core_does(query):
    compiler = Compiler(_SCHEMA)
    operation = compiler.operation(query, None, limits=ANONYMOUS)
    variables = compiler.variables(operation, {})
    answers = compiler.plan(operation, variables).values(variables)
    expected = execute_sync(_SCHEMA, parse(query)).data
    assert expected is not None
    assert [json.loads(answer) for answer in answers] == list(expected.values())
    assert [json.dumps(json.loads(a)) for a in answers] == [
        json.dumps(v) for v in expected.values()
    ]


def test_directives_and_variables_hold_in_it():
    query = """query($n: String!, $s: Boolean!) {
        __type(name: $n) { name kind @skip(if: $s) fields { name @include(if: $s) } } }"""
    compiler = Compiler(_SCHEMA)
    operation = compiler.operation(query, None)
    variables = compiler.variables(operation, {"n": "Target", "s": True})
    (answer,) = compiler.plan(operation, variables).values(variables)
    assert json.loads(answer)["name"] == "Target"
    assert "kind" not in json.loads(answer)
    assert {"name": "assigned"} in json.loads(answer)["fields"]


@pytest.mark.parametrize("kind", ["aliases", "fragments", "standard twice"])
def test_what_amounts_to_much_more_than_tools_ask_for_is_refused(kind):
    compiler = Compiler(_SCHEMA)
    operation = compiler.operation(introspection(1)[kind], None, limits=ANONYMOUS)
    variables = compiler.variables(operation, {})
    with pytest.raises(RefusedError, match="of introspection"):
        compiler.plan(operation, variables).values(variables)


async def test_a_caller_that_may_not_introspect_makes_nobody_answer(demo, monkeypatch):
    def answered(*_: object) -> bytes:
        raise AssertionError("answered")

    monkeypatch.setattr("schema.compiler.introspection.Introspection.answer", answered)
    async with client(demo, introspection="signed-in") as api:
        refused = await api.post(QUERIES[0])
        streamed = await api.http.post(
            "/graphql", json={"query": QUERIES[0]}, headers={"Accept": "text/event-stream"}
        )
    assert "INTROSPECTION_DISABLED" in refused.text
    assert "INTROSPECTION_DISABLED" in streamed.text
