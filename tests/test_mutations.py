"""The execution of a mutation: field by field, rejected before anything runs, one read each."""

import psycopg
import pytest

from tests.client import client
from tests.test_initiatives import TEXT

DRAFT = "draftInitiative(input: $input) { ... on InitiativePayload { initiative { %s } } }"


def drafts(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "select count(*) from initiative where title = %s", [TEXT["title"]]
        ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize(
    "selection",
    [
        "unit { children(first: 1000) { totalCount } }",
        'unit { children(first: 1, after: "nonsense") { nodes { code } } }',
        "possibleDuplicates(first: -1) { similarity }",
    ],
)
async def test_a_payload_that_cannot_be_read_is_refused_before_the_command_runs(
    programme, selection
):
    async with client(programme) as http:
        query = f"mutation ($input: DraftInitiativeInput!) {{ {DRAFT % selection} }}"
        response = await http.post(query, "member", variables={"input": TEXT})
        (error,) = response.json()["errors"]
        assert error["extensions"]["code"] in {"LIMIT", "BAD_USER_INPUT"}
        assert drafts(programme) == 0


async def test_fields_run_in_their_order_each_by_itself(programme):
    query = f"""mutation ($input: DraftInitiativeInput!) {{
        first: {DRAFT % "number"} kind: __typename
        broken: submitInitiative(input: {{number: "X"}}) {{ ... on Error {{ code }} }}
        second: {DRAFT % "number"} }}"""
    async with client(programme) as http:
        data = await http.data(query, "member", variables={"input": TEXT})
    assert list(data) == ["first", "kind", "broken", "second"]
    assert (data["kind"], data["broken"]) == ("Mutation", {"code": "NOT_FOUND"})
    first, second = (data[name]["initiative"]["number"] for name in ("first", "second"))
    assert int(second[-5:]) == int(first[-5:]) + 1


async def test_a_mutation_is_not_carried_out_by_get(programme):
    async with client(programme) as http:
        query = 'mutation { submitInitiative(input: {number: "X"}) { __typename } }'
        response = await http.http.get("/graphql", params={"query": query})
        assert response.status_code == 405


async def test_a_skipped_field_does_not_run(programme):
    query = f"""mutation ($input: DraftInitiativeInput!, $no: Boolean = false) {{
        __typename ... @include(if: $no) {{ {DRAFT % "number"} }} }}"""
    async with client(programme) as http:
        assert await http.data(query, "member", variables={"input": TEXT}) == {
            "__typename": "Mutation"
        }
    assert drafts(programme) == 0
