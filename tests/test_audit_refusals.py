"""The audit log has every refused attempt of an account, once and complete."""

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

MUTATIONS = SCHEMA._schema.mutation_type.fields
DATES = {"appliedFrom": "2022-01-01", "appliedTo": "2022-12-31"}
TARGETS = [{"unit": "VNPT-HNI", "assigned": 1}, {"unit": "VNPT-HCM", "assigned": 1}]
REFUSALS = [
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
    assert refused["username"] == username
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


NAMED = {
    "createCampaign": (
        {"code": "MOI", "title": "Mới", "owner": "TLD", "countsFrom": "CONFIRMED", **DATES},
        {"campaign": "MOI"},
        "TLD",
    ),
    "updateCampaign": ({"code": "1TRSK", "title": "Tên"}, {"campaign": "1TRSK"}, "TLD"),
    "createUnit": (
        {"code": "MOI", "name": "Mới", "level": "GRASSROOTS", "parent": "VNPT", "memberCount": 1},
        {"unit": "MOI", "parent": "VNPT"},
        "TLD",
    ),
    "mergeUnits": (
        {"units": ["VNPT-HNI", "VNPT-HCM"], "into": "VNPT-AGG", "reason": "x"},
        {"units": "VNPT-HNI, VNPT-HCM", "into": "VNPT-AGG"},
        "TLD",
    ),
    "assignTargets": (
        {"campaign": "1TRSK", "phase": 2, "parent": "VNPT", "targets": TARGETS},
        {"campaign": "1TRSK", "phase": 2, "parent": "VNPT", "targets": "VNPT-HNI, VNPT-HCM"},
        "TLD",
    ),
}


@pytest.mark.parametrize("name", NAMED)
async def test_what_was_refused_is_named_beside_why(programme, name):
    given, named, unit = NAMED[name]
    input_ = MUTATIONS[name].args["input"].type
    document = (
        f"mutation ($input: {input_}) {{ {name}(input: $input) {{ ... on Error {{ code }} }} }}"
    )
    async with client(programme) as http:
        answer = await http.data(document, "member", variables={"input": given})
        assert answer[name]["code"] == "FORBIDDEN"
    (refused,) = events(programme, "kind = 'REFUSED'")
    assert (refused["after"], refused["unit"]) == ({"code": "FORBIDDEN", **named}, unit)


async def test_of_several_decisions_the_one_that_was_refused_is_named(programme):
    async with client(programme) as http:
        numbers = [await drafted(http), await drafted(http)]
        given = {
            "mode": "ALL",
            "decisions": [{"number": number, "decision": "APPROVE"} for number in numbers],
        }
        document = """mutation ($input: ReviewInitiativesInput!) {
            reviewInitiatives(input: $input) { ... on Error { code } } }"""
        answer = await http.data(document, "unit-officer", variables={"input": given})
    (refused,) = events(programme, "kind = 'REFUSED'")
    assert refused["after"] == {
        "code": answer["reviewInitiatives"]["code"],
        "number": numbers[0],
        "decisions": ", ".join(numbers),
    }
    assert (refused["object_type"], refused["unit"]) == ("Initiative", "VNPT-HNI")


def sample(type_: Any) -> Any:
    """Return a value of an input type with its required fields only."""
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


@pytest.mark.parametrize("username", ["auditor", "nobody"])
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
