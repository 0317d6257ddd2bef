"""Operations that hypothesis makes up from the schema, sent to the application as several callers.

Whatever is sent, the answer is one of GraphQL over HTTP, and never that something went wrong here.
"""

import asyncio
import os
import time
from collections import Counter
from typing import Any

import pytest
from graphql import print_ast
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import mutations, nodes, queries

from schema.build import SCHEMA, sdl
from tests.client import Client, client

# For each kind of operation. Unless told how long, it is the same operations each time.
SECONDS = float(os.environ.get("FUZZ_SECONDS", "30"))
CALLERS = (None, "nobody", "member", "unit-officer", "council", "confed-admin", "auditor")
# Things that are there, among things that are not.
WORDS = st.sampled_from(["TLD", "TTTT", "VNPT", "1TRSK", "CD01", "x", "", "\u1ea4 \u0301", "0"])
SCALARS = {
    "Date": st.dates().map(str).map(nodes.String),
    "DateTime": st.datetimes().map(lambda at: at.isoformat() + "Z").map(nodes.String),
    "VND": st.integers(-(2**63), 2**63).map(nodes.Int),
    "ID": (WORDS | st.text(max_size=12)).map(nodes.String),
    "String": (WORDS | st.text(max_size=12)).map(nodes.String),
}
KINDS = {"query": queries, "mutation": mutations}


def check(response: Any) -> str:
    """Return what became of an operation, once the answer is one that may be given."""
    assert response.status_code in {200, 400}, response.text
    assert response.headers["content-type"].startswith("application/graphql-response+json")
    answer = response.json()
    if response.status_code == 200:
        assert set(answer) == {"data"}
        assert isinstance(answer["data"], dict)
        return "data"
    assert set(answer) == {"errors"}
    assert answer["errors"]
    for error in answer["errors"]:
        assert set(error) <= {"message", "locations", "path", "extensions"}
        assert error["message"]
        assert error["extensions"]["code"] in {
            "BAD_USER_INPUT",
            "GRAPHQL_VALIDATION_FAILED",
            "INTROSPECTION_DISABLED",
            "LIMIT",
        }
    return str(answer["errors"][0]["extensions"]["code"])


@pytest.mark.parametrize("kind", ["query", "mutation"])
def test_whatever_the_schema_allows_is_answered(programme, kind):
    seen: Counter[str] = Counter()
    root = getattr(SCHEMA._schema, f"{kind}_type")
    fields = st.sampled_from(sorted(root.fields))
    documents = fields.flatmap(
        lambda field: KINDS[kind](
            sdl(), fields=[field], custom_scalars=SCALARS, print_ast=print_ast, allow_null=True
        )
    )
    with asyncio.Runner() as runner:

        async def send(api: Client, document: str, caller: str | None) -> Any:
            api.http.headers["Accept"] = "application/graphql-response+json"
            return await api.post(document, caller)

        connection = client(programme, rate=0)
        api = runner.run(connection.__aenter__())
        stop = time.monotonic() + SECONDS

        @settings(
            max_examples=10 * int(SECONDS),
            deadline=None,
            database=None,
            derandomize="FUZZ_SECONDS" not in os.environ,
            phases=(Phase.explicit, Phase.generate),  # shrinking would take longer than is left
            suppress_health_check=list(HealthCheck),
        )
        @given(document=documents, caller=st.sampled_from(CALLERS))
        def answered(document: str, caller: str | None) -> None:
            if time.monotonic() < stop:
                seen[check(runner.run(send(api, document, caller)))] += 1

        try:
            answered()
        finally:
            runner.run(connection.__aexit__(None, None, None))
    assert seen["data"] >= 10, seen
