"""Every field has a price in expected rows; an operation above the limit is not run."""

import pytest
from graphql import get_named_type

from schema.build import SCHEMA
from schema.compiler.cost import CostRule
from schema.compiler.fields import COUNTED, PRICE, SQL
from schema.compiler.limits import ANONYMOUS, Limits
from schema.compiler.plan import Compiler, RefusedError
from schema.compiler.warming import warm
from tests.client import client
from tests.hostile import documents

_SCREEN = """{ initiatives(first: 50, filter: {phase: 2}, orderBy: {field: SUBMITTED_AT}) {
    totalCount pageInfo { hasNextPage endCursor } nodes {
        number title state unit { code name } authors { share person { name } }
        reviews { decision unit { code } } possibleDuplicates(first: 3) { similarity }
    } } }"""


def rows(query: str) -> int:
    compiler = Compiler(SCHEMA._schema)
    operation = compiler.operation(query, None)
    rule = CostRule(SCHEMA._schema, operation.fragments, compiler.variables(operation, {}))
    return rule._of_set(operation.node.selection_set, SCHEMA._schema.query_type)


def refusal(query: str, limits: Limits, **variables: object) -> str | None:
    """Return the limit that an operation exceeds; None if it is planned."""
    compiler = Compiler(SCHEMA._schema)
    try:
        operation = compiler.operation(query, None, limits=limits)
        compiler.plan(operation, compiler.variables(operation, variables))
    except RefusedError as refused:
        limit: str = refused.errors[0].extensions["limit"]  # type: ignore[index]
        return limit
    return None


@pytest.mark.parametrize("limits", [Limits(), ANONYMOUS])
def test_a_page_that_a_screen_shows_is_affordable(limits):
    assert refusal(_SCREEN, limits) is None


@pytest.mark.parametrize("kind", ["values: a long id", "searches: filters"])
def test_an_anonymous_statement_is_bounded_by_its_characters(kind):
    query = documents(1)[kind]
    warm(SCHEMA._schema)  # otherwise templates would be compiled first, a few at a time
    assert refusal(query, ANONYMOUS) == "characters of the SQL statement"
    assert refusal(query, Limits()) is None


def repeated(count: int, field: str) -> str:
    return " ".join(f"a{n}: {field}" for n in range(count))


_SEARCH = 'initiatives(filter: {text: "abc"}) {totalCount}'
_ALIKE = repeated(20, "possibleDuplicates(first: 1) {similarity}")
_HISTORIES = repeated(9, 'progress(campaign: "x") {history {achieved}}')
_RANKINGS = repeated(2, "ranking {totalCount}")


@pytest.mark.parametrize(
    "query",
    [
        f"{{{repeated(20, _SEARCH)}}}",
        f"{{initiatives(first: 100) {{nodes {{unit {{{_SEARCH}}}}}}}}}",
        f"{{initiatives(first: 100) {{nodes {{{_ALIKE}}}}}}}",
        "{units(first: 100) {nodes {children(first: 100) {nodes {initiatives {totalCount}}}}}}",
        f"{{units(first: 100) {{nodes {{{_HISTORIES}}}}}}}",
        f"{{campaigns(first: 100) {{nodes {{phases {{{_RANKINGS}}}}}}}}}",
    ],
)
def test_what_reads_much_more_than_it_returns_is_refused(query):
    assert refusal(query, Limits()) == "expected rows"


def test_a_text_costs_the_same_in_a_variable():
    pages = repeated(20, "initiatives(filter: $f) {totalCount}")
    query = f"query($f: InitiativeFilter) {{{pages}}}"
    assert refusal(query, Limits(), f={"text": "abc"}) == "expected rows"
    assert refusal(query, Limits(), f={"phase": 1}) is None


def test_a_count_a_filter_and_an_order_have_a_price():
    page = rows("{ initiatives(first: 10) { nodes { id } } }")
    assert rows("{ initiatives(first: 10) { totalCount nodes { id } } }") == page + 300
    assert rows("{ initiatives(first: 10, filter: {phase: 1}) { nodes { id } } }") == page + 300
    twice = "{ initiatives(first: 10) { totalCount again: totalCount nodes { id } } }"
    assert rows(twice) == page + 600
    spread = """{ initiatives(first: 10) { ...F nodes { id } } }
        fragment F on InitiativeConnection { totalCount }"""
    assert rows(spread) == page + 300


def test_every_field_that_stands_for_sql_has_a_price_beside_it():
    checked = 0
    for type_ in SCHEMA._schema.type_map.values():
        for field in getattr(type_, "fields", {}).values():
            declared = field.extensions.get("strawberry-definition")
            metadata = getattr(declared, "metadata", {})
            if metadata.get(SQL) and "watches" not in metadata:
                assert PRICE in metadata, field
                connection = get_named_type(field.type).name.endswith("Connection")
                assert (COUNTED in metadata) is connection
                checked += 1
    assert checked > 60


@pytest.mark.parametrize("text", ["", "a", "ab", "%%%", "á ", " a.b ", "...", "đ"])
@pytest.mark.parametrize("field", ["initiatives", "units"])
async def test_a_text_that_matches_nearly_everything_is_refused(demo, field, text):
    query = f"query($t: String) {{ found: {field}(filter: {{text: $t}}) {{ totalCount }} }}"
    async with client(demo) as api:
        (error,) = (await api.post(query, "member", variables={"t": text})).json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["path"] == ["found"]
    assert "at least 3 letters or digits" in error["message"]


async def test_a_caller_without_a_scope_finds_what_is_published_by_its_text(demo):
    query = "query($t: String) { initiatives(first: 1, filter: {text: $t}) { nodes { title } } }"
    async with client(demo) as api:
        published = await api.data("{ initiatives(first: 1) { nodes { number title } } }")
        (node,) = published["initiatives"]["nodes"]
        found = await api.data(query, variables={"t": node["title"].upper()})
    assert found["initiatives"]["nodes"] == [{"title": node["title"]}]
