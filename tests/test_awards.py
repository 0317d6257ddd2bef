"""Awards to units and people of the issuer's subtree."""

import asyncio
from typing import Any

import pytest

from db.rules.errors import ForbiddenError
from tests.client import client
from tests.mutating import ERRORS, ask, change, rows, value, writing

GRANT = f"""mutation ($input: GrantAwardInput!) {{ grantAward(input: $input) {{
    ... on GrantAwardPayload {{ __typename award {{
        form citation decisionNumber awardedOn issuedBy {{ code }} recipientUnit {{ code }}
        recipientPerson {{ code }} phase {{ ordinal }} }} }}
    ... on AwardRejected {{ unitCode today }} {ERRORS} }} }}"""
TEXT = {
    "form": "BANG_KHEN",
    "citation": "Thành tích xuất sắc\ntrong phong trào sáng kiến.",
    "decisionNumber": "999/QĐ-TTTT",
    "awardedOn": "2022-10-21",
}
GIVEN = "select count(*) from award where starts_with(citation, 'Thành tích xuất sắc')"
MEMBER = """select min(p.code) from person p join unit u on u.id = p.unit_id where u.code = %s"""


async def test_a_unit_is_commended_for_a_phase(programme):
    fields = {"issuer": "TTTT", "recipientUnit": "VNPT", "campaign": "1TRSK", "phase": 1}
    async with client(programme) as http:
        answer = await ask(http, GRANT, "tttt-admin", **TEXT, **fields)
        assert answer["award"] == {
            **TEXT,
            "issuedBy": {"code": "TTTT"},
            "recipientUnit": {"code": "VNPT"},
            "recipientPerson": None,
            "phase": {"ordinal": 1},
        }
        received = '{ unit(code: "VNPT") { awards(first: 1) { nodes { decisionNumber } } } }'
        data = await http.data(received, "upper-officer")
        assert data["unit"]["awards"]["nodes"] == [{"decisionNumber": "999/QĐ-TTTT"}]
    logged = "select action, kind, object_type from audit_event order by id desc limit 1"
    assert rows(programme, logged) == [
        {"action": "grantAward", "kind": "CREATED", "object_type": "Award"}
    ]


async def test_an_officer_commends_a_person_below(programme):
    code = value(programme, MEMBER, "VNPT-HNI")
    fields = {**TEXT, "form": "GIAY_KHEN", "issuer": "VNPT", "recipientPerson": code}
    async with client(programme) as http:
        answer = await ask(http, GRANT, "upper-officer", **fields)
    assert answer["award"]["recipientPerson"] == {"code": code}
    assert answer["award"]["recipientUnit"] is None
    assert answer["award"]["phase"] is None


async def test_one_decision_commends_a_recipient_once(programme):
    person = value(programme, MEMBER, "VNPT-HNI")
    one = {**TEXT, "issuer": "TTTT", "recipientUnit": "VNPT"}
    async with client(programme) as http:
        answers = await asyncio.gather(
            *(ask(http, GRANT, "tttt-admin", **one) for _ in range(4)),
            ask(http, GRANT, "tttt-admin", **{**one, "decisionNumber": " 999/QĐ-TTTT "}),
        )
        kinds = sorted(answer["__typename"] for answer in answers)
        assert kinds == ["Conflict"] * 4 + ["GrantAwardPayload"]
        lost = next(answer for answer in answers if answer["__typename"] == "Conflict")
        assert (lost["code"], lost["field"]) == ("TAKEN", "decisionNumber")
        others = [
            {**one, "recipientUnit": "VNPOST"},
            {**one, "issuer": "VNPT", "recipientUnit": "VNPT-HNI"},
            {**TEXT, "issuer": "TTTT", "recipientPerson": person},
            {**one, "decisionNumber": "1000/QĐ-TTTT"},
        ]
        for other in others:
            answer = await ask(http, GRANT, "tttt-admin", **other)
            assert answer["__typename"] == "GrantAwardPayload"
        answer = await ask(http, GRANT, "tttt-admin", **others[2])
        assert (answer["__typename"], answer["code"]) == ("Conflict", "TAKEN")
    assert value(programme, GIVEN) == 5


