"""`sangkien init`: an empty database's root unit and first administrator."""

import psycopg
import pytest

from tests.audit_log import events
from tests.embedded_home import open_ground
from tests.mutating import rows
from tests.postgres15 import new_name
from tests.test_cli import run
from tests.test_roles import named

WORDS = ("init", "--code", "TLD", "--name", "Tổng Liên đoàn", "--admin", "it.admin")
PERSON = (*WORDS, "--admin-name", "Nguyễn Thị Quản Trị")
LINK = "https://sangkien.example.vn/oauth/invitation/"
ADMIN = """
    select u.code, u.name, u.level, u.path::text = u.id::text as is_root, a.username, a.kind,
        p.code as person, p.name as person_name, p.email, g.role,
        g.valid_from = u.valid_from as since
    from unit u join person p on p.unit_id = u.id join account a on a.person_id = p.id
    join role_grant g on g.account_id = a.id and g.unit_id = u.id
"""
COUNTS = """
    select (select count(*) from unit) as units, (select count(*) from person) as people,
        (select count(*) from account) as accounts, (select count(*) from role_grant) as grants,
        (select count(*) from emulation_bloc) as blocs, (select count(*) from invitation) as links
"""


@pytest.mark.postgres15
def test_an_empty_database_gets_its_root_and_an_invited_administrator(postgres15):
    name = new_name()
    url = postgres15.create(name)
    done = run(
        *(*PERSON, "--admin-email", "qt@sangkien.example.vn"),
        *("--bloc", "K1=Khối 1", "--bloc", "K2=Khối = 2"),
        **named(url, name),
        SANGKIEN_ISSUER="https://sangkien.example.vn",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(LINK)
    assert done.stdout.count("\n") == 1
    assert [dict(row) for row in rows(url, ADMIN)] == [
        {
            "code": "TLD",
            "name": "Tổng Liên đoàn",
            "level": "CONFEDERATION",
            "is_root": True,
            "username": "it.admin",
            "kind": "PERSON",
            "person": "ADMIN",
            "person_name": "Nguyễn Thị Quản Trị",
            "email": "qt@sangkien.example.vn",
            "role": "ADMIN",
            "since": True,
        }
    ]
    assert [tuple(row.values()) for row in rows(url, "select code, name from emulation_bloc")] == [
        ("K1", "Khối 1"),
        ("K2", "Khối = 2"),
    ]
    told = events(url, "action = 'init'")
    assert {event["object_type"] for event in told} >= {
        "Unit",
        "Person",
        "Account",
        "Grant",
        "EmulationBloc",
    }
    again = run(*PERSON, **named(url, name))
    assert again.returncode == 1
    assert again.stdout == ""
    assert again.stderr == (
        "sangkien: the database has a root unit, TLD; init is for an empty database\n"
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--code", "tld"), "--code: A code is made of the letters A-Z"),
        (("--code", ""), "--code: It must not be blank"),
        (("--code", "A" * 41), "--code: It is longer than 40 characters"),
        (("--name", " "), "--name: It must not be blank"),
        (("--name", "a\nb"), "--name: It holds a control character"),
        (("--admin", " it"), "--admin: "),
        (("--admin-name", ""), "--admin-name: It must not be blank"),
        (("--admin-code", "a b"), "--admin-code: A code is made of"),
        (("--admin-email", "nobody"), "--admin-email: "),
        (("--bloc", "K1"), "--bloc 'K1' is not CODE=NAME"),
        (("--bloc", "K1="), "--bloc: It must not be blank"),
        (("--bloc", "k=Khối"), "--bloc: A code is made of"),
        (("--bloc", "K=1", "--bloc", "K=2"), "--bloc 'K' is given twice"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_made(words, told):
    done = run(*PERSON, *words, SANGKIEN_DATABASE_URL="postgresql://x@127.0.0.1:1/x")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert f"sangkien: {told}" in done.stderr


def test_a_database_with_data_is_refused(programme):
    before = rows(programme, COUNTS)
    done = run(*PERSON, SANGKIEN_DATABASE_URL=programme)
    assert done.returncode == 1
    assert "the database has a root unit, TLD" in done.stderr
    assert rows(programme, COUNTS) == before


def test_what_is_taken_leaves_nothing_half_made(database):
    with psycopg.connect(database) as connection:
        connection.execute("insert into account (username, kind) values ('it.admin', 'PERSON')")
    before = rows(database, COUNTS)
    done = run(*PERSON, "--bloc", "K1=Khối 1", SANGKIEN_DATABASE_URL=database)
    assert done.returncode == 1
    assert "the database has an account 'it.admin'" in done.stderr
    assert rows(database, COUNTS) == before


def test_a_demo_is_not_initialised(database):
    done = run(*PERSON, SANGKIEN_DATABASE_URL=database, SANGKIEN_DEMO="1")
    assert (done.returncode, done.stdout) == (1, "")
    assert "SANGKIEN_DEMO is set" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("migrate",),
        ("verify",),
        ("token", "it.admin"),
        ("accounts", "invite", "it.admin"),
        ("keys", "rotate"),
        ("generate", "--units", "10", "--initiatives", "0"),
        ("export", "units", "-", "--as", "it.admin"),
    ],
)
def test_without_a_database_no_command_makes_one_by_surprise(words):
    with open_ground() as ground:
        done = run(*words, SANGKIEN_HOME=str(ground / "home"))
        assert done.returncode == 1
        assert not (ground / "home").exists()
    assert done.stderr.count("\n") == 1
    assert "no database: set SANGKIEN_DATABASE_URL" in done.stderr


def test_init_makes_an_embedded_database_and_says_so():
    with open_ground() as ground:
        home = str(ground / "home")
        done = run(*PERSON, SANGKIEN_HOME=home)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("http://localhost:8000/oauth/invitation/")
        assert f"an embedded PostgreSQL is made in {home}" in done.stderr
        assert "SANGKIEN_ISSUER is not set" in done.stderr
        verified = run("verify", SANGKIEN_HOME=home)
        assert verified.returncode == 0, verified.stdout


def test_the_administrator_imports_units_below_the_root(database, tmp_path):
    assert run(*PERSON, SANGKIEN_DATABASE_URL=database).returncode == 0
    file = tmp_path / "units.csv"
    file.write_text("code,name,level,parent,member_count\nF1,Liên đoàn 1,FEDERATION,TLD,10\n")
    done = run("import", "units", str(file), "--as", "it.admin", SANGKIEN_DATABASE_URL=database)
    assert (done.returncode, done.stdout) == (0, "1 units imported\n"), done.stderr
