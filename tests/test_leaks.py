"""No caller gets anything hidden: no row, no text of one, no number."""

import json
import random
import re
from dataclasses import replace
from typing import Any

import asyncpg
import psycopg
import pytest

from auth.principal import Principals
from db.models.enums import Role
from db.sessions import Caller, GrantsChangedError, Reader
from db.url import READER, WRITER, with_role
from tests.binding import begin_reading
from tests.oracle.asking import Compiled, parsed
from tests.oracle.growth import grow
from tests.oracle.markers import markers_in, may_show
from tests.oracle.sight import Sight
from tests.oracle.surveys import Surveys
from tests.oracle.totals import Totals
from tests.oracle.world import TABLES, World, load

SEEDS = range(100, 103)
EACH = 50  # questions for each world
KEYS = {
    "target": "(unit_id, phase_id)",
    "authorship": "(initiative_id, person_id)",
    "phase_result": "(phase_id, unit_id)",
    "signing_key": "kid",
    "oauth_client": "serial",
    "token_family": "serial",
}
NOT_GUARDED = {"alembic_version": "says what revision the database is at, and no more"}
# Functions that write beyond the rights of their caller; each comment has the reason.
_COUNTS = "compares what is stored with a recount, in the caller's scopes, and changes nothing"
_VERIFYING = {"verification_totals": _COUNTS, "verification_audit": _COUNTS}
ALLOWED_TO_CHANGE = {
    READER: _VERIFYING,
    WRITER: {
        **_VERIFYING,
        "accounts_invite": "invites the accounts that the caller manages, and no others",
        "audit_note": "adds to the audit log, which nothing changes",
        "identity_note": "adds to the audit log, within a transaction of the issuer's",
        "identity_set_password": "does nothing outside a transaction of the issuer's",
    },
}
# Verifying tokens precedes the caller; private keys are for the issuer.
FOR_ALL = {READER: {"signing_key"}, WRITER: set()}


def usernames(world: World) -> list[str | None]:
    return [None, *(account.username for account in world.rows["account"])]


@pytest.mark.parametrize("seed", SEEDS)
async def test_no_text_of_what_is_hidden_stands_in_an_answer(database, seed):
    world = grow(seed)
    load(world, database)
    rng = random.Random(seed)
    compiled, questions = await Compiled.connect(database, world), Surveys(world, rng)
    sights = {name: Sight(world, name) for name in usernames(world)}
    shown = 0
    for number in range(EACH):
        name = rng.choice(list(sights))
        root = ("initiatives", "units", "viewer", "auditEvents")[number % 4]
        question = questions.everything(root) if number < 12 else questions.draw()
        answer = await compiled.bytes(name, question.text, question.variables)
        questions.remember(parsed(answer))
        found = markers_in(answer)
        shown += len(found)
        leaked = [
            world.wording.owners[m] for m in found if not may_show(sights[name], m, question.text)
        ]
        assert not leaked, f"{name} learns {leaked} by\n{question}"
    assert shown > 100
    await compiled.close()


@pytest.mark.parametrize("seed", SEEDS)
async def test_counts_and_totals_are_of_what_the_caller_sees(database, seed):
    world = grow(seed)
    load(world, database)
    compiled = await Compiled.connect(database, world)
    query = """query ($c: String!) { units(first: 100) { totalCount nodes { code
        progress(campaign: $c) { submitted achieved benefitVerified participants unitsTotal } } }
        initiatives(first: 0) { totalCount } }"""
    campaign = world.rows["campaign"][0]
    phases = world.where("phase", campaign_id=campaign.id)
    for name in usernames(world):
        sight = Sight(world, name)
        answer = parsed(await compiled.bytes(name, query, {"c": campaign.code}))
        visible = {unit.code: unit for unit in sight.visible("unit")}
        assert answer["units"]["totalCount"] == len(visible)
        assert {node["code"] for node in answer["units"]["nodes"]} == set(visible)
        assert answer["initiatives"]["totalCount"] == len(sight.visible("initiative"))
        for node in answer["units"]["nodes"]:
            counts = Totals(world, visible[node["code"]], campaign, phases).counts()
            assert node["progress"] == {key: counts[key] for key in node["progress"]}
    await compiled.close()


