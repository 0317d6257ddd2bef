"""Drafting, editing, submitting and withdrawing, as each role."""

import asyncio
from typing import Any

import psycopg
import pytest

from tests.client import Client, client

ERRORS = """... on Error { __typename code message }
    ... on InvalidInput { problems { path code limit } }
    ... on InitiativeRejected { state opensOn closesOn appliedFrom appliedTo }
    ... on Conflict { version field }"""
BODY = "id number title state version awaits { code } phase { ordinal } authors { share }"
DRAFT = f"""mutation ($input: DraftInitiativeInput!) {{ draftInitiative(input: $input) {{
    ... on InitiativePayload {{ __typename initiative {{ {BODY} }} }} {ERRORS} }} }}"""
EDIT = DRAFT.replace("Draft", "Edit").replace("draft", "edit")
SUBMIT = DRAFT.replace("Draft", "Submit").replace("draft", "submit")
WITHDRAW = DRAFT.replace("Draft", "Withdraw").replace("draft", "withdraw")
TEXT = {
    "campaign": "1TRSK",
    "title": "Giá đỡ cáp bằng vật liệu tái sử dụng",
    "summary": "Giảm một nửa thời gian kéo cáp.",
    "content": "Bản vẽ và cách làm.",
    "solutionType": "TECHNICAL",
    "appliedOn": "2022-09-01",
}


async def ask(http: Client, document: str, username: str | None, **fields: Any) -> Any:
    data = await http.data(document, username, variables={"input": fields})
    return next(iter(data.values()))


async def drafted(http: Client, **changes: Any) -> str:
    number: str = (await ask(http, DRAFT, "member", **{**TEXT, **changes}))["initiative"]["number"]
    return number


def counted(url: str, query: str, *values: Any) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode(), values).fetchone()
    assert row is not None
    return int(row[0])


def submitted(url: str, unit: str = "TLD") -> int:
    return counted(
        url,
        "select sum(submitted) from rollup r join unit u on u.id = r.unit_id"
        " where u.code = %s and ordinal = 2",
        unit,
    )


async def test_a_member_drafts_edits_submits_and_withdraws(programme):
    before = submitted(programme)
    async with client(programme) as http:
        drafted = (await ask(http, DRAFT, "member", **TEXT))["initiative"]
        assert drafted["state"] == "DRAFT"
        assert drafted["number"].startswith("VNPT-HNI-2022-")
        assert drafted["authors"] == [{"share": 100.0}]
        number = drafted["number"]
        edited = await ask(http, EDIT, "member", number=number, version=1, title="Giá đỡ cáp")
        assert edited["initiative"]["title"] == "Giá đỡ cáp"
        assert edited["initiative"]["version"] == 2
        handed_in = (await ask(http, SUBMIT, "member", number=number))["initiative"]
        assert handed_in["state"] == "SUBMITTED"
        assert handed_in["awaits"] == {"code": "VNPT-HNI"}
        assert handed_in["phase"] == {"ordinal": 2}
        assert submitted(programme) == before + 1
        taken = (await ask(http, WITHDRAW, "member", number=number))["initiative"]
        assert (taken["state"], taken["awaits"]) == ("WITHDRAWN", None)
        assert submitted(programme) == before


