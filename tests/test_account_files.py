"""Accounts from files and from the command line: created, tied, disabled, invited."""

import csv
import io
import stat
import time
from collections import Counter
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from db.write_session import WriteSession
from tests.filing import PEOPLE, read, sangkien, written
from tests.mutating import change, rows, value

ACCOUNTS = ("username", "person", "role", "unit", "disabled")
ROLES = """select role, u.code as unit from role_grant g join unit u on u.id = g.unit_id
    join account a on a.id = g.account_id where a.username = %s and revoked_at is null
    order by role, u.code"""


@pytest.fixture
def nation(programme, tmp_path):
    """The demo with 300 more members at VNPT-HNI, imported from a file."""
    people = [(f"T-{n}", "Nguyễn Văn Thử", "VNPT-HNI", "PRODUCTION", "", "") for n in range(300)]
    file = written(tmp_path / "people.csv", PEOPLE, *people)
    done = sangkien(programme, "import", "people", file, "--as", "tttt-admin")
    assert done.exit_code == 0, done.output
    return programme


def enter(url, path, *accounts, as_="tttt-admin"):
    return sangkien(url, "import", "accounts", written(path, ACCOUNTS, *accounts), "--as", as_)


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_file_creates_accounts_with_their_roles(nation, tmp_path, ending):
    given = [(f"thu.{n}", f"T-{n}", "MEMBER", "", "") for n in range(300)]
    done = enter(nation, tmp_path / f"a.{ending}", *given, ("thu.0", "T-0", "SUPPORT", "VNPT", ""))
    assert done.exit_code == 0, done.output
    tied = """select count(*) from account a join person p on p.id = a.person_id
        where a.username = replace(p.code, 'T-', 'thu.')"""
    assert value(nation, tied) == 300
    assert rows(nation, ROLES, "thu.0") == [
        {"role": "MEMBER", "unit": "VNPT-HNI"},
        {"role": "SUPPORT", "unit": "VNPT"},
    ]


def test_the_same_file_again_changes_nothing(nation, tmp_path):
    given = [("thu", "T-1", "MEMBER", "", "false"), ("thi", "T-2", "", "", "true")]
    for _ in range(2):
        assert enter(nation, tmp_path / "a.csv", *given).exit_code == 0
        last = value(nation, "select max(id) from role_grant")
    changed = "select count(*) from audit_event where action = 'import' and object_type = 'Grant'"
    assert value(nation, changed) == 1
    assert last is not None


def test_a_file_changes_the_role_at_a_unit_the_person_and_whether_it_is_disabled(nation, tmp_path):
    path = tmp_path / "a.csv"
    enter(nation, path, ("thu", "T-1", "MEMBER", "VNPT-HNI", ""))
    assert enter(nation, path, ("thu", "T-2", "OFFICER", "VNPT-HNI", "true")).exit_code == 0
    (account,) = rows(
        nation,
        """select p.code, disabled_at is not null as disabled
           from account a join person p on p.id = a.person_id where username = 'thu'""",
    )
    assert account == {"code": "T-2", "disabled": True}
    assert rows(nation, ROLES, "thu") == [{"role": "OFFICER", "unit": "VNPT-HNI"}]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (("thu", "T-999", "", "", ""), "NOT_FOUND"),
        (("Thu", "T-1", "", "", ""), "NOT_A_USERNAME"),
        (("thu", "T-1", "KING", "", ""), "NOT_ONE_OF"),
        (("thu", "T-1", "MEMBER", "TLD", ""), "FORBIDDEN"),
        (("confed-admin", "T-1", "", "", ""), "TAKEN"),
        (("tttt-admin", "T-1", "", "", ""), "OWN_ACCOUNT"),
        (("thu", "T-1", "", "", "maybe"), "NOT_TRUE_OR_FALSE"),
        (("", "T-1", "", "", ""), "BLANK"),
    ],
)
def test_one_bad_row_and_nothing_is_entered(nation, tmp_path, row, code):
    report = tmp_path / "errors.csv"
    file = written(tmp_path / "a.csv", ACCOUNTS, ("good", "T-3", "", "", ""), row)
    words = ("import", "accounts", file, "--as", "tttt-admin", "--report", report)
    done = sangkien(nation, *words)
    assert done.exit_code == 1
    assert [fault["code"] for fault in read(report)] == [code]
    assert value(nation, "select count(*) from account where username = 'good'") == 0


def test_beside_a_bad_row_each_row_is_judged_as_if_it_were_alone(nation, tmp_path):
    report = tmp_path / "errors.csv"
    file = written(
        *(tmp_path / "a.csv", ACCOUNTS, ("one", "T-1", "MEMBER", "", "")),
        *(("two", "T-1", "", "", ""), ("two", "T-2", "MEMBER", "VNPT-HNI", "")),
        *(("three", "T-3", "MEMBER", "TLD", ""), ("four", "T-4", "AUDITOR", "", "")),
        *(("member", "T-5", "", "", ""), ("five", "T-999", "", "", ""), ("six", "T-6", "", "", "")),
    )
    words = ("import", "accounts", file, "--as", "tttt-admin", "--report", report)
    assert sangkien(nation, *words).exit_code == 1
    assert [(fault["line"], fault["code"]) for fault in read(report)] == [
        ("3", "PERSON_HAS_ACCOUNT"), ("5", "FORBIDDEN"), ("7", "HAS_ACTED"), ("8", "NOT_FOUND"),
    ]  # fmt: skip
    assert value(nation, "select count(*) from account where username in ('one', 'six')") == 0


