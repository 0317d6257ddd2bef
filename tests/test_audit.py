"""What the audit log tells: every change and every refused attempt, and nothing personal."""

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
from psycopg.rows import dict_row

from api.settings import DEMO_TODAY
from db.url import WRITER, with_role
from schema.build import SCHEMA
from tests.client import Client, client
from tests.test_cli import run
from tests.test_initiatives import DRAFT, EDIT, SUBMIT, TEXT, WITHDRAW, ask

NOT_WATCHED = {
    "alembic_version": "a migration leaves an event of its own",
    "audit_event": "is the log; its chains show who meddled",
    "audit_head": "the same",
    "rollup": "worked out from initiatives; `sangkien verify` recounts it",
    "rollup_tier": "the same",
    "rollup_day": "the same",
    "participation": "the same",
    "initiative_counter": "the last number that an initiative was given, which it has",
    "request_key": "what a command returned, for a day; the command's changes are told",
}


def events(url: str, condition: str = "true", *values: Any) -> list[dict[str, Any]]:
    """Return the events of a log that hold to a condition, in order, each with who did it."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return connection.execute(
            "select * from (select e.*, a.username, u.code as unit from audit_event e"
            " left join account a on a.id = account_id left join unit u on u.id = unit_id)"
            f" as event where {condition} order by id".encode(),
            values,
        ).fetchall()


def test_every_table_is_watched_or_there_is_a_reason(database):
    with psycopg.connect(database) as connection:
        tables = connection.execute("""
            select relname, exists (
                select from pg_trigger where tgrelid = c.oid and tgname = 'audited'
            ) from pg_class c where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
        """).fetchall()
    assert {name for name, watched in tables if not watched} == set(NOT_WATCHED)


def test_a_change_of_any_column_that_is_not_derived_is_told(database):
    with psycopg.connect(database) as connection:
        forgotten = connection.execute("""
            select c.relname, a.attname from pg_trigger t
            join pg_class c on c.oid = t.tgrelid
            join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            where t.tgname = 'audited' and a.attname <> all (audit_derived())
                and a.attgenerated = '' and a.attnum <> all (t.tgattr::int2[])
        """).fetchall()
    assert forgotten == []


# Refused attempts


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


async def drafted(http: Client, **changes: Any) -> str:
    number: str = (await ask(http, DRAFT, "member", **{**TEXT, **changes}))["initiative"]["number"]
    return number


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


@pytest.mark.parametrize("odd", ["\0", "x" * 50_000, "a\tb\u0085"], ids=["nul", "long", "odd"])
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


# Changes


async def test_a_change_is_told_with_who_from_where_what_and_why(programme):
    before = len(events(programme))
    async with client(programme) as http:
        http.token("member")  # the first token makes a key
        number = await drafted(http)
        await ask(http, EDIT, "member", number=number, title="Giá đỡ cáp")
        await ask(http, WITHDRAW, "member", number=number, reason="Trùng với sáng kiến khác")
    told = [event for event in events(programme)[before:] if event["object_type"] == "Initiative"]
    assert {(e["username"], e["address"], e["unit"]) for e in told} == {
        ("member", "127.0.0.1", "VNPT-HNI")
    }
    created, author, edited, withdrawn = told
    assert (created["kind"], created["action"]) == ("CREATED", "draftInitiative")
    assert created["before"] is None
    assert (created["after"]["number"], created["after"]["content"]) == (number, "***")
    assert author["after"].keys() == {"initiative_id", "person_id", "share"}
    assert (edited["kind"], edited["action"]) == ("CHANGED", "editInitiative")
    assert (edited["before"], edited["after"]) == (
        {"title": TEXT["title"]},
        {"title": "Giá đỡ cáp"},
    )
    assert withdrawn["before"]["state"] == "DRAFT"
    assert withdrawn["after"]["state"] == "WITHDRAWN"
    assert withdrawn["reason"] == "Trùng với sáng kiến khác"


async def test_people_are_told_of_by_reference_only(programme):
    with psycopg.connect(programme, row_factory=dict_row) as owner:
        owner.execute("""update person set email = 'an.nguyen@congdoan.vn', phone = '0912 345 678'
            where id = (select person_id from account where username = 'member')""")
        member = owner.execute(
            "select p.* from person p join account a on a.person_id = p.id"
            " where username = 'member'"
        ).fetchone()
        assert member is not None
        owner.execute("update account set password_hash = 'hash-2' where username = 'member'")
        owner.execute(
            "insert into award (form, issuer_id, recipient_person_id, citation, awarded_on,"
            " decision_number) values ('GIAY_KHEN', 1, %s, %s, '2022-10-01', '1/QĐ')",
            [member["id"], f"Tặng {member['name']}"],
        )
    prose = "{name}, {code}, {email}, {phone}, +84 912 345 678, binh@vnpt.vn".format(**member)
    async with client(programme) as http:
        number = await drafted(http, title=f"Sáng kiến của {member['name']}", summary=prose)
        await ask(http, SUBMIT, "member", number=prose[:60])
        await ask(http, WITHDRAW, "member", number=number, reason=prose)
    with psycopg.connect(programme) as owner:
        ((log,),) = owner.execute("select string_agg(e::text, ' ') from audit_event e").fetchall()
    for told in (*(member[key] for key in ("name", "code", "email", "phone")), "hash-"):
        assert told not in log
    for told in ("+84 912", "binh@vnpt.vn"):
        assert told not in log
    assert f"Person:{member['id']}" in log


def test_a_move_is_told_at_both_ends(programme):
    with psycopg.connect(programme) as owner:
        owner.execute("""update unit set parent_id = (select id from unit where code = 'HNI')
            where code = 'VNPT-HNI'""")
    moved = events(programme, "object_type = 'Unit'")
    assert {event["unit"] for event in moved} == {"VNPT-HNI", "HNI"}
    assert all(event["after"].keys() == {"parent_id"} for event in moved)


def test_what_a_trigger_changes_is_told_too(programme):
    with psycopg.connect(programme) as owner:
        owner.execute("""create function pg_temp.meddle() returns trigger language plpgsql as
            $$ begin update campaign set title = 'Khác'; return null; end $$""")
        owner.execute("create temp table bait (x int)")
        owner.execute("""create trigger meddle after insert on bait
            for each row execute function pg_temp.meddle()""")
        owner.execute("insert into bait values (1)")
    (told,) = events(programme, "object_type = 'Campaign'")
    assert told["after"] == {"title": "Khác"}


def test_the_writer_can_only_append_what_was_refused_or_noted(programme):
    forged = (
        "select audit_append('CHANGED', 'Unit', 1, 1, null, null, null)",
        "select audit_note('CHANGED', 'Unit', 1, 1, null)",
        "create trigger forged after insert on bait execute function audit_change('Unit', 'id')",
        "update audit_event set action = 'x'",
        "delete from audit_event",
        "insert into audit_event (shard) values (1)",
        "update audit_head set sequence = 0",
    )
    with psycopg.connect(with_role(programme, WRITER), autocommit=True) as writer:
        writer.execute("create temp table bait (id int)")
        for statement in forged:
            with pytest.raises(
                (psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation)
            ):
                writer.execute(statement.encode())


# What no caller does


def test_bulk_loads_and_migrations_are_told_as_one(programme, database):
    (migrated, loaded) = events(programme)
    assert (migrated["action"], migrated["kind"]) == ("migrate", "NOTED")
    assert migrated["address"] == "command line"
    assert (loaded["action"], loaded["kind"], loaded["unit"]) == ("demo", "NOTED", "TLD")
    assert loaded["after"]["initiatives"] > 3_000
    done = run(
        *("generate", "--units", "60", "--initiatives", "50"), SANGKIEN_DATABASE_URL=database
    )
    assert done.returncode == 0, done.stderr
    (_, generated) = events(database)
    assert (generated["action"], generated["address"]) == ("generate", "command line")
    assert generated["after"] == {"units": 60, "initiatives": 50, "seed": 1}


def test_a_token_of_the_command_line_is_told_and_so_is_a_new_key(programme):
    done = run("token", "member", "--ttl", "60", SANGKIEN_DATABASE_URL=programme)
    assert done.returncode == 0, done.stderr
    issued, key = events(programme)[2:]
    assert (issued["action"], issued["address"], issued["unit"]) == (
        *("token", "command line"),
        "VNPT-HNI",
    )
    assert (issued["kind"], issued["object_type"], issued["after"]) == (
        *("NOTED", "Account"),
        {"seconds": 60},
    )
    assert (key["kind"], key["object_type"], key["action"]) == ("CREATED", "SigningKey", "token")
    assert key["after"]["private_jwk"] == "***"
    assert '"d"' not in str(key["after"])
