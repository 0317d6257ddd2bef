"""Every refused attempt is told in the audit log, once and in full."""

from typing import Any

import psycopg
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    get_named_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
)

from api.settings import DEMO_TODAY
from schema.build import SCHEMA
from tests.audit_log import events
from tests.client import client
from tests.test_initiatives import DRAFT, EDIT, SUBMIT, TEXT, ask, drafted

REFUSALS = [
    (None, DRAFT, TEXT, "SIGN_IN", "TLD"),
    ("auditor", DRAFT, TEXT, "AUDITOR", "TLD"),
    ("council", DRAFT, {**TEXT, "unit": "VNPT-HNI"}, "FORBIDDEN", "VNPT-HNI"),
    ("member", DRAFT, {**TEXT, "campaign": "KHÔNG"}, "NOT_FOUND", "TLD"),
    ("member", SUBMIT, {"number": "X-1"}, "NOT_FOUND", "TLD"),
    ("member", DRAFT, {**TEXT, "title": " "}, "INVALID_INPUT", "TLD"),
    ("member", EDIT, {"number": "*", "version": 7}, "STALE", "VNPT-HNI"),
    ("council", EDIT, {"number": "*"}, "FORBIDDEN", "VNPT-HNI"),
    ("upper-officer", EDIT, {"number": "*", "authors": []}, "INVALID_INPUT", "VNPT-HNI"),
    ("member", SUBMIT, {"number": "*"}, "APPLIED_OUTSIDE", "VNPT-HNI"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: f"{refusal[0]}-{refusal[3]}")
async def test_a_refused_attempt_is_told_once_and_in_full(programme, refusal):
    username, document, fields, code, unit = refusal
    async with client(programme) as http:
        number = await drafted(http, appliedOn="2019-01-01")
        given = {key: number if value == "*" else value for key, value in fields.items()}
        answer = await ask(http, document, username, **given)
        assert answer["code"] == code
    (refused,) = events(programme, "kind = 'REFUSED'")
    assert refused["after"]["code"] == code
    assert refused["action"] == document.split("{ ")[1].split("(")[0].strip()
    assert refused["username"] == (username or "public")
    assert refused["address"] == "127.0.0.1"
    assert refused["unit"] == unit
    if fields.get("number") == "*":
        assert (refused["object_type"], refused["after"]["number"]) == ("Initiative", number)


async def test_a_reused_key_is_told(programme):
    async with client(programme) as http:
        await drafted(http, idempotencyKey="k")
        await ask(http, DRAFT, "member", **{**TEXT, "title": "Khác", "idempotencyKey": "k"})
    assert [e["after"]["code"] for e in events(programme, "kind = 'REFUSED'")] == ["KEY_REUSED"]


@pytest.mark.parametrize("odd", ["\0", "x" * 40_000, "a\tb\u0085"], ids=["nul", "long", "odd"])
async def test_whatever_was_sent_the_refusal_is_told(programme, odd):
    async with client(programme) as http:
        body = {"number": f"X{odd}", "reason": f"vì{odd}"}
        answer = await ask(http, SUBMIT, "member", **body)
        assert answer["code"] == "INVALID_INPUT"
    (refused,) = events(programme, "kind = 'REFUSED'")
    assert refused["after"]["number"].startswith("X")
    assert refused["reason"].startswith("vì")
    assert len(refused["reason"]) <= 2_000


async def test_a_refusal_is_told_though_the_grants_change_meanwhile(programme):
    async with client(programme) as http:
        await ask(http, SUBMIT, "member", number="X-1")
        with psycopg.connect(programme) as owner:
            owner.execute("update account set grants_version = grants_version + 1")
        await ask(http, SUBMIT, "auditor", number="X-1")
        await ask(http, SUBMIT, "auditor", number="X-2")
    assert len(events(programme, "kind = 'REFUSED'")) == 3


def sample(type_: Any) -> Any:
    """Return some value of an input type, with all that it needs and nothing more."""
    if is_non_null_type(type_):
        return sample(type_.of_type)
    if is_list_type(type_):
        return [sample(type_.of_type)]
    if isinstance(type_, GraphQLInputObjectType):
        needed = {k: field for k, field in type_.fields.items() if is_required_input_field(field)}
        return {name: sample(field.type) for name, field in needed.items()}
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    scalars = {
        "Int": 1,
        "VND": 1,
        "Float": 1.5,
        "Boolean": True,
        "Date": DEMO_TODAY.isoformat(),
        "DateTime": f"{DEMO_TODAY}T00:00:00Z",
    }
    return scalars.get(type_.name, "X")


MUTATIONS = SCHEMA._schema.mutation_type.fields


@pytest.mark.parametrize("username", [None, "auditor", "nobody"])
async def test_every_mutation_tells_whom_it_refused(programme, username):
    async with client(programme) as http:
        for name, field in MUTATIONS.items():
            input_ = field.args["input"].type
            document = f"""mutation ($input: {input_}) {{ {name}(input: $input) {{
                ... on Error {{ code }} }} }}"""
            variables = {"input": sample(get_named_type(input_))}
            answer = await http.data(document, username, variables=variables)
            assert answer[name].get("code"), name
    refused = events(programme, "kind = 'REFUSED'")
    assert [event["action"] for event in refused] == list(MUTATIONS)
    assert {event["username"] for event in refused} == {username or "public"}
