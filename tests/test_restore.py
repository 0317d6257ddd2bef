"""A restored backup equals the original: every object, every row, and it works."""

import asyncio
import re
import subprocess

import psycopg
import pytest

from auth import keys
from db import catalogue, migrate
from db.embedded_programs import binaries
from db.prepare import prepare
from db.roles import Roles, statements
from db.seed import demo as demo_data
from db.url import READER, WRITER, password_of, with_password, with_role
from db.verify import verify
from db.verify_audit import verify_audit
from tests import postgres15 as debian
from tests.client import client
from tests.postgres15 import new_name

PASSWORDS = {READER: "reader-4e8b-Wq2s", WRITER: "writer-7c1d-Jn5y"}
# Rows of kinds that the demo lacks.
MORE = """
update unit set parent_id = (select id from unit where code = 'VNPT'), version = version + 1
where id = (
    select u.id from unit u join unit above on above.id = u.parent_id
    where above.code = 'VNPOST' and u.valid_to is null order by u.id limit 1
);
insert into unit_history (unit_id, change, before, after, reason)
select id, 'CHANGED', '{"name": "Cũ"}', '{"name": "Mới"}', 'Đổi tên' from unit where code = 'TTTT';
insert into oauth_client (client_id, name, grant_types, scope)
values ('backup', 'Ứng dụng', '{authorization_code}', 'read');
insert into browser_session
    (secret_hash, account_id, complete, amr, signed_in_at, idle_ends_at, ends_at)
select '\\x01', id, true, '{pwd}', now(), now(), now() from account where username = 'member';
insert into token_family
    (id, client_id, account_id, session_id, scope, auth_time, amr, created_at, expires_at)
select gen_random_uuid(), 'backup', account_id, id, 'read', now(), amr, now(), now()
from browser_session;
insert into refresh_token (token_hash, family_id, expires_at)
select '\\x02', id, now() from token_family;
insert into authorization_code (code_hash, client_id, account_id, redirect_uri, scope,
    code_challenge, auth_time, amr, expires_at)
select '\\x03', client_id, account_id, 'https://x', scope, 'x', auth_time, amr, expires_at
from token_family;
insert into consent (account_id, client_id, scope, given_at)
select account_id, client_id, scope, now() from token_family;
insert into access_token (account_id, name, token_hash, expires_at)
select id, 'Mã', '\\x04', now() + interval '1 day' from account where username = 'member';
insert into external_identity (issuer, subject, account_id, linked_by)
select 'https://issuer', 'x', id, 'ADMIN' from account where username = 'member';
insert into link_code (account_id, code_hash, expires_at)
select id, '\\x05', now() from account where username = 'member';
insert into invitation (account_id, token_hash, expires_at)
select id, '\\x06', now() from account where username = 'nobody';
insert into totp_secret (account_id, secret)
select id, '\\x07' from account where username = 'auditor';
insert into recovery_code (account_id, code_hash)
select id, '\\x08' from account where username = 'auditor';
insert into window_override (phase_id, unit_id, opens_on, closes_on)
select p.id, u.id, p.opens_on, p.closes_on + 7 from phase p, unit u
where u.code = 'TTTT' order by p.id desc limit 1;
insert into adjustment (phase_id, unit_id, kind, gained, reason)
select p.id, u.id, 'TARGET', 1, 'Cộng thêm' from phase p, unit u where u.code = 'TTTT' limit 1;
insert into phase_result (phase_id, unit_id, figures)
select p.id, u.id, '{}' from phase p, unit u where u.code = 'TTTT' limit 1;
insert into audit_allowance (subject_hash, kind, recorded, unrecorded, ends_at)
values ('\\x0a', 'NOTED', 1, 0, now());
insert into review_sheet (initiative_id, unit_id, account_id, scores, comment)
select i.id, i.awaits_id, a.id, '{}', 'Tốt' from initiative i, account a
where i.awaits_id is not null and a.username = 'council' limit 1;
insert into request_key (account_id, key, digest)
select id, 'khóa', '\\x09' from account where username = 'member';
"""
TABLES = "select tablename from pg_tables where schemaname = 'public' order by 1"
ROWS = "select count(*), md5(string_agg(r::text, ',' order by r::text collate \"C\")) from {} r"
SEQUENCES = "select sequencename::text, last_value from pg_sequences where schemaname = 'public'"
# Totals and copies that a lost or failing trigger would leave wrong.
MOVE = """
update unit set parent_id = (select id from unit where code = 'VNPOST'), version = version + 1
where id = (
    select u.id from unit u join unit above on above.id = u.parent_id
    where above.code = 'VNPT' and u.valid_to is null order by u.id limit 1
);
update initiative set unit_id = (select id from unit where code = 'VNPT-HNI')
where id = (select min(initiative_id) from review);
"""
SUM = "select total(achieved), total(submitted) from rollup where ordinal = 0"


