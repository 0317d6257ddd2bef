"""Limited tokens over HTTP: some permissions, some units, read-only."""

import pytest
from graphql import get_named_type

from auth.narrowing import Narrowing
from auth.permissions import Permission
from db.rules.errors import ForbiddenError
from db.transactions import Attempt
from schema.build import SCHEMA
from tests.audit_log import events
from tests.mutating import value, writing
from tests.test_audit_refusals import sample
from tests.test_auditor import held
from tests.token_holding import code_of, holding

MUTATIONS = SCHEMA._schema.mutation_type.fields
ERRORS = "... on Error { code } ... on Forbidden { permission unitCode }"
ASSIGN = f"""mutation ($unit: String!) {{ assignTargets(input: {{campaign: "1TRSK", phase: 2,
    parent: $unit, targets: [{{unit: "VNPT-HNI", assigned: 60}}]}}) {{ __typename {ERRORS} }} }}"""
REGISTER = f"""mutation ($unit: String!) {{ registerTarget(input: {{campaign: "1TRSK", phase: 2,
    unit: $unit, registered: 77}}) {{ __typename {ERRORS} }} }}"""
REVIEW = f"""mutation ($number: String!) {{ reviewInitiative(input: {{number: $number,
    decision: APPROVE}}) {{ __typename {ERRORS} }} }}"""
SIGHT = """{ viewer { units { code } }
    units(first: 100) { nodes { code } } initiatives { totalCount nodes { unit { code } } } }"""


@pytest.fixture
async def http(programme):
    """A site with the demo's data."""
    async with holding(programme) as made:
        yield made


async def everything_tried(http, headers) -> dict[str, tuple[int, str]]:
    """Return the status and code of every mutation of the schema."""
    answers = {}
    for name, field in MUTATIONS.items():
        input_ = field.args["input"].type
        query = f"mutation ($input: {input_}) {{ {name}(input: $input) {{ __typename }} }}"
        variables = {"input": sample(get_named_type(input_))}
        response = await http.http.post(
            "/graphql", json={"query": query, "variables": variables}, headers=headers
        )
        answers[name] = response.status_code, code_of(response)
    return answers


# Read-only


async def test_no_mutation_of_the_schema_takes_a_token_that_only_reads(programme, http):
    secret = await http.secret("confed-admin", readOnly=True)
    assert len(MUTATIONS) > 25
    before, told = held(programme), len(events(programme))
    answers = await everything_tried(http, {"Authorization": f"Bearer {secret}"})
    assert set(answers) == set(MUTATIONS)
    assert set(answers.values()) == {(403, "INSUFFICIENT_SCOPE")}
    after = held(programme)
    assert {t for t in before if before[t] != after[t]} <= {"access_token"}  # its use is recorded
    refused = events(programme)[told:]
    assert [(event["action"], event["kind"]) for event in refused] == [
        (name, "REFUSED") for name in MUTATIONS
    ]
    assert {event["after"]["code"] for event in refused} == {"INSUFFICIENT_SCOPE"}
    assert {event["username"] for event in refused} == {"confed-admin"}


async def test_a_token_that_only_reads_sees_all_that_its_owner_sees(http):
    secret = await http.secret("upper-officer", readOnly=True)
    query = """{ viewer { queue { totalCount } } units(first: 100) { totalCount }
        initiatives { totalCount } auditEvents { totalCount } }"""
    assert await http.asked(secret, query) == await http.data(query, "upper-officer")
    can = '{ unit(code: "VNPT-HNI") { viewerCan } }'
    written = (await http.data(can, "upper-officer"))["unit"]["viewerCan"]
    read = (await http.asked(secret, can))["unit"]["viewerCan"]
    assert "INITIATIVE_READ" in read
    assert "INITIATIVE_WRITE" in written
    assert set(read) < set(written)
    assert "INITIATIVE_WRITE" not in read


async def test_behind_the_door_a_reading_caller_cannot_begin_to_write(programme):
    only = Narrowing(read_only=True, own_tokens=True)
    async with writing(programme) as unguarded:
        caller = (await unguarded._principals.of("confed-admin", only)).caller
        with pytest.raises(ForbiddenError) as refused:
            await unguarded._writer.run(
                caller, Attempt("test"), lambda s: s.execute("update unit set name = 'x'")
            )
    assert refused.value.code == "READ_ONLY"
    assert value(programme, "select count(*) from unit where name = 'x'") == 0


# Some permissions


