"""The audit log's events: every change, its actor, address and reason, without personal data."""

import psycopg
import pytest
from psycopg.rows import dict_row

from db.url import WRITER, with_role
from tests.audit_log import events
from tests.client import client
from tests.test_cli import run
from tests.test_initiatives import EDIT, SUBMIT, TEXT, WITHDRAW, ask, drafted

NOT_WATCHED = {
    "alembic_version": "a migration leaves an event of its own",
    "audit_event": "is the log; its chains show who meddled",
    "audit_head": "the same",
    "rollup": "worked out from initiatives; `sangkien verify` recounts it",
    "rollup_tier": "the same",
    "rollup_day": "the same",
    "participation": "the same",
    "membership": "the units that a person had, whose changes are told",
    "initiative_search": "folded from an initiative's title and summary",
    "initiative_sketch": "the same",
    "initiative_counter": "the last number that an initiative was given, which it has",
    "request_key": "what a command returned, for a week; the command's changes are told",
    "browser_session": "that somebody is signed in changes nothing; it ends by itself",
    "known_device": "the same",
    "sign_in_attempt": "the same",
    "audit_allowance": "counts events of signing in; those beyond are summed up in an event",
    "authorization_code": "the same",
    "token_family": "the same; that somebody ends one is told, by a trigger of its own",
    "refresh_token": "the same",
}


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


# Changes


async def test_a_change_is_told_with_who_from_where_what_and_why(programme):
    before = len(events(programme))
    async with client(programme) as http:
        http.token("member")  # the first token creates a key
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
    shouted = member["name"].upper()
    async with client(programme) as http:
        number = await drafted(http, title=f"Sáng kiến của {shouted}", summary=prose)
        await ask(http, SUBMIT, "member", number=prose[:60])
        await ask(http, WITHDRAW, "member", number=number, reason=prose)
    with psycopg.connect(programme) as owner:
        ((log,),) = owner.execute("select string_agg(e::text, ' ') from audit_event e").fetchall()
    for told in (*(member[key] for key in ("name", "code", "email", "phone")), "hash-"):
        assert told not in log
    for told in ("+84 912", "binh@vnpt.vn", shouted):
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


# Changes without a caller


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
