"""A read binds every setting that its statement may need, found by words in it."""

import re
from pathlib import Path

import psycopg
import pytest

from db.sessions import SELDOM, Caller

QUERIES = "\n".join(
    file.read_text() for file in (Path(__file__).parents[1] / "db" / "queries").glob("*.py")
)
_TABLES = """
    select c.relname, coalesce(string_agg(p.qual, ' '), '')
    from pg_class c
    left join pg_policies p on p.tablename = c.relname and p.cmd in ('SELECT', 'ALL')
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
    group by 1
"""
_FUNCTIONS = """
    select p.proname, string_agg(pg_get_functiondef(p.oid), ' '), bool_or(p.prosecdef)
    from pg_proc p join pg_language l on l.oid = p.prolang
    where p.pronamespace = 'public'::regnamespace and l.lanname in ('sql', 'plpgsql')
    group by 1
"""


def asking(owner: psycopg.Connection, setting: str) -> set[str]:
    """Return the tables whose rows depend on a setting, and the functions of queries that do.

    Directly, or through functions and tables that they use; definer functions read without
    policies.
    """
    tables = dict(owner.execute(_TABLES).fetchall())
    functions = {name: (text, definer) for name, text, definer in owner.execute(_FUNCTIONS)}
    name = setting.removeprefix("sangkien.")
    direct = rf"scope\('{name}'|'{setting}'|sees_all\('{name}'"

    def depends(text: str, known: set[str], *, reads: bool) -> bool:
        if re.search(direct, text):
            return True
        bare = re.sub(r"'[^']*'|--.*", "", text)
        words = set(re.findall(r"\b\w+(?=\()", bare))
        if reads:
            words |= set(re.findall(r"\b(?:from|join|FROM|JOIN)\s+\(*(\w+)", bare))
        return not words.isdisjoint(known)

    found: set[str] = set()
    while True:
        more = {table for table, text in tables.items() if depends(text, found, reads=True)}
        more |= {
            function
            for function, (text, definer) in functions.items()
            if depends(text, found - {function}, reads=not definer)
        }
        if more <= found:
            return {
                one for one in found if one in tables or re.search(rf"func\.{one}\b", QUERIES)
            } - {"sees_all"}
        found |= more


@pytest.mark.parametrize("setting", SELDOM)
def test_whoever_asks_for_a_setting_has_one_of_its_words(database, setting):
    with psycopg.connect(database) as owner:
        named = asking(owner, setting)
    assert named or any(word in QUERIES for word in SELDOM[setting])
    assert {one for one in named if not any(word in one for word in SELDOM[setting])} == set()


def test_a_setting_of_all_reads_has_no_words(database):
    with psycopg.connect(database) as owner:
        assert "rollup" in asking(owner, "sangkien.unit_read")
        assert "initiative" in asking(owner, "sangkien.initiative_read")
        assert "account" in asking(owner, "sangkien.person_read")
    assert "sangkien.unit_read" not in SELDOM


def test_what_is_not_asked_for_is_not_bound():
    scopes = {"unit_read": ["1"], "audit_read": ["1"], "person_read": ["1"]}
    caller = Caller(7, 3, None, scopes, can="1=UNIT_READ", own_tokens=True)
    sql, parameters = caller.reading.bind("select count(*) from unit where code = $1", ["A"])
    assert parameters == ["A", "7", "{1}", "on", 7, 3]
    assert "sangkien.unit_read" in sql
    _, whole = caller.reading.bind_all("select count(*) from unit")
    assert whole == ["7", "1=UNIT_READ", "on", "{1}", "{1}", "{1}", "on", 7, 3]
    _, parameters = caller.reading.bind("select count(*) from audit_event", [])
    assert parameters == ["7", "{1}", "{1}", "on", 7, 3]