QUESTION = """{
  unit(code: "TTTT") {
    id name path: ancestors { code }
    progress(campaign: "1TRSK", phase: 1) { achieved target percent tiers { count } participants }
    awardsIssued { totalCount }
  }
  initiatives(first: 20) { totalCount nodes { number title state authors { person { name } } } }
  auditEvents(first: 5) { nodes { action kind } }
}"""
# A text that names only objects of pg_catalog, or qualifies every name: functions that reads call
# too often for a search path.
QUALIFIED = ("check_grants", "unit_visible")
UNSAFE = """
    select p.oid::regprocedure::text from pg_proc p join pg_language l on l.oid = prolang
    where pronamespace = 'public'::regnamespace and prokind in ('f', 'p') and prosqlbody is null
        and coalesce(not 'search_path=public, pg_temp' = any (proconfig), true)
        and proname <> all (%s)
        and not exists (select from pg_depend where objid = p.oid and deptype = 'e')
"""


def filled(url):
    """Load the demo, and rows of every other kind."""
    with psycopg.connect(url) as connection:
        demo_data.load(connection)
        connection.execute(MORE)
        keys.ensure(connection)


def contents(url):
    """Return objects, rows by table, and values of sequences."""
    with psycopg.connect(url) as connection:
        tables = [name for (name,) in connection.execute(TABLES)]
        rows = {name: connection.execute(ROWS.format(f'"{name}"')).fetchone() for name in tables}
        assert [name for name, (count, _) in rows.items() if not count] in (
            [],
            EMPTY,
        ), "a backup has every kind of row in it"
        sequences = dict(connection.execute(SEQUENCES).fetchall())
        return catalogue.objects(connection, Roles()), rows, sequences


EMPTY = ["initiative_counter", "known_device", "sign_in_attempt"]


def check(url):
    """Run everything that `sangkien verify` checks."""
    with psycopg.connect(url) as connection:
        assert catalogue.verify_catalogue(connection, Roles()).departures == []
        assert verify(connection).differences == []
        assert verify_audit(connection).faults == []


def check_works(url):
    """Triggers follow changes, whatever the session's search path is."""
    with psycopg.connect(url) as connection:
        before = connection.execute(SUM).fetchone()
        connection.execute(MOVE)
        assert connection.execute(SUM).fetchone() == before
        connection.rollback()
        connection.execute("set search_path = ''")
        connection.execute(re.sub(r"\b(update|from|join) (?=[a-z])", r"\1 public.", MOVE))
        connection.execute("set search_path = public")
        assert connection.execute(SUM).fetchone() == before
    check(url)


def answers(url):
    """Return the API's answer to a query of many kinds of objects, by the roles' own passwords."""

    async def asked():
        reader_url, writer_url = role_urls(url)
        async with client(url, reader_url=reader_url, writer_url=writer_url) as api:
            return await api.data(QUESTION, "tttt-admin")

    return asyncio.run(asked())