async def test_a_stale_version_is_a_conflict_and_changes_nothing(programme):
    async with client(programme) as http:
        number = (await ask(http, DRAFT, "member", **TEXT))["initiative"]["number"]
        await ask(http, EDIT, "member", number=number, title="Tên mới")
        stale = await ask(http, EDIT, "member", number=number, version=1, title="Tên cũ")
        assert (stale["__typename"], stale["code"], stale["version"]) == ("Conflict", "STALE", 2)


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({"title": " "}, ["title"], "BLANK"),
        ({"title": "x" * 301}, ["title"], "TOO_LONG"),
        ({"title": "a\nb"}, ["title"], "CONTROL_CHARACTER"),
        ({"claimed": [1, 2, 3, 4]}, ["claimed"], "TOO_MANY"),
        ({"claimed": [-1]}, ["claimed", "0"], "TOO_SMALL"),
        ({"claimed": [0, 10**12 + 1]}, ["claimed", "1"], "TOO_LARGE"),
        ({"authors": []}, ["authors"], "TOO_FEW"),
        ({"authors": [{"person": "x", "share": 60}]}, ["authors"], "SHARES_NOT_100"),
        (
            {"authors": [{"person": "x", "share": 99.999}, {"person": "y", "share": 0.001}]},
            ["authors", "1", "share"],
            "TOO_SMALL",
        ),
        (
            {"authors": [{"person": "x", "share": 100}]},
            ["authors", "0", "person"],
            "NO_SUCH_PERSON",
        ),
        (
            {"authors": [{"person": "x", "share": 50}, {"person": "x", "share": 50}]},
            ["authors", "1"],
            "REPEATED",
        ),
    ],
)
async def test_input_that_cannot_be_meant_is_named_by_its_path(programme, fields, path, code):
    async with client(programme) as http:
        answer = await ask(http, DRAFT, "member", **{**TEXT, **fields})
        assert answer["__typename"] == "InvalidInput"
        assert [(p["path"], p["code"]) for p in answer["problems"]] == [(path, code)]


async def test_application_outside_the_campaigns_dates_is_refused_with_the_dates(programme):
    async with client(programme) as http:
        early = {**TEXT, "appliedOn": "2019-01-01"}
        number = (await ask(http, DRAFT, "member", **early))["initiative"]["number"]
        answer = await ask(http, SUBMIT, "member", number=number)
        assert (answer["__typename"], answer["code"]) == ("InitiativeRejected", "APPLIED_OUTSIDE")
        assert answer["appliedFrom"] == "2021-09-01"


@pytest.mark.parametrize("username", ["council", "confed-admin", "auditor", "nobody", None])
async def test_who_may_not_draft_is_refused(programme, username):
    async with client(programme) as http:
        answer = await ask(http, DRAFT, username, **{**TEXT, "unit": "VNPT-HNI"})
        assert answer["__typename"] == "Forbidden"
    refused = "select count(*) from audit_event where kind = 'REFUSED' and action = %s"
    # Rejections of anonymous callers are only counted in metrics.
    assert counted(programme, refused, "draftInitiative") == (0 if username is None else 1)


async def test_an_initiative_that_one_may_not_see_is_not_found(programme):
    with psycopg.connect(programme) as connection:
        row = connection.execute(
            "select number from initiative i join unit u on u.id = i.unit_id"
            " where u.code <> 'VNPT-HNI' and i.published_at is null limit 1"
        ).fetchone()
    assert row is not None
    async with client(programme) as http:
        answer = await ask(http, SUBMIT, "member", number=row[0])
        assert answer["__typename"] == "NotFound"


async def test_the_same_key_and_input_is_carried_out_once(programme):
    async with client(programme) as http:
        given = {**TEXT, "idempotencyKey": "k-1"}
        first, second = await asyncio.gather(
            ask(http, DRAFT, "member", **given), ask(http, DRAFT, "member", **given)
        )
        assert first == second
        other = await ask(http, DRAFT, "member", **{**given, "title": "Khác"})
        assert (other["__typename"], other["code"]) == ("Conflict", "KEY_REUSED")
    assert (
        counted(programme, "select count(*) from initiative where title = %s", TEXT["title"]) == 1
    )


async def test_errors_speak_the_language_that_was_asked_for(programme):
    async with client(programme) as http:
        headers = {"Authorization": f"Bearer {http.token('member')}"}
        said = {}
        for language in ("vi-VN,vi;q=0.9,en;q=0.5", "en", "fr"):
            response = await http.http.post(
                "/graphql",
                json={"query": SUBMIT, "variables": {"input": {"number": "X"}}},
                headers={**headers, "Accept-Language": language},
            )
            said[language] = response.json()["data"]["submitInitiative"]["message"]
        assert said["vi-VN,vi;q=0.9,en;q=0.5"] == "Không tìm thấy: X."
        assert said["en"] == said["fr"] == "There is none, or none that you may see: X."
