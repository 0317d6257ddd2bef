"""The checks that an auditor runs through the API."""

import psycopg
import pytest

from db.url import READER, with_role
from tests.client import client

QUESTION = """{
  verification {
    cells differing
    differences { unit { code } campaign phase detail counter kept counted }
    auditLog { events chains faulty faults { eventId shard sequence fault } }
    objects { compared differing differences { kind name fault } }
  }
}"""
ROLLUP = """
    update rollup set achieved = achieved + 1
    where ordinal = 1 and unit_id = (select id from unit where code = %s)
        and slot = (select min(slot) from rollup r where r.unit_id = rollup.unit_id and ordinal = 1)
"""


async def verified(url, username):
    async with client(url) as api:
        return (await api.data(QUESTION, username))["verification"]


async def test_an_auditor_at_the_root_verifies_everything(demo):
    found = await verified(demo, "auditor")
    assert found["cells"] > 10_000
    assert found["differing"] == 0
    assert found["differences"] == []
    assert found["auditLog"]["events"] > 0
    assert found["auditLog"]["faulty"] == 0
    assert found["objects"]["compared"] > 1_000
    assert found["objects"]["differences"] == []
    assert found["objects"]["differing"] == 0


async def test_an_auditor_of_a_subtree_verifies_its_totals_alone(programme):
    with psycopg.connect(programme) as connection:
        connection.execute(ROLLUP, ["TLD"])
        connection.execute(ROLLUP, ["VNPT"])
    own = await verified(programme, "tttt-auditor")
    assert [(d["unit"]["code"], d["counter"]) for d in own["differences"]] == [("VNPT", "achieved")]
    difference = own["differences"][0]
    assert int(difference["kept"]) == int(difference["counted"]) + 1
    assert (difference["campaign"], difference["phase"]) == ("1TRSK", 1)
    assert own["auditLog"] is own["objects"] is None
    whole = await verified(programme, "auditor")
    assert [d["unit"]["code"] for d in whole["differences"]] == ["TLD", "VNPT"]
    assert own["cells"] < whole["cells"]


@pytest.mark.parametrize("username", [None, "nobody", "member", "upper-officer", "support"])
async def test_without_the_permission_nothing_is_verified(demo, username):
    if username is None:  # it costs more than an anonymous caller may spend
        with pytest.raises(AssertionError, match="expected rows"):
            await verified(demo, username)
    else:
        assert await verified(demo, username) is None


async def test_what_was_altered_is_named(programme):
    with psycopg.connect(programme) as connection:
        connection.execute("drop trigger initiative_follow on initiative")
        connection.execute("alter table review disable trigger audited")
        connection.execute("grant update on rollup to sangkien_writer")
        connection.execute("alter table audit_event disable trigger user")
        connection.execute(
            "update audit_event set action = 'other' where id = (select min(id) from audit_event)"
        )
        connection.execute("alter table audit_event enable trigger user")
    found = await verified(programme, "auditor")
    assert found["objects"]["differences"] == [
        {"kind": "grant", "name": "UPDATE on rollup to writer", "fault": "UNEXPECTED"},
        {"kind": "trigger", "name": "initiative.initiative_follow", "fault": "MISSING"},
        {"kind": "trigger", "name": "review.audited", "fault": "DISABLED"},
    ]
    assert found["auditLog"]["faulty"] == 1
    assert found["auditLog"]["faults"][0]["fault"].startswith("altered")


async def test_one_verification_runs_at_a_time(demo):
    with psycopg.connect(with_role(demo, READER)) as connection:
        connection.execute("select pg_advisory_xact_lock(hashtext('sangkien.verification'))")
        async with client(demo) as api:
            response = await api.post(QUESTION, "auditor")
    assert response.status_code == 503
    assert response.json()["errors"][0]["extensions"]["code"] == "BUSY"


async def test_two_verifications_in_one_operation_are_too_many(demo):
    query = "{ a: verification { cells } b: verification { cells } }"
    async with client(demo) as api:
        response = await api.post(query, "auditor")
    assert response.json()["errors"][0]["extensions"]["code"] == "LIMIT"


@pytest.mark.parametrize("call", ["verification_of('verify_rollup')", "verification_turn()"])
def test_the_parts_of_a_verification_are_not_for_calling(demo, call):
    with (
        psycopg.connect(with_role(demo, READER)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(f"select {call}")