async def visible(connection: asyncpg.Connection, caller: Caller | None) -> dict[str, set[Any]]:
    """Return the keys of all rows that a caller sees, by table."""
    await connection.execute(begin_reading(caller) if caller else "begin read only")
    seen = {}
    for table in TABLES:
        key = KEYS.get(table, "id")
        rows = await connection.fetch(f"select {key} as key from {table}")
        seen[table] = {row["key"] for row in rows} - ({0} if table == "account" else set())
    for table in ("rollup", "rollup_tier", "rollup_day"):
        rows = await connection.fetch(f"select distinct unit_id from {table}")
        seen[table] = {row["unit_id"] for row in rows}
    await connection.execute("commit")
    return seen


def keys_of(table: str, rows: list[Any]) -> set[Any]:
    names = re.findall(r"\w+", KEYS.get(table, "id"))
    keys = [tuple(getattr(row, name) for name in names) for row in rows]
    return {key[0] if len(names) == 1 else key for key in keys}


def shown(sight: Sight, table: str, role: str) -> set[Any]:
    """Return the keys of rows that a caller sees as a role; private keys are the issuer's."""
    hidden = table == "signing_key" and role == WRITER
    return set() if hidden else keys_of(table, sight.visible(table))


@pytest.fixture
async def connect():
    """Opens connections, and closes them."""
    opened = []

    async def to(url: str, role: str) -> asyncpg.Connection:
        connection = await asyncpg.connect(with_role(url, role))
        opened.append(connection)
        return connection

    yield to
    for connection in opened:
        await connection.close()


@pytest.fixture
async def principals():
    """Builds principals of a world's database, and closes their connections."""
    readers = []

    async def of(url: str, world: World) -> Principals:
        reader = Reader(with_role(url, READER), size=1)
        readers.append(reader)
        return Principals(reader, world.today)

    yield of
    for reader in readers:
        await reader.close()


@pytest.mark.parametrize("role", [READER, WRITER])
@pytest.mark.parametrize("seed", SEEDS)
async def test_the_rows_of_every_table_are_those_of_the_matrix(
    database, connect, principals, seed, role
):
    world = grow(seed)
    load(world, database)
    known = await principals(database, world)
    connection = await connect(database, role)
    for name in usernames(world):
        sight = Sight(world, name)
        seen = await visible(connection, (await known.of(name)).caller)
        for table in TABLES:
            expected = shown(sight, table, role)
            assert seen[table] == expected, f"{name} sees other rows of {table}"
        units = keys_of("unit", sight.visible("unit"))
        assert seen["rollup"] | seen["rollup_tier"] | seen["rollup_day"] <= units


@pytest.mark.parametrize("role", [READER, WRITER])
async def test_without_a_caller_no_row_of_any_table_is_visible(database, connect, role):
    load(grow(SEEDS[0]), database)
    connection = await connect(database, role)
    seen = await visible(connection, None)
    assert {table for table, keys in seen.items() if keys} == FOR_ALL[role]


async def test_what_one_caller_was_bound_to_is_gone_in_the_next_transaction(
    database, connect, principals
):
    world = grow(SEEDS[0])
    load(world, database)
    known = await principals(database, world)
    connection = await connect(database, READER)
    for name in usernames(world):
        assert any((await visible(connection, (await known.of(name)).caller)).values())
        seen = await visible(connection, None)
        assert {table for table, keys in seen.items() if keys} == FOR_ALL[READER]


@pytest.mark.parametrize("role", [READER, WRITER])
async def test_a_read_is_bound_before_it_reads_and_nothing_of_it_is_left(
    database, principals, role
):
    world = grow(SEEDS[0])
    load(world, database)
    known = await principals(database, world)
    reader = Reader(with_role(database, role), size=1)
    codes = "select coalesce(json_agg(code), '[]') from unit where code <> $1"
    mode = "select to_json(current_setting('transaction_read_only'))"
    for name in usernames(world):
        caller = (await known.of(name)).caller
        seen = json.loads(await reader.fetch_json(caller, codes, [""]))
        assert sorted(seen) == sorted(unit.code for unit in Sight(world, name).visible("unit"))
        assert json.loads(await reader.fetch_json(caller, mode, [])) == "on"
        assert await reader.fetch_row("select caller(), count(*) from unit") == (None, 0)
        late = replace(caller, grants_version=caller.grants_version + 1)
        with pytest.raises(GrantsChangedError):
            await reader.fetch_json(late, codes, [""])
    await reader.close()


