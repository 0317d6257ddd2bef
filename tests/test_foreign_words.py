"""No error text of Python, PostgreSQL or a library reaches a client."""

import json

import pytest

from schema.build import SCHEMA
from schema.compiler.plan import Compiler, RefusedError
from tests.client import client
from tests.oracle.asker import global_id

FOREIGN = (
    *("Traceback", "Error(", "Exception", "int()", "integer string", "set_int_max_str_digits"),
    *("codec", "surrogates", "asyncpg", "psycopg", "sqlstate", "SELECT", "DETAIL", "$1", "::"),
    *("base64", "isoformat", "strptime", "out of range", "invalid literal", "NoneType", "unpack"),
    *("unhashable", "object is not", "padding", "OverflowError", "recursion", "0x"),
)
DIGITS = "9" * 5_000
CURSOR, OTHER, DEEP = global_id(f"[{DIGITS}]"), global_id("[1,2]"), global_id("[" * 5_000)
LONG_ID, ODD_ID = global_id(f"Unit:{DIGITS}"), global_id("Unit:²")

DOCUMENTS = {
    "digits of a text": f"{{unit(code: {DIGITS}){{code}}}}",
    "digits of a number": f"{{units(first: {DIGITS}){{totalCount}}}}",
    "digits below zero": f"{{units(first: -{DIGITS}){{totalCount}}}}",
    "digits of an amount": f"{{initiatives(filter: {{benefitFrom: {DIGITS}}}){{totalCount}}}}",
    "digits of an id": f"{{node(id: {DIGITS}){{id}}}}",
    "digits that may stand": f"{{initiatives(filter: {{benefitFrom: {'9' * 39}}}){{totalCount}}}}",
    "digits in a default": f"query($v: VND = {DIGITS}){{initiatives(filter: {{benefitFrom: $v}})"
    "{totalCount}}",
    "an exponent": "{units(first: 1e99999){totalCount}}",
    "an amount with an exponent": "{initiatives(filter: {benefitFrom: 1e400}){totalCount}}",
    "an amount as an object": "{initiatives(filter: {benefitFrom: {a: [null]}}){totalCount}}",
    "a far day": '{initiatives(filter: {appliedFrom: "9999999-01-01"}){totalCount}}',
    "no day": '{initiatives(filter: {appliedFrom: "2022-02-30"}){totalCount}}',
    "a number as a day": "{initiatives(filter: {appliedFrom: 20220101}){totalCount}}",
    "a NUL": '{unit(code: "a\\u0000b"){code}}',
    "a NUL in a search": '{initiatives(filter: {text: "abc\\u0000"}){totalCount}}',
    "half a pair": '{unit(code: "\\ud800"){code}}',
    "a cursor": '{units(after: "x"){totalCount nodes{code}}}',
    "a cursor of something else": f'{{units(after: "{OTHER}"){{nodes{{code}}}}}}',
    "a deep cursor": f'{{units(after: "{DEEP}"){{nodes{{code}}}}}}',
    "a cursor with digits": f'{{units(after: "{CURSOR}"){{nodes{{code}}}}}}',
    "a cursor with NaN": '{initiatives(after: "WyItaWQiLCBOYU5d"){nodes{id}}}',
    "an id": '{node(id: "%%%"){id}}',
    "an id with digits": f'{{node(id: "{LONG_ID}"){{id}}}}',
    "an id with other digits": f'{{node(id: "{ODD_ID}"){{id}}}}',
    "an enum": "{units(filter: {level: NOWHERE}){totalCount}}",
}
VARIABLES = {
    "a large amount": ("VND", "initiatives(filter: {benefitFrom: $v}){totalCount}", 2**63),
    "a larger amount": ("VND", "initiatives(filter: {benefitFrom: $v}){totalCount}", 10**300),
    "an amount as a list": ("VND", "initiatives(filter: {benefitFrom: $v}){totalCount}", [[{}]]),
    "a large number": ("Int", "units(first: $v){totalCount}", 10**30),
    "a truth": ("Int", "units(first: $v){totalCount}", True),
    "a NUL": ("String!", "unit(code: $v){code}", "\0"),
    "a far day": ("Date", "initiatives(filter: {appliedFrom: $v}){totalCount}", "9999999-01-01"),
    "an object as a day": ("Date", "initiatives(filter: {appliedFrom: $v}){totalCount}", {"a": 1}),
    "ids": ("[ID!]!", "nodes(ids: $v){id}", [{"a": "b"}, None, 1.5]),
    "a deep list": ("[ID!]!", "nodes(ids: $v){id}", json.loads("[" * 500 + "]" * 500)),
    "an unknown part": ("InitiativeFilter", "initiatives(filter: $v){totalCount}", {"x": {}}),
}
BODIES = {
    "no JSON": b"{'query': 1}",
    "NaN": b'{"query": "{__typename}", "variables": {"v": NaN}}',
    "Infinity": b'{"query": "{__typename}", "variables": {"v": -Infinity}}',
    "digits": b'{"query": "query($v: Int){units(first: $v){totalCount}}", "variables": {"v": '
    + DIGITS.encode()
    + b"}}",
    "an exponent": b'{"query": "query($v: Int){units(first: $v){totalCount}}", "variables":'
    b' {"v": 1e999}}',
    "deep": b'{"query": ' + b"[" * 20_000,
    "no UTF-8": b'{"query": "\xff"}',
    "half a pair": b'{"query": "\\ud800"}',
    "half a pair in a variable": b'{"query": "query($v: String!){unit(code: $v){code}}",'
    b' "variables": {"v": "\\udfff"}}',
    "an operation that is not there": b'{"query": "{__typename}", "operationName": "\\u0000"}',
}


