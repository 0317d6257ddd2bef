"""A mutation's payload is read on the connection that wrote, and equals a read of the caller."""

import psycopg
from sqlalchemy.engine import make_url

from auth import keys
from db.prepare import prepare
from db.url import READER, with_role
from tests.client import client
from tests.test_initiatives import TEXT

SEEN = """number title summary content state version viewerCan benefitClaimed
    unit { code name memberCount } awaits { code } possibleDuplicates { similarity }
    authors { share person { code name email phone unit { code } } }
    reviews { decision reason scores { criterion score } unit { code } by { code name } }"""
DRAFT = """mutation($input: DraftInitiativeInput!) { done: draftInitiative(input: $input) {
    ... on InitiativePayload { initiative { %s } } ... on Error { code } } }"""
SUBMIT = DRAFT.replace("draft", "submit").replace("Draft", "Submit")
REVIEW = DRAFT.replace("draft", "review").replace("Draft", "Review")
READ = "query($number: String!) { initiative(number: $number) { %s } }"


async def test_a_payload_shows_the_write_that_a_lagging_standby_does_not_have(server, programme):
    with psycopg.connect(programme) as connection:
        keys.ensure(connection)
    # An old copy stands for a standby that never catches up.
    standby = prepare(server, "a_standby", make_url(programme).database)
    async with client(programme, reader_url=with_role(standby, READER)) as http:
        answer = await http.data(DRAFT % "number title", "member", variables={"input": TEXT})
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("drop database a_standby with (force)")
    assert answer["done"]["initiative"]["title"] == TEXT["title"]


async def test_a_payload_equals_what_its_caller_reads(programme):
    async with client(programme) as http:

        async def same(document, who, **input_):
            done = await http.data(document % SEEN, who, variables={"input": input_})
            shown = done["done"]["initiative"]
            read = await http.data(READ % SEEN, who, variables={"number": shown["number"]})
            assert shown == read["initiative"]
            return shown

        drafted = await same(DRAFT, "member", **TEXT)
        number = drafted["number"]
        await same(SUBMIT, "member", number=number)
        for who in ("unit-officer", "upper-officer", "tttt-admin"):
            await same(REVIEW, who, number=number, decision="APPROVE")


def test_the_writer_sees_no_less_and_no_more_than_the_reader_where_payloads_are_read(demo):
    """Policies of the writer's own are for the issuer's transactions, which a payload is not."""
    with psycopg.connect(demo) as connection:
        hidden = connection.execute(
            "select attrelid::regclass, attname from pg_attribute"
            " join pg_class on pg_class.oid = attrelid"
            " where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v')"
            " and attnum > 0 and not attisdropped"
            " and has_column_privilege('sangkien_reader', attrelid, attnum, 'select')"
            " and not has_column_privilege('sangkien_writer', attrelid, attnum, 'select')"
        ).fetchall()
        policies = connection.execute(
            "select tablename, policyname, roles::text[], qual from pg_policies"
            " where cmd in ('SELECT', 'ALL') and roles <> '{public}'"
            " and has_any_column_privilege('sangkien_reader', tablename::regclass, 'select')"
        ).fetchall()
    assert hidden == []
    own = [(table, name) for table, name, _, qual in policies if "issuing" not in qual]
    # Payloads have no signing keys.
    assert own == [("signing_key", "seen")]


async def test_a_payload_that_cannot_be_read_says_that_the_mutation_is_carried_out(
    programme, monkeypatch
):
    async def broken(*_):
        raise ConnectionResetError

    async with client(programme) as http:
        with monkeypatch.context() as patched:
            patched.setattr("db.transactions.read", broken)
            answer = await http.post(
                DRAFT % "number", "member", variables={"input": {**TEXT, "idempotencyKey": "once"}}
            )
            (error,) = answer.json()["errors"]
            assert answer.status_code == 503
            assert error["extensions"].pop("requestId") == answer.headers["x-request-id"]
            assert error["extensions"] == {"code": "UNAVAILABLE", "outcome": "COMMITTED"}
        again = await http.data(
            DRAFT % "number title",
            "member",
            variables={"input": {**TEXT, "idempotencyKey": "once"}},
        )
        assert again["done"]["initiative"]["title"] == TEXT["title"]
