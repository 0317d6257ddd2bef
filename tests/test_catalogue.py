"""`sangkien verify` names every object that differs from this version's migrations."""

import psycopg
import pytest

from db import catalogue, migrate
from db.roles import Roles
from tests.catalogue import fresh
from tests.postgres15 import new_name
from tests.test_cli import run


def differing(url):
    """Return the differences from the expected catalogue, a line each."""
    with psycopg.connect(url) as connection:
        return [
            str(departure)
            for departure in catalogue.verify_catalogue(connection, Roles()).departures
        ]


def test_the_committed_catalogue_is_that_of_a_fresh_migration(database):
    """If it differs, run `python -m tests.catalogue`."""
    assert catalogue.EXPECTED.read_text("utf-8") == fresh(database)


@pytest.mark.postgres15
def test_postgresql_15_describes_every_object_as_18_does(postgres15):
    url = postgres15.create(new_name())
    migrate.upgrade(url)
    assert catalogue.EXPECTED.read_text("utf-8") == fresh(url)
    assert differing(url) == []


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "drop trigger initiative_follow on initiative",
            ["trigger initiative.initiative_follow: missing"],
        ),
        (
            "alter table unit disable trigger audited",
            ["trigger unit.audited: disabled"],
        ),
        (
            "alter table unit enable replica trigger audited",
            ["trigger unit.audited: changed"],
        ),
        (
            (
                "create or replace trigger person_line before insert on person for each row execute"
                " function line_of_unit()"
            ),
            ["trigger person.person_line: changed"],
        ),
        (
            "create trigger more after insert on unit execute function line_held()",
            ["trigger unit.more: unexpected"],
        ),
        ("drop policy seen on award", ["policy award.seen: missing"]),
        ("alter policy seen on award using (true)", ["policy award.seen: changed"]),
        ("alter policy seen on award to sangkien_reader", ["policy award.seen: changed"]),
        (
            "create policy more on award for select using (true)",
            ["policy award.more: unexpected"],
        ),
        ("alter table award disable row level security", ["table award: changed"]),
        ("alter table award force row level security", ["table award: changed"]),
        (
            (
                "create or replace function bound() returns boolean"
                " language sql stable parallel safe return true"
            ),
            ["function bound(): changed"],
        ),
        (
            "alter function check_grants security invoker",
            ["function check_grants(account_id bigint, version bigint): changed"],
        ),
        (
            "alter function check_grants reset all; alter function lock_grants reset search_path",
            ["function lock_grants(): changed"],
        ),
        (
            "create function more() returns int language sql return 1",
            ["function more(): unexpected", "grant EXECUTE on more() to PUBLIC: unexpected"],
        ),
        (
            "grant select on account to sangkien_reader",
            ["grant SELECT on account to reader: changed"],
        ),
        (
            "grant update on rollup to sangkien_writer",
            ["grant UPDATE on rollup to writer: unexpected"],
        ),
        (
            "grant update (path) on person to sangkien_writer",
            ["grant UPDATE on person to writer: changed"],
        ),
        ("revoke select on unit from sangkien_reader", ["grant SELECT on unit to reader: missing"]),
        ("grant select on unit to public", ["grant SELECT on unit to PUBLIC: unexpected"]),
        (
            "grant usage on schema public to public",
            ["grant USAGE on schema public to PUBLIC: unexpected"],
        ),
        (
            "grant execute on function rollup_rebuild to sangkien_writer",
            ["grant EXECUTE on rollup_rebuild(of_campaign bigint) to writer: unexpected"],
        ),
        (
            "alter table unit drop constraint unit_unit_member_count_check_check",
            ["constraint unit.unit_unit_member_count_check_check: missing"],
        ),
        ("alter table unit add check (id > 0)", ["constraint unit.unit_id_check: unexpected"]),
        ("drop index unit_bloc_id_idx", ["index unit_bloc_id_idx: missing"]),
        ("alter table person alter phone set not null", ["column person.phone: changed"]),
        ("alter table person add more int", ["column person.more: unexpected"]),
        ("alter table person alter version set default 2", ["column person.version: changed"]),
        ("alter sequence initiative_id_seq increment 2", ["sequence initiative_id_seq: changed"]),
        (
            "create or replace rule more as on insert to award do instead nothing",
            ["rule award.more: unexpected"],
        ),
        ("drop view verify_audit", ["view verify_audit: missing"]),
    ],
)
def test_what_is_not_as_expected_is_named(database, statement, told):
    assert differing(database) == []
    with psycopg.connect(database) as connection:
        connection.execute(statement)
    assert differing(database) == told


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("alter table award owner to postgres", "table award: is owned by postgres"),
        ("alter function bound() owner to postgres", "function bound(): is owned by postgres"),
        (
            "alter table authorship disable trigger all",
            "trigger authorship.authorship_person_id_fkey: disabled",
        ),
    ],
)
def test_another_owner_and_foreign_keys_that_do_not_hold_are_named(
    server, database, statement, told
):
    name = psycopg.conninfo.conninfo_to_dict(database)["dbname"]
    with psycopg.connect(server.url_for(user="postgres", database=name)) as connection:
        connection.execute(statement)
    assert told in differing(database)


def test_verify_prints_what_it_compared_and_fails_on_a_lost_trigger(programme):
    sound = run("verify", SANGKIEN_DATABASE_URL=programme)
    assert sound.returncode == 0, sound.stdout
    assert "trigger " in sound.stdout
    assert "objects compared" in sound.stdout
    with psycopg.connect(programme) as connection:
        connection.execute("drop trigger initiative_follow on initiative")
    broken = run("verify", SANGKIEN_DATABASE_URL=programme)
    assert broken.returncode == 1
    assert "trigger initiative.initiative_follow: missing\n" in broken.stdout
    assert ", 1 differ\n" in broken.stdout