def foreign(text: str) -> list[str]:
    return [word for word in FOREIGN if word in text.replace(DIGITS, "")]


@pytest.fixture
async def api(demo):
    async with client(demo, introspection="all") as opened:
        yield opened


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_document_is_answered_in_our_words(api, name):
    response = await api.post(DOCUMENTS[name])
    assert response.status_code in {200, 400}, response.text
    assert "INTERNAL" not in response.text
    assert foreign(response.text) == []


@pytest.mark.parametrize("name", VARIABLES)
async def test_variables_are_answered_in_our_words(api, name):
    type_, selection, value = VARIABLES[name]
    body = {"query": f"query($v: {type_}) {{ {selection} }}", "variables": {"v": value}}
    headers = {"Content-Type": "application/json"}
    response = await api.http.post("/graphql", content=json.dumps(body), headers=headers)
    assert response.status_code in {200, 400}, response.text
    assert "INTERNAL" not in response.text
    assert foreign(response.text) == []


@pytest.mark.parametrize("name", BODIES)
async def test_a_body_is_answered_in_our_words(api, name):
    headers = {"Content-Type": "application/json"}
    response = await api.http.post("/graphql", content=BODIES[name], headers=headers)
    assert response.status_code in {200, 400}, response.text
    assert "INTERNAL" not in response.text
    assert foreign(response.text) == []


@pytest.mark.parametrize(
    "text",
    [
        "{ units(first: 1e5) { totalCount } }",
        '{ initiatives(filter: {appliedFrom: "x"}) { totalCount } }',
    ],
)
def test_a_scalar_says_what_it_takes(text):
    with pytest.raises(RefusedError) as refused:
        Compiler(SCHEMA._schema).operation(text, None)
    (error,) = refused.value.errors
    assert "Int cannot represent" in error.message or "A Date is a day" in error.message


def test_what_a_library_raises_is_left_out(monkeypatch):
    def fail(*_: object) -> None:
        raise ValueError("Exceeds the limit (4300 digits) for integer string conversion")

    scalar = SCHEMA._schema.type_map["VND"]
    monkeypatch.setattr(scalar, "coerce_input_literal", fail)
    monkeypatch.setattr(scalar, "coerce_input_value", fail)
    compiler = Compiler(SCHEMA._schema)
    with pytest.raises(RefusedError) as literal:
        compiler.operation("{ initiatives(filter: {benefitFrom: 1}) { totalCount } }", None)
    operation = compiler.operation(
        "query($v: VND) { initiatives(filter: {benefitFrom: $v}) { totalCount } }", None
    )
    with pytest.raises(RefusedError) as variable:
        compiler.variables(operation, {"v": 1})
    for refused in (literal, variable):
        assert "VND" in refused.value.errors[0].message
        assert "4300" not in refused.value.errors[0].message
