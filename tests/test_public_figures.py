"""The public sees the root's figures; reasons and history need a role of the account's own."""

from typing import Any

import psycopg
import pytest

from auth.principal import Principals
from db.embedded import EmbeddedServer
from db.sessions import Reader
from db.url import READER, with_role
from tests.binding import begin_reading
from tests.client import DEMO_TODAY, client
from tests.mutating import ask

CANARY = "cnry"
SEEN_BY_ALL = {
    "account": {"username"},  # the caller's own; without a token the public one
    "alembic_version": {"version_num"},
    "benefit_tier": {"label"},
    "campaign": {"code", "title", "rubric"},
    "drive": {"title"},
    "emulation_bloc": {"code", "name"},
    "phase": {"title", "audience", "occasions"},
    # Only of the root.
    "unit": {"code", "name", "search"},
    # Figures, in JSON.
    "phase_result": {"figures"},
    # Only of published ones; the body of a confidential one is null for them (test_leaks.py).
    "initiative": {"number", "title", "summary", "content", "field", "other_benefit"},
    # Public keys, which verify tokens.
    "signing_key": {"kid", "public_jwk"},
}
# Where a member reads more prose: of its own unit, itself and its own initiatives.
OF_A_MEMBER = {
    "award": {"citation", "decision_number"},
    "person": {"code", "name", "email", "phone"},
    "review": {"reason", "decision_number", "scores"},
    "target_revision": {"reason"},
    "unit_history": {"reason", "before", "after"},
}
_COLUMNS = """
    select c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
        and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
        and format_type(a.atttypid, a.atttypmod) in ('text', 'text[]', 'jsonb')
        and not exists (
            select from pg_constraint k where k.conrelid = c.oid and k.contype = 'c'
                and k.conkey = array[a.attnum]
        )
"""
_ROWS = """
    insert into target_revision (unit_id, phase_id, kind, value, reason)
        select id, 2, 'REGISTERED', 1, '' from unit where parent_id is null;
    insert into unit_history (unit_id, change, reason, before, after)
        select id, 'CHANGED', '', '{}', '{}' from unit
        where parent_id is null or code = 'VNPT-HNI';
    insert into target_revision (unit_id, phase_id, kind, value, reason)
        select id, 2, 'REGISTERED', 1, '' from unit where code = 'VNPT-HNI';
    insert into adjustment (phase_id, unit_id, kind, reason)
        select 1, id, 'PHASE', '' from unit where parent_id is null;
    insert into phase_result (phase_id, unit_id, figures)
        select 1, id, '{}' from unit where parent_id is null;
    insert into duplicate_link (initiative_id, original_id, reason)
        select min(id), max(id), '' from initiative where published_at is not null;
    insert into award (form, issuer_id, recipient_unit_id, citation, decision_number, awarded_on)
        select 'BANG_KHEN', r.id, u.id, '', 'x', '2022-10-01' from unit r, unit u
        where r.parent_id is null and u.code = 'VNPT-HNI';
    insert into request_key (account_id, key, digest) values (1, 'x', 'x')
"""


def plant(url: str) -> set[tuple[str, str]]:
    """Write a canary into every text of every row; return the tables and columns with one."""
    planted = set()
    with psycopg.connect(url) as owner:
        # As superuser, so that neither triggers nor foreign keys check the canaries.
        owner.execute("set session_replication_role = replica")
        owner.execute("truncate request_key")
        owner.execute(_ROWS)
        for table, column, type_ in owner.execute(_COLUMNS).fetchall():
            text = f"'{CANARY}.{table}.{column}.' || (ctid::text)"
            if (table, column) in {("unit", "code"), ("campaign", "code"), ("account", "username")}:
                text = f"{column} || {text}"  # the test searches by these
            written = {
                "text": text,
                "text[]": f"array[{text}]",
                "jsonb": f"coalesce({column}, '{{}}') || jsonb_build_object('x', {text})",
            }[type_]
            if column in {"public_jwk", "private_jwk", "figures"}:
                written = f"jsonb_build_object('x', {text})"
            done = owner.execute(f"update {table} set {column} = {written}".encode())
            if done.rowcount:
                planted.add((table, column))
    return planted


async def seen(url: str, username: str | None) -> dict[str, set[str]]:
    """Return the columns, by table, of which the reader's role shows an account a canary."""
    reader = Reader(with_role(url, READER), size=1)
    caller = (await Principals(reader, DEMO_TODAY).of(username)).caller
    await reader.close()
    found: dict[str, set[str]] = {}
    with psycopg.connect(with_role(url, READER)) as connection:
        connection.execute(begin_reading(caller).encode())
        allowed = """select table_name, string_agg(quote_ident(column_name), ', ')
            from information_schema.column_privileges
            where grantee = 'sangkien_reader' and privilege_type = 'SELECT'
                and table_schema = 'public' group by 1"""
        for table, columns in connection.execute(allowed).fetchall():
            for (row,) in connection.execute(
                f"select to_jsonb(t) from (select {columns} from {table}) as t".encode()
            ):
                for column, value in row.items():
                    if CANARY in str(value):
                        found.setdefault(table, set()).add(column)
    return found