def restored(folder, dump, url, *options):
    """Restore a dump by a version's programs, as its page says, without errors."""
    done = subprocess.run(
        [folder / "pg_restore", "--no-comments", *options, "--dbname", url, dump],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def dumped(folder, url, dump):
    subprocess.run([folder / "pg_dump", "-Fc", "--file", dump, url], check=True)


def role_urls(url):
    """Return the URLs of the reader and the writer, with own passwords if the owner has one.

    The embedded server needs none. A copy on the same server has the same roles.
    """
    urls = tuple(with_role(url, role) for role in (READER, WRITER))
    if password_of(url) is None:
        return urls
    return tuple(
        with_password(one, PASSWORDS[role]) for one, role in zip(urls, PASSWORDS, strict=True)
    )


def migrated(url):
    """Migrate, and return the URL."""
    migrate.upgrade(url, role_urls=role_urls(url), change_passwords=True)
    return url


@pytest.fixture(scope="module")
def full(server, template):
    """The owner's URL of a database of the embedded server with every kind of row."""
    url = prepare(server, f"full_{new_name()}", template)
    filled(url)
    return url


@pytest.fixture(scope="module")
def full15(postgres15):
    """The owner's URL of such a database of a PostgreSQL 15."""
    url = migrated(postgres15.create(new_name()))
    filled(url)
    return url


@pytest.mark.parametrize("options", [(), ("--single-transaction",)])
def test_a_dump_is_restored_whole(server, full, tmp_path, options):
    dumped(binaries(), full, tmp_path / "dump")
    copy = prepare(server, new_name())
    restored(binaries(), tmp_path / "dump", copy, *options)
    assert contents(copy) == contents(full)
    migrated(copy)
    assert contents(copy) == contents(full)
    check(copy)
    if options:
        assert answers(copy) == answers(full)
        check_works(copy)


@pytest.mark.postgres15
@pytest.mark.parametrize("options", [(), ("--single-transaction",)])
def test_a_dump_of_postgresql_15_is_restored_whole_by_a_plain_owner(
    postgres15, full15, tmp_path, options
):
    dumped(debian.PROGRAMS, full15, tmp_path / "dump")
    copy = postgres15.create(new_name(), attributes="nocreaterole")
    with psycopg.connect(copy) as connection:
        owner, database = connection.info.user, connection.info.dbname
    restored(debian.PROGRAMS, tmp_path / "dump", copy, "--no-owner", *options)
    assert contents(copy) == contents(full15)
    postgres15.administer(statements(Roles(), owner=owner, database=database), database)
    migrate.upgrade(copy)
    check(copy)
    if options:
        assert answers(copy) == answers(full15)
        check_works(copy)


@pytest.mark.postgres15
def test_a_dump_of_postgresql_15_is_restored_by_18(server, full15, tmp_path):
    dumped(binaries(), full15, tmp_path / "dump")
    copy = prepare(server, new_name())
    restored(binaries(), tmp_path / "dump", copy, "--no-owner")
    assert contents(copy) == contents(full15)
    check_works(copy)


@pytest.mark.postgres15
def test_a_base_backup_is_the_same_database(postgres15, full15):
    copy = debian.base_backup(postgres15)
    with debian.started(postgres15.folder, copy) as server:
        url = full15.replace(f":{postgres15.port}/", f":{server.port}/")
        assert contents(url) == contents(full15)
        check_works(url)


def test_every_function_has_a_search_path_of_its_own_or_needs_none(database):
    """A body that is text is parsed when it runs, with names found on that time's search path."""
    with psycopg.connect(database) as connection:
        unsafe = connection.execute(UNSAFE, [list(QUALIFIED)]).fetchall()
    assert unsafe == []


def test_functions_that_qualify_every_name_run_without_a_search_path(demo):
    with psycopg.connect(demo) as connection:
        connection.execute("set search_path = ''")
        connection.execute("select public.check_grants(id, grants_version) from public.account")
        assert connection.execute("select public.unit_visible(1)").fetchone() == (True,)
