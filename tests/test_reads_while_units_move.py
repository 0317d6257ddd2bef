"""Units that move raise the versions only of accounts with roles in them, and stop no reads."""

import asyncio

import psycopg
import pytest

from auth.principal import Principals
from db.counters import OUTAGE_ERRORS
from db.sessions import GrantsChangedError, Reader
from schema.run import _TRIES
from tests.client import client
from tests.deciding import DRAFT, GRANT, ask, exact, run

VERSIONS = "select username, grants_version from account"
MOVE = """update unit set parent_id = (select id from unit where code = %s), version = version + 1
    where code = %s"""
QUESTION = '{ unit(code: "TLD") { code children(first: 5) { nodes { code } } } }'
MOVES = 40


def versions(url):
    with psycopg.connect(url) as connection:
        return dict(connection.execute(VERSIONS).fetchall())


def another_upper(url):
    """Return the code of an upper-level union to which VNPT-HNI may move."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "select code from unit where level = 'UPPER' and code <> 'VNPT' order by id limit 1"
        ).fetchone()
    return row[0]


def test_a_move_raises_the_versions_of_accounts_with_roles_in_the_subtree_alone(programme):
    run(programme, GRANT, "OFFICER", "nobody", "VNPT-HNI")
    run(
        programme,
        """update role_grant set revoked_at = now() where account_id =
        (select id from account where username = 'nobody')""",
    )
    with psycopg.connect(programme) as connection:
        inside = {
            row[0]
            for row in connection.execute(
                """select a.username from account a join role_grant g on g.account_id = a.id
                join unit u on u.id = g.unit_id
                where u.code = 'VNPT-HNI' and g.revoked_at is null"""
            )
        }
    before = versions(programme)
    run(programme, MOVE, another_upper(programme), "VNPT-HNI")
    after = versions(programme)
    raised = {name for name in after if after[name] != before[name]}
    assert raised == inside
    assert {"unit-officer", "member"} <= raised
    assert not {"nobody", "tttt-admin", "upper-officer", "confed-admin", "public"} & raised


def test_planting_the_root_raises_the_versions_of_all_accounts(database):
    run(database, "insert into account (username, kind) values ('early', 'SERVICE')")
    before = versions(database)
    run(
        database,
        """insert into unit (code, name, level, valid_from)
        values ('TLD', 'TLD', 'CONFEDERATION', '2020-01-01')""",
    )
    after = versions(database)
    assert {"early", "public"} <= after.keys()
    assert all(after[name] > before[name] for name in after)


async def test_no_read_fails_while_units_move(programme):
    other, moving = another_upper(programme), True
    # Any account without a role in the moved subtree, whose scopes change each time.
    asked = dict.fromkeys((None, "nobody", "tttt-admin", "upper-officer", "auditor"), 0)

    async def move():
        nonlocal moving
        try:
            for number in range(MOVES):
                to = "VNPT" if number % 2 else other
                await asyncio.to_thread(run, programme, MOVE, to, "VNPT-HNI")
        finally:
            moving = False

    async def read(http, username):
        while moving:
            await http.data(QUESTION, username)
            asked[username] += 1

    async with client(programme) as http:
        await asyncio.gather(move(), *(read(http, name) for name in asked))
    assert min(asked.values()) > 0


async def test_who_has_a_role_in_what_moves_reads_by_its_new_place_at_once(programme):
    other = another_upper(programme)
    above = """{ unit(code: "VNPT-HNI") { depth parent { code } } }"""
    async with client(programme) as http:
        for to in (other, "VNPT", other):
            run(programme, MOVE, to, "VNPT-HNI")
            for username in ("unit-officer", "tttt-admin"):
                unit = (await http.data(above, username))["unit"]
                assert unit["depth"] == 3
                if username == "tttt-admin":
                    assert unit["parent"] == {"code": to}


async def test_a_change_is_made_though_its_unit_moves_at_each_try(programme, monkeypatch):
    """At the last try no unit moves before the change is committed."""
    other, real = another_upper(programme), Principals.of
    looked_up = 0

    async def moved_since(self, username, *more):
        nonlocal looked_up
        found = await real(self, username, *more)
        if username == "member":
            looked_up += 1
            to = other if looked_up % 2 else "VNPT"
            if looked_up <= _TRIES:
                await asyncio.to_thread(run, programme, MOVE, to, "VNPT-HNI")
            elif looked_up == _TRIES + 1:
                with pytest.raises(psycopg.errors.LockNotAvailable):
                    await asyncio.to_thread(run, programme, MOVE, to, "VNPT-HNI")
        return found

    text = {
        "campaign": "1TRSK", "unit": "VNPT-HNI", "title": "Sáng kiến", "summary": "Hiệu quả",
        "content": "Nội dung", "solutionType": "TECHNICAL", "appliedOn": "2022-03-01",
    }  # fmt: skip
    async with client(programme) as http:
        monkeypatch.setattr(Principals, "of", moved_since)
        answer = await ask(http, DRAFT, "member", **text)
    assert answer["initiative"]["number"]
    assert looked_up > _TRIES
    assert exact(programme)


async def test_grants_that_keep_changing_are_answered_as_busy(demo, monkeypatch):
    async def changed(*_):
        raise GrantsChangedError

    async with client(demo) as api:
        monkeypatch.setattr(Reader, "fetch_json", changed)
        outages = OUTAGE_ERRORS._value.get()
        answer = await api.post(QUESTION, "unit-officer")
        assert OUTAGE_ERRORS._value.get() == outages
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    extensions = answer.json()["errors"][0]["extensions"]
    assert (extensions["code"], extensions["reason"]) == ("BUSY", "LOCKED")
