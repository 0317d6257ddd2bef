"""Operations that schemathesis generates from the schema, sent to a server as several callers.

Every response is valid GraphQL over HTTP and never an internal error; the server rejects what the
schema does not allow.
"""

import asyncio
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.graphql import nodes
from schemathesis.schemas import BaseSchema

from tests.live import Live, live

# For each kind of operation. By default the operations are the same each time.
SECONDS = float(os.environ.get("FUZZ_SECONDS", "25"))
CALLERS = (None, "nobody", "member", "unit-officer", "council", "confed-admin", "auditor")
# Existing values, among unknown ones.
WORDS = st.sampled_from(["TLD", "TTTT", "VNPT", "1TRSK", "CD01", "x", "", "\u1ea4 \u0301", "0"])
SCALARS = {
    "Date": st.dates().map(str).map(nodes.String),
    "DateTime": st.datetimes().map(lambda at: at.isoformat() + "Z").map(nodes.String),
    "VND": st.integers(-(2**63), 2**63).map(nodes.Int),
    "JSON": st.text(max_size=12).map(nodes.String),
    "ID": (WORDS | st.text(max_size=12)).map(nodes.String),
    "String": (WORDS | st.text(max_size=12)).map(nodes.String),
}
CODES = {"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED", "INTROSPECTION_DISABLED", "LIMIT"}
CHECKS = [schemathesis.checks.not_a_server_error, schemathesis.checks.response_schema_conformance]


@pytest.fixture
def served(programme: str) -> Iterator[Live]:
    """A server in a thread, because schemathesis waits for each response."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    serving = live(programme, rate=0)
    yield asyncio.run_coroutine_threadsafe(serving.__aenter__(), loop).result(60)
    asyncio.run_coroutine_threadsafe(serving.__aexit__(None, None, None), loop).result(60)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def made_up(schema: BaseSchema, kind: str, mode: GenerationMode) -> st.SearchStrategy[Case]:
    """Return operations of a kind, each root field as often as any other."""
    for name, strategy in SCALARS.items():
        schemathesis.graphql.scalar(name, strategy)
    found = [result.ok() for result in schema.get_all_operations()]
    of_kind = [one for one in found if one.definition.root_type.name.lower() == kind]
    assert len(of_kind) > 8
    return st.sampled_from(of_kind).flatmap(lambda one: one.as_strategy(generation_mode=mode))


def check(case: Case, caller: str | None, server: Live, tokens: dict[str | None, str]) -> str:
    """Send an operation; return its outcome, after a check that the response is allowed."""
    headers = {"Accept": "application/graphql-response+json"}
    if caller is not None:
        headers["Authorization"] = f"Bearer {tokens[caller]}"
    response = case.call(headers=headers)
    case.validate_response(response, checks=CHECKS)
    assert response.status_code in {200, 400}, response.text
    assert response.headers["content-type"][0].startswith("application/graphql-response+json")
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
        assert error["extensions"]["code"] in CODES
    return str(answer["errors"][0]["extensions"]["code"])


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("kind", ["query", "mutation"])
def test_whatever_the_schema_allows_is_answered_and_nothing_else(served, kind, mode):
    seen: Counter[str] = Counter()
    tokens = {caller: served.token(caller) for caller in CALLERS if caller}
    schema = schemathesis.graphql.from_url(
        served.url, headers={"Authorization": f"Bearer {tokens['nobody']}"}
    )
    stop = time.monotonic() + SECONDS / 2

    @settings(
        max_examples=5 * int(SECONDS),
        deadline=None,
        database=None,
        derandomize="FUZZ_SECONDS" not in os.environ,
        phases=(Phase.explicit, Phase.generate),  # shrinking would exceed the remaining time
        suppress_health_check=list(HealthCheck),
    )
    @given(case=made_up(schema, kind, mode), caller=st.sampled_from(CALLERS))
    def answered(case: Case, caller: str | None) -> None:
        if mode is GenerationMode.NEGATIVE and "(" not in case.body:
            return  # without arguments nothing can be invalid
        if time.monotonic() < stop:
            seen[check(case, caller, served, tokens)] += 1

    answered()
    assert sum(seen.values()) >= 10
    if mode is GenerationMode.POSITIVE:
        assert seen["data"] >= 5, seen
    else:
        assert "data" not in seen, seen