async def test_what_the_rules_do_not_allow_is_refused_with_facts(programme):
    change(programme, "update unit set valid_to = '2022-10-01' where code in ('VTC', 'HNI')")
    person = value(programme, MEMBER, "HCM")
    refused = [
        ({"issuer": "TTTT", "recipientUnit": "HCM"}, "OUTSIDE_SUBTREE", "TTTT"),
        ({"issuer": "VNPT", "recipientUnit": "TTTT"}, "OUTSIDE_SUBTREE", "VNPT"),
        ({"issuer": "TTTT", "recipientPerson": person}, "OUTSIDE_SUBTREE", "TTTT"),
        ({"issuer": "TTTT", "recipientUnit": "VTC"}, "UNIT_CLOSED", "VTC"),
        ({"issuer": "HNI", "recipientUnit": "HNI"}, "UNIT_CLOSED", "HNI"),
        (
            {"issuer": "TTTT", "recipientUnit": "VNPT", "awardedOn": "2022-10-22"},
            *("AWARDED_LATER", None),
        ),
    ]
    async with client(programme) as http:
        for fields, code, unit in refused:
            answer = await ask(http, GRANT, "confed-admin", **{**TEXT, **fields})
            assert answer["__typename"] == "AwardRejected", fields
            assert (answer["code"], answer["unitCode"]) == (code, unit)
        assert answer["today"] == "2022-10-21"
        change(
            programme,
            "update campaign set owner_id = (select id from unit where code = 'TTTT')",
        )
        abroad = {"issuer": "TLD", "recipientUnit": "HCM", "campaign": "1TRSK", "phase": 1}
        answer = await ask(http, GRANT, "confed-admin", **TEXT, **abroad)
        assert (answer["__typename"], answer["code"]) == ("AwardRejected", "OUTSIDE_CAMPAIGN")
    assert value(programme, GIVEN) == 0


async def test_input_that_cannot_be_meant_is_named_by_its_path(programme):
    whole = {**TEXT, "issuer": "TTTT", "recipientUnit": "VNPT"}
    wrong = [
        ({"recipientUnit": None}, "recipientUnit", "BLANK"),
        ({"recipientPerson": "X"}, "recipientPerson", "ONE_RECIPIENT"),
        ({"phase": 1}, "campaign", "BLANK"),
        ({"campaign": "1TRSK"}, "phase", "BLANK"),
        ({"citation": " "}, "citation", "BLANK"),
        ({"decisionNumber": ""}, "decisionNumber", "BLANK"),
    ]
    async with client(programme) as http:
        for fields, path, code in wrong:
            answer = await ask(http, GRANT, "tttt-admin", **{**whole, **fields})
            assert [(p["path"], p["code"]) for p in answer["problems"]] == [([path], code)]
    assert value(programme, GIVEN) == 0


async def test_what_one_may_not_see_is_not_found_and_what_one_may_not_award_is_forbidden(programme):
    outside = value(programme, MEMBER, "HCM")
    refused = [
        ("tttt-admin", {"issuer": "HCM", "recipientUnit": "VNPT"}, "NotFound"),
        ("tttt-admin", {"issuer": "TTTT", "recipientUnit": "HCM"}, "NotFound"),
        ("tttt-admin", {"issuer": "TTTT", "recipientPerson": outside}, "NotFound"),
        ("tttt-admin", {"issuer": "TTTT", "recipientPerson": "NOBODY"}, "NotFound"),
        (
            "tttt-admin",
            {"issuer": "TTTT", "recipientUnit": "VNPT", "campaign": "1TRSK", "phase": 9},
            "NotFound",
        ),
        ("tttt-admin", {"issuer": "TLD", "recipientUnit": "VNPT"}, "Forbidden"),
        ("unit-officer", {"issuer": "VNPT", "recipientUnit": "VNPT-HNI"}, "NotFound"),
        *(
            (username, {"issuer": "VNPT-HNI", "recipientUnit": "VNPT-HNI"}, "Forbidden")
            for username in ("council", "support", "member", "auditor", "nobody", None)
        ),
    ]
    async with client(programme) as http:
        for username, fields, typename in refused:
            answer = await ask(http, GRANT, username, **TEXT, **fields)
            assert answer["__typename"] == typename, (username, fields)
    assert value(programme, GIVEN) == 0
    noted = "select count(*) from audit_event where kind = 'REFUSED' and action = 'grantAward'"
    # Rejections of anonymous callers are only counted in metrics.
    assert value(programme, noted) == len(refused) - 1


ADD = """insert into award (
        form, issuer_id, recipient_unit_id, citation, decision_number, awarded_on
    ) select 'BANG_KHEN', i.id, r.id, 'x', '1', '2022-01-01' from unit i, unit r
    where i.code = '{}' and r.code = '{}'"""


async def test_the_database_refuses_an_award_that_is_not_the_callers_to_give(programme):
    refused: list[tuple[Any, str, str]] = [
        ("tttt-admin", "TLD", "VNPT"),
        ("tttt-admin", "VNPT", "TTTT"),
        ("confed-admin", "TTTT", "HCM"),
        ("council", "TTTT", "VNPT"),
    ]
    async with writing(programme) as session:
        for username, issuer, recipient in refused:
            with pytest.raises(ForbiddenError):
                await session.execute(username, ADD.format(issuer, recipient))
        assert await session.execute("tttt-admin", ADD.format("TTTT", "VNPT")) == 1