def test_a_file_without_the_column_of_units_gives_roles_at_the_person_s_own(nation, tmp_path):
    file = written(tmp_path / "a.csv", ("username", "person", "role"), ("thu", "T-1", "OFFICER"))
    assert sangkien(nation, "import", "accounts", file, "--as", "tttt-admin").exit_code == 0
    assert rows(nation, ROLES, "thu") == [{"role": "OFFICER", "unit": "VNPT-HNI"}]


def test_many_accounts_are_created_by_few_statements_and_no_password_is_hashed(
    nation, tmp_path, monkeypatch
):
    counted = Counter()
    for name in ("row", "rows", "value", "execute"):
        original = getattr(WriteSession, name)

        async def counting(self, sql, *values, original=original):
            counted[sql] += 1
            return await original(self, sql, *values)

        monkeypatch.setattr(WriteSession, name, counting)
    monkeypatch.setattr(PasswordHasher, "hash", None)
    given = [(f"thu.{n}", f"T-{n}", "MEMBER", "", "") for n in range(300)]
    begun = time.perf_counter()
    assert enter(nation, tmp_path / "a.csv", *given).exit_code == 0
    # docs/operations.md has the rate on a quiet machine; this bound holds on a busy one.
    assert 300 / (time.perf_counter() - begun) > 20
    assert 3 < counted.total() < 20
    links = tmp_path / "links.csv"
    done = sangkien(nation, "accounts", "invite", "--pending", "--links", links)
    assert done.exit_code == 0, done.output


def test_an_officer_enters_no_accounts(nation, tmp_path):
    done = enter(nation, tmp_path / "a.csv", ("thu", "T-1", "", "", ""), as_="unit-officer")
    assert done.exit_code == 1


def test_what_an_export_writes_an_import_reads(nation, tmp_path):
    enter(nation, tmp_path / "a.csv", *[(f"thu.{n}", f"T-{n}", "MEMBER", "", "") for n in range(9)])
    exported = tmp_path / "out.csv"
    assert sangkien(nation, "export", "accounts", exported, "--as", "tttt-admin").exit_code == 0
    entered = [row for row in read(exported) if row["username"].startswith("thu.")]
    assert entered[0] == {
        "username": "thu.0", "person": "T-0", "role": "MEMBER", "unit": "VNPT-HNI",
        "disabled": "false",
    }  # fmt: skip
    assert len(entered) == 9
    again = [tuple(row.values()) for row in entered]
    assert enter(nation, tmp_path / "b.csv", *again).exit_code == 0


def test_invitations_of_all_new_accounts_come_out_as_a_file(nation, tmp_path):
    enter(nation, tmp_path / "a.csv", *[(f"thu.{n}", f"T-{n}", "", "", "") for n in range(300)])
    links = Path(tmp_path / "links.csv")
    done = sangkien(nation, "accounts", "invite", "--pending", "--links", links)
    assert done.exit_code == 0, done.output
    listed = {
        row["username"]: row["link"] for row in csv.DictReader(io.StringIO(links.read_text()))
    }
    assert {f"thu.{n}" for n in range(300)} <= listed.keys()
    assert len(set(listed.values())) == len(listed)
    assert stat.S_IMODE(links.stat().st_mode) == 0o600
    again = sangkien(nation, "accounts", "invite", "--pending")
    assert again.output.strip() == "username,link"  # all have an open one
    over = sangkien(nation, "accounts", "invite", "thu.0", "--links", links)
    assert over.exit_code == 1  # an existing file is not overwritten
    one = sangkien(nation, "accounts", "invite", "thu.0")
    assert one.output.startswith("http://localhost:8000/oauth/invitation/")


def test_accounts_are_tied_disabled_and_enabled_by_the_command_line(nation):
    assert sangkien(nation, "accounts", "add", "thu", "--person", "T-1").exit_code == 0
    assert "has the account 'thu'" in sangkien(nation, "accounts", "tie", "support", "T-1").output
    assert sangkien(nation, "accounts", "tie", "thu", "T-2").exit_code == 0
    assert "no member 'T-999'" in sangkien(nation, "accounts", "tie", "thu", "T-999").output
    change(nation, "update account set disabled_at = null where username = 'thu'")
    assert sangkien(nation, "accounts", "disable", "thu").exit_code == 0
    assert sangkien(nation, "accounts", "invite", "thu").exit_code == 1
    assert sangkien(nation, "accounts", "enable", "thu").exit_code == 0
    assert sangkien(nation, "accounts", "invite", "thu").exit_code == 0
    for name in ("nobody-there", "public"):
        assert sangkien(nation, "accounts", "disable", name).exit_code == 1
