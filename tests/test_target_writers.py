"""Permissions to assign and register targets, by the guards and by the database behind them."""

import pytest

from db.rules.errors import ForbiddenError
from tests.client import client
from tests.mutating import ask, differing, rows, value, writing
from tests.targeting import ASSIGN, CHILDREN, REGISTER, held

ASSIGNING = [
    ("tttt-admin", "TTTT", "AssignTargetsPayload"),
    ("confed-admin", "TLD", "AssignTargetsPayload"),
    ("confed-admin", "VNPT", "AssignTargetsPayload"),
    ("tttt-admin", "TLD", "Forbidden"),
    ("tttt-admin", "HNI", "NotFound"),
    ("upper-officer", "VNPT", "Forbidden"),
    ("unit-officer", "VNPT-HNI", "Forbidden"),
    ("council", "TTTT", "Forbidden"),
    ("support", "VNPT-HNI", "Forbidden"),
    ("member", "VNPT-HNI", "Forbidden"),
    ("auditor", "TTTT", "Forbidden"),
    ("nobody", "TLD", "Forbidden"),
    (None, "TLD", "Forbidden"),
]
REGISTERING = [
    ("unit-officer", "VNPT-HNI", "RegisterTargetPayload"),
    ("upper-officer", "VNPT-HCM", "RegisterTargetPayload"),
    ("upper-officer", "VNPT", "RegisterTargetPayload"),
    ("confed-admin", "TLD", "RegisterTargetPayload"),
    ("unit-officer", "TLD", "Forbidden"),
    ("unit-officer", "VNPT", "NotFound"),
    ("council", "TTTT", "Forbidden"),
    ("support", "VNPT-HNI", "Forbidden"),
    ("member", "VNPT-HNI", "Forbidden"),
    ("tttt-auditor", "TTTT", "Forbidden"),
    ("nobody", "TLD", "Forbidden"),
    (None, "TLD", "Forbidden"),
]
REFUSED = "select count(*) from audit_event where kind = 'REFUSED' and action = %s"


async def test_only_an_administrator_at_or_above_a_unit_assigns_to_its_children(programme):
    async with client(programme) as http:
        for number, (username, parent, typename) in enumerate(ASSIGNING):
            child = (rows(programme, CHILDREN, parent) or [{"code": "X"}])[0]["code"]
            before = held(programme, [child])
            fields = {"campaign": "1TRSK", "phase": 2, "parent": parent}
            targets = [{"unit": child, "assigned": 123_000 + number}]
            answer = await ask(http, ASSIGN, username, **fields, targets=targets)
            assert answer["__typename"] == typename, (username, parent)
            after = held(programme, [child])
            if typename == "AssignTargetsPayload":
                assert after[child][0] == 123_000 + number
            else:
                assert after == before
    assert (
        value(programme, REFUSED, "assignTargets") == len(ASSIGNING) - 3 - 1
    )  # an anonymous one is in no log
    assert differing(programme) == 0


async def test_officers_and_administrators_register_what_is_in_their_subtree(programme):
    async with client(programme) as http:
        for number, (username, unit, typename) in enumerate(REGISTERING):
            ((assigned, registered, version),) = held(programme, [unit]).values()
            fields = {"campaign": "1TRSK", "phase": 2, "unit": unit}
            answer = await ask(http, REGISTER, username, **fields, registered=4_000 + number)
            assert answer["__typename"] == typename, (username, unit)
            assert held(programme, [unit])[unit] == (
                (assigned, 4_000 + number, version + 1)
                if typename == "RegisterTargetPayload"
                else (assigned, registered, version)
            )
    assert value(programme, REFUSED, "registerTarget") == len(REGISTERING) - 4 - 1  # as above


OF = "(select id from unit where code = '{}')"
SET = "update target set {} = 1 where phase_id = 2 and unit_id = " + OF
REVISE = (
    "insert into target_revision (unit_id, phase_id, kind, account_id)"
    f" values ({OF.format('VNPT-HNI')}, 2, 'ASSIGNED', {{}})"
)


async def test_the_database_refuses_a_target_that_is_not_the_callers_to_set(programme):
    refused = [
        ("upper-officer", SET.format("assigned", "VNPT-HNI")),
        ("tttt-admin", SET.format("assigned", "TTTT")),
        ("upper-officer", REVISE.format("caller()")),
        ("tttt-admin", REVISE.format("1")),
        ("support", "insert into target (unit_id, phase_id) select id, 2 from unit"),
    ]
    async with writing(programme) as session:
        for username, statement in refused:
            with pytest.raises(ForbiddenError):
                await session.execute(username, statement)
        for username in ("council", "support", "member", "auditor", "nobody", None):
            assert not await session.execute(username, "update target set registered = 1")
        assert await session.execute("upper-officer", SET.format("registered", "VNPT-HNI")) == 1
        assert await session.execute("tttt-admin", REVISE.format("caller()")) == 1