async def test_a_token_does_what_it_is_for_and_not_what_its_owner_may_do_besides(programme, http):
    for_targets = ["UNIT_READ", "INITIATIVE_READ", "TARGET_ASSIGN"]
    secret = await http.secret("tttt-admin", permissions=for_targets)
    done = await http.asked(secret, ASSIGN, unit="VNPT")
    assert done["assignTargets"]["__typename"] == "AssignTargetsPayload", done
    number = value(
        programme,
        """select number from initiative i join unit u on u.id = i.awaits_id
           where u.code = 'TTTT' order by i.id limit 1""",
    )
    refused = (await http.asked(secret, REVIEW, number=number))["reviewInitiative"]
    assert (refused["code"], refused["permission"]) == ("FORBIDDEN", "INITIATIVE_REVIEW")
    refused = (await http.asked(secret, REGISTER, unit="VNPT"))["registerTarget"]
    assert (refused["code"], refused["permission"]) == ("FORBIDDEN", "TARGET_REGISTER")
    assert value(programme, "select count(*) from review where at > now() - interval '1 h'") == 0
    allowed = await http.data(REVIEW, "tttt-admin", variables={"number": number})
    assert allowed["reviewInitiative"]["__typename"] == "InitiativePayload", allowed


async def test_the_database_refuses_what_a_token_is_not_for(programme):
    only = Narrowing(frozenset({Permission.UNIT_READ, Permission.TARGET_ASSIGN}))
    statement = "update role_grant set revoked_at = now(), revoked_by_id = caller()"
    async with writing(programme) as unguarded:
        whole = (await unguarded._principals.of("confed-admin")).caller
        part = (await unguarded._principals.of("confed-admin", only)).caller

        async def touched(caller, text):
            return await unguarded._writer.run(caller, Attempt("test"), lambda s: s.execute(text))

        assert await touched(part, statement) == 0
        assert await touched(whole, statement + " where revoked_at is null and id > 1") > 0
        for text in (
            (
                "insert into unit (code, name, level, parent_id, valid_from)"
                " select 'X', 'x', 'FEDERATION', id, today() from unit where parent_id is null"
            ),
            (
                "insert into access_token (account_id, name, token_hash, expires_at)"
                " values (caller(), 'x', 'x', now() + interval '1 day')"
            ),
        ):
            with pytest.raises(ForbiddenError):
                await touched(part, text)
            assert await touched(await _renewed(unguarded, "confed-admin"), text) == 1


async def _renewed(unguarded, username):
    unguarded._principals.forget(username)
    return (await unguarded._principals.of(username)).caller


async def test_a_permission_that_its_owner_lacks_is_of_no_use(http):
    secret = await http.secret("member", permissions=["UNIT_READ", "TARGET_REGISTER"])
    refused = (await http.asked(secret, REGISTER, unit="VNPT-HNI"))["registerTarget"]
    assert (refused["code"], refused["permission"]) == ("FORBIDDEN", "TARGET_REGISTER")


async def test_without_the_permission_for_ones_own_no_own_initiative_is_seen(http):
    count = "{ initiatives { totalCount } }"
    all_, public = await http.data(count, "member"), await http.data(count)
    assert all_ != public
    whole = await http.secret("member")
    units = await http.secret("member", permissions=["UNIT_READ"])
    assert await http.asked(whole, count) == all_
    assert await http.asked(units, count) == public


# Some units


async def test_a_token_for_a_unit_reaches_no_other_and_not_its_owners_own(programme, http):
    secret = await http.secret("tttt-admin", unit="VNPT")
    seen = await http.asked(secret, SIGHT)
    below = {
        row["code"]
        for row in (await http.data(SIGHT, "upper-officer"))["units"]["nodes"]
        if row["code"] != "TLD"
    }
    assert seen["viewer"]["units"] == [{"code": "VNPT"}]
    assert {row["code"] for row in seen["units"]["nodes"]} == below | {"TLD"}
    assert "TTTT" not in below
    done = await http.asked(secret, REGISTER, unit="VNPT-HNI")
    assert done["registerTarget"]["__typename"] == "RegisterTargetPayload", done
    refused = (await http.asked(secret, REGISTER, unit="TTTT"))["registerTarget"]
    assert refused["code"] == "NOT_FOUND"
    own = await http.secret("member", unit="VNPT-HNI")
    count = "{ initiatives { totalCount } }"
    assert await http.asked(own, count) == await http.data(count)


async def test_a_unit_that_moves_away_takes_the_token_along_no_further_than_its_owner(
    programme, http
):
    secret = await http.secret("upper-officer", unit="VNPT-HNI")
    unit = '{ unit(code: "VNPT-HNI") { code } }'
    assert (await http.asked(secret, unit))["unit"] == {"code": "VNPT-HNI"}
    move = """mutation { moveUnit(input: {unit: "VNPT-HNI", parent: "HNI", reason: "x"}) {
        __typename ... on Error { code } } }"""
    done = await http.data(move, "confed-admin")
    assert done["moveUnit"]["__typename"] == "UnitPayload", done
    assert (await http.asked(secret, unit))["unit"] is None
    http.clock.now += 6
    assert (await http.asked(secret, unit))["unit"] is None
