"""Limits of an operation, and the nulls that the schema promises."""

import time
from typing import Any

import pytest
from graphql import get_named_type, is_leaf_type, is_list_type, is_non_null_type

from db.models import Base
from schema.build import SCHEMA
from schema.compiler.fields import COLUMN, SQL
from schema.compiler.plan import Compiler, RefusedError
from tests.oracle.asker import refusal


def nested(levels: int) -> str:
    return '{ unit(code: "TLD") ' + "{ parent " * levels + "{ code }" + " }" * levels + " }"


MANY_OBJECTS = (
    f"{{ units(first: 1) {{ nodes {{ {'parent { bloc { code } } ' * 20}"
    f"children(first: 0) {{ nodes {{ {'parent { bloc { code } } ' * 20}"
    f"initiatives(first: 0) {{ nodes {{ {'unit { bloc { code } } ' * 15} }} }} }} }} }} }} }}"
)


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
            (
                "{ units(first: 100) { nodes { children(first: 100) { nodes { "
                "initiatives(first: 100) { nodes { id } } } } } } }"
            ),
            "expected rows",
            50_000,
            None,
        ),
        (
            MANY_OBJECTS,
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
    query = exponential(levels, body)
    assert min(planned_in(query) for _ in range(3)) < SLOWEST


def planned_in(query: str) -> float:
    """Return the processor seconds until a query is planned, or rejected for its size."""
    compiler = Compiler(SCHEMA._schema)
    started = time.process_time()
    codes = {"LIMIT"}
    try:
        operation = compiler.operation(query, None)
        compiler.plan(operation, compiler.variables(operation, {}))
    except RefusedError as refused:
        codes = {(error.extensions or {}).get("code") for error in refused.errors}
    assert codes == {"LIMIT"}
    return time.process_time() - started


SLOWEST = 0.25  # seconds; 0.1 on an idle machine


_WORKED_OUT = {"Target", "PhaseResult"}


def columns_of(type_: Any) -> Any:
    """Return the table of a type's plain fields; None for a query's rows."""
    name = "".join("_" + letter.lower() if letter.isupper() else letter for letter in type_.name)
    table = {"_grant": "role_grant"}.get(name, name[1:])
    return None if type_.name in _WORKED_OUT else Base.metadata.tables.get(table)


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
    "Subscription.progress": "a subscription to what is hidden ends with an error",
    "Initiative.campaign": "every caller sees every campaign",
    "Phase.campaign": "every caller sees every campaign",
    "TierCount.tier": "made of the row of the count itself",
    "Standing.bloc": "every caller sees every bloc, and a standing is of one",
    "Ranking.unit": "a ranking is of units that the caller sees",
    "QueueEntry.initiative": "a queue is of initiatives that the caller sees by a role",
    "QueueEntry.unit": "and of units at or below those that it has the role at",
    "CampaignPayload.campaign": "every caller sees every campaign",
    "PhasePayload.phase": "every caller sees every phase",
    "UpdatePhasePayload.phase": "every caller sees every phase",
    "OverridePhaseWindowPayload.phase": "every caller sees every phase",
    "AddDrivePayload.phase": "every caller sees every phase",
    "AddDrivePayload.drive": "every caller sees every drive",
}


def test_a_row_that_may_be_hidden_is_nullable():
    never_null = {
        f"{type_.name}.{name}"
        for type_ in object_types()
        if not type_.name.endswith(("Connection", "Edge")) and type_.name != "Mutation"
        for name, field in type_.fields.items()
        if is_non_null_type(field.type)
        and not is_leaf_type(get_named_type(field.type))
        and not is_list_type(field.type.of_type)
        and not field.type.of_type.name.endswith("Connection")
    }
    assert never_null == set(NEVER_HIDDEN)