@pytest.mark.parametrize("seed", SEEDS)
async def test_adding_a_grant_never_removes_access(database, connect, principals, seed):
    world = grow(seed)
    load(world, database)
    rng = random.Random(seed)
    known = await principals(database, world)
    connection = await connect(database, READER)
    for account in world.rows["account"]:
        before = await visible(connection, (await known.of(account.username)).caller)
        role, unit = rng.choice(list(Role)), rng.choice(world.rows["unit"])
        with psycopg.connect(database) as owner:
            owner.execute(
                "insert into role_grant (id, account_id, role, unit_id, valid_from)"
                " values (%s, %s, %s, %s, '2000-01-01')",
                (1000 + account.id, account.id, role, unit.id),
            )
        known.forget(account.username)
        after = await visible(connection, (await known.of(account.username)).caller)
        lost = {table: keys - after[table] for table, keys in before.items() if keys - after[table]}
        assert not lost, f"{role} at {unit.code} took {lost} away"


def catalogue(url: str, query: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def test_every_table_is_guarded_by_a_policy(database):
    tables = catalogue(
        database,
        "select relname, relrowsecurity, (select count(*) from pg_policy where polrelid = c.oid)"
        " from pg_class c where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace",
    )
    assert len(tables) > len(TABLES)
    bare = {name for name, guarded, policies in tables if not (guarded and policies)}
    assert bare == set(NOT_GUARDED)


def test_no_view_reads_past_the_policies(database):
    views = catalogue(
        database,
        "select relname from pg_class where relkind in ('v', 'm')"
        " and relnamespace = 'public'::regnamespace"
        " and has_table_privilege('sangkien_reader', oid, 'select')"
        " and not coalesce('security_invoker=true' = any(reloptions), false)",
    )
    assert views == []


@pytest.mark.parametrize("role", [READER, WRITER])
def test_no_function_of_the_owner_changes_anything_for_whoever_calls_it(database, role):
    callable_ = catalogue(
        database,
        "select proname from pg_proc where pronamespace = 'public'::regnamespace and prosecdef"
        " and provolatile = 'v' and prorettype <> 'trigger'::regtype"
        f" and has_function_privilege('{role}', oid, 'execute')",
    )
    assert {name for (name,) in callable_} == set(ALLOWED_TO_CHANGE[role])


@pytest.mark.parametrize("role", [READER, WRITER])
@pytest.mark.parametrize(
    "call",
    [
        *("audit_actor(1)", "audit_account('member')", "has_duplicates(1) or null"),
        *("units_matching('')", "initiatives_matching('')", "review_line(1)"),
    ],
)
def test_functions_of_the_owner_tell_nothing_where_nobody_is_bound(demo, role, call):
    rows = catalogue(with_role(demo, role), f"select * from (select {call}) as told (it)")
    assert [row for row in rows if row != (None,)] == []


@pytest.mark.parametrize(
    "statement",
    [
        *(f"delete from {table}" for table in TABLES),
        *(f"insert into {table} default values" for table in TABLES),
        "update unit set name = ''",
        "truncate unit cascade",
        "create table own (x int)",
        "select rollup_rebuild(1)",
        "select account_paths_changed('1')",
    ],
)
def test_the_reader_cannot_write_even_where_it_asks_to(database, statement):
    with psycopg.connect(with_role(database, READER)) as connection:
        connection.execute("set transaction read write")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
    with psycopg.connect(with_role(database, READER)) as connection:
        assert connection.execute("show transaction_read_only").fetchone() == ("on",)


@pytest.mark.parametrize(
    "statement",
    [
        "select password_hash from account",
        "select * from account",
        "select private_jwk from signing_key",
        "select * from signing_key",
        "select * from participation",
        "select rolpassword from pg_authid",
    ],
)
def test_the_reader_reads_no_secret(database, statement):
    with (
        psycopg.connect(with_role(database, READER)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)