@pytest.fixture
def planted(server: EmbeddedServer, programme: str) -> str:
    """The demo with a canary in every text."""
    name = programme.split("@/")[1].split("?", maxsplit=1)[0]
    there = plant(server.url_for(user="postgres", database=name))
    assert {
        *(("target_revision", "reason"), ("unit_history", "reason"), ("adjustment", "reason")),
        *(("duplicate_link", "reason"), ("award", "citation"), ("review", "reason")),
        *(("audit_event", "reason"), ("unit_history", "before"), ("initiative", "content")),
    } <= there
    return programme


def renamed(username: str | None, url: str) -> str | None:
    """Return the current form of an account's name."""
    with psycopg.connect(url) as owner:
        row = owner.execute(
            "select username from account where starts_with(username, %s)", [f"{username}{CANARY}"]
        ).fetchone()
    return row and row[0]


@pytest.mark.parametrize("username", [None, "nobody", "member"])
async def test_no_prose_is_seen_but_what_is_named_here(planted, username):
    expected = SEEN_BY_ALL | (OF_A_MEMBER if username == "member" else {})
    found = await seen(planted, renamed(username, planted) if username else None)
    beyond = {
        (table, column)
        for table, columns in found.items()
        for column in columns - expected.get(table, set())
    }
    assert beyond == set()
    for table in ("campaign", "phase", "unit", "initiative"):
        assert found[table] & SEEN_BY_ALL[table], table


async def test_whoever_has_a_role_at_the_root_sees_its_reasons(planted):
    found = await seen(planted, renamed("confed-admin", planted))
    for table in ("target_revision", "unit_history", "adjustment", "duplicate_link", "audit_event"):
        assert "reason" in found[table], table
    assert "citation" in found["award"]


ROOT = """{ unit(code: "TLD") { target(campaign: "1TRSK", phase: 2) { registered
        revisions(first: 5) { totalCount nodes { reason } } }
    history(first: 5) { totalCount nodes { reason } } awardsIssued { totalCount }
    adjustments(campaign: "1TRSK", phase: 1) { totalCount } } }"""
REGISTER = """mutation ($input: RegisterTargetInput!) { registerTarget(input: $input) {
    ... on RegisterTargetPayload { __typename } ... on Error { code message } } }"""
UPDATE = """mutation ($input: UpdateUnitInput!) { updateUnit(input: $input) {
    ... on UnitPayload { __typename } ... on Error { code message } } }"""


async def test_a_reason_at_the_root_is_for_its_own_and_the_target_for_all(programme):
    reason = "nội bộ: ông A bị kỷ luật 0912345678"
    async with client(programme) as http:
        given = {"unit": "TLD", "campaign": "1TRSK", "phase": 2, "registered": 9000}
        await ask(http, REGISTER, "confed-admin", **given, reason=reason)
        await ask(http, UPDATE, "confed-admin", unit="TLD", memberCount=1, reason=reason)
        for username in (None, "nobody", "member", "unit-officer", "tttt-admin", "council"):
            answer = (await http.post(ROOT, username)).json()["data"]["unit"]
            assert answer["target"]["registered"] == 9000, username
            assert answer["target"]["revisions"] == {"totalCount": 0, "nodes": []}, username
            assert answer["history"] == {"totalCount": 0, "nodes": []}, username
            assert answer["adjustments"]["totalCount"] == 0
        for username in ("confed-admin", "auditor"):
            answer: Any = (await http.post(ROOT, username)).json()["data"]["unit"]
            assert answer["target"]["revisions"]["nodes"][0] == {"reason": reason}
            assert answer["history"]["nodes"][0] == {"reason": reason}
            assert answer["awardsIssued"]["totalCount"] > 0


async def test_a_member_sees_the_reasons_of_its_own_unit(programme):
    own = ROOT.replace("TLD", "VNPT-HNI")
    async with client(programme) as http:
        given = {"unit": "VNPT-HNI", "campaign": "1TRSK", "phase": 2, "registered": 90}
        await ask(http, REGISTER, "unit-officer", **given, reason="Bổ sung")
        answer = (await http.data(own, "member"))["unit"]
        assert answer["target"]["revisions"]["nodes"][0] == {"reason": "Bổ sung"}
