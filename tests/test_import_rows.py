"""Bad rows and rejected imports: every error is reported, and nothing is written."""

from itertools import count

import psycopg
import pytest

from db.prepare import prepare
from db.rules.errors import ForbiddenError
from tests.audit_log import events
from tests.filing import DRAFT, DRAFTS, PEOPLE, TARGETS, UNITS, read, sangkien, written
from tests.mutating import rows, value, writing

_numbers = count()
UNIT = ("MOI", "Mới", "UPPER", "TTTT", 7)
PERSON = ("NV-1", "Nguyễn Thử", "VNPT-HNI", "PUBLIC", "", "")
TARGET = ("1TRSK", 2, "VNPT-HNI", 5, 5)
FILES = {
    "units": (UNITS, UNIT),
    "people": (PEOPLE, PERSON),
    "targets": (TARGETS, TARGET),
    "initiatives": (DRAFTS, DRAFT),
}


@pytest.fixture(scope="module")
def shared(server, _demo_template):
    """A database with the demo's data in which only rejections accumulate."""
    name = f"refusing_{next(_numbers)}"
    yield prepare(server, name, _demo_template)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


def put(row, columns, changes):
    return tuple(changes.get(name, cell) for name, cell in zip(columns, row, strict=True))


BAD = [
    ("units", {"code": "moi"}, "code 'moi'", "NOT_A_CODE"),
    ("units", {"code": ""}, "code ''", "BLANK"),
    ("units", {"name": "x" * 301}, f"name '{'x' * 60}…'", "TOO_LONG"),
    ("units", {"name": "a\x07b"}, r"name 'a\x07b'", "CONTROL_CHARACTER"),
    ("units", {"level": "GRASS"}, "level 'GRASS'", "NOT_ONE_OF"),
    ("units", {"parent": "KHONG"}, "parent 'KHONG'", "NOT_FOUND"),
    ("units", {"parent": "HNI"}, "parent 'HNI'", "NOT_FOUND"),
    ("units", {"parent": "TLD", "level": "FEDERATION"}, "", "FORBIDDEN"),
    ("units", {"code": "HNI"}, "code 'HNI'", "TAKEN"),
    ("units", {"member_count": "1.5"}, "member_count '1.5'", "NOT_WHOLE"),
    ("units", {"member_count": "1.000"}, "member_count '1.000'", "NOT_WHOLE"),
    ("units", {"member_count": "-1"}, "member_count '-1'", "TOO_SMALL"),
    ("units", {"member_count": "9" * 18}, f"member_count '{'9' * 18}'", "TOO_LARGE"),
    ("people", {"unit": "HNI-1"}, "unit 'HNI-1'", "NOT_FOUND"),
    ("people", {"unit": "TLD"}, "", "FORBIDDEN"),
    ("people", {"email": "x@y"}, "email 'x@y'", "NOT_AN_EMAIL"),
    ("people", {"phone": "gọi tôi"}, "phone 'gọi tôi'", "NOT_A_PHONE"),
    ("targets", {"phase": 9}, "phase '9'", "NOT_FOUND"),
    ("targets", {"phase": 10**15}, f"phase '{10**15}'", "NOT_FOUND"),
    ("targets", {"campaign": "X"}, "campaign 'X'", "NOT_FOUND"),
    ("targets", {"unit": "TTTT"}, "", "FORBIDDEN"),
    ("targets", {"assigned": 10**8}, f"assigned '{10**8}'", "TOO_LARGE"),
    ("initiatives", {"applied_on": "01/03/2022"}, "applied_on '01/03/2022'", "NOT_A_DAY"),
    ("initiatives", {"applied_on": "2022-02-30"}, "applied_on '2022-02-30'", "NOT_A_DAY"),
    ("initiatives", {"confidential": "có"}, "confidential 'có'", "NOT_TRUE_OR_FALSE"),
    ("initiatives", {"claimed_1": ""}, "claimed_1 ''", "BLANK"),
    ("initiatives", {"claimed_2": -7}, "claimed_2 '-7'", "TOO_SMALL"),
    ("initiatives", {"authors": "NV1"}, "authors 'NV1'", "NOT_AUTHORS"),
    ("initiatives", {"authors": "NV1:50"}, "authors 'NV1:50'", "SHARES_NOT_100"),
    ("initiatives", {"authors": "NV1:100"}, "authors 'NV1:100'", "NO_SUCH_PERSON"),
    ("initiatives", {"authors": "A:50;A:50"}, "authors 'A:50;A:50'", "REPEATED"),
    ("initiatives", {"unit": "VNPOST"}, "unit 'VNPOST'", "NOT_FOUND"),
]
ACTING = {"initiatives": "unit-officer"}


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: f"{bad[0]}-{bad[2][:20]}-{bad[3]}")
def test_a_bad_row_is_told_with_its_line_column_value_and_code(shared, tmp_path, bad):
    kind, changes, place, code = bad
    columns, good = FILES[kind]
    file = written(tmp_path / "bad.csv", columns, put(good, columns, changes))
    done = sangkien(shared, "import", kind, file, "--as", ACTING.get(kind, "tttt-admin"))
    first, *_, last = done.stderr.splitlines()
    assert done.exit_code == 1
    assert first.startswith(f"line 2{place and ', '}{place}: {code}: ")
    assert last == "sangkien: 1 faults in 1 rows; nothing was imported"
    refused = events(shared, "action = 'import'")[-1]
    assert refused["kind"] == "REFUSED"
    assert refused["after"]["code"] == "ROWS_REFUSED"
    assert refused["after"]["codes"] == {code: 1}


def test_all_bad_rows_are_found_at_once_and_none_is_written(shared, tmp_path):
    report = tmp_path / "report.csv"
    some = [(f"MOI-{n}", "Mới", "UPPER", "TTTT" if n % 3 else "KHONG", n) for n in range(600)]
    some[599] = ("MOI-1", "=1+1\nx", "UPPER", "TTTT", 1, "thừa")
    file = written(tmp_path / "units.csv", UNITS, *some)
    words = ("--as", "tttt-admin", "--report", report, "--language", "vi")
    done = sangkien(shared, "import", "units", file, *words)
    assert done.exit_code == 1
    lines = done.stderr.splitlines()
    assert lines[0] == "line 2, parent 'KHONG': NOT_FOUND: Không tìm thấy: KHONG."
    assert lines[100:] == [
        "… and 101 more",
        "sangkien: 201 faults in 201 rows; nothing was imported",
    ]
    told = read(report)
    assert [int(row["line"]) for row in told[:3]] == [2, 5, 8]
    assert [row["code"] for row in told[-2:]] == ["NOT_FOUND", "NO_COLUMN"]
    assert len(told) == 201
    assert rows(shared, "select from unit where code like 'MOI-%%'") == []
    assert value(shared, "select count(*) from audit_event where kind = 'CREATED'") == 0


def test_a_key_is_in_a_file_but_once(shared, tmp_path):
    file = written(tmp_path / "units.csv", UNITS, UNIT, UNIT)
    done = sangkien(shared, "import", "units", file, "--as", "tttt-admin")
    assert done.stderr.startswith("line 3, code 'MOI': IN_FILE_TWICE: It is in line 2 of the file")


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize(
    ("who", "code"), [("auditor", "AUDITOR"), ("tttt-auditor", "AUDITOR"), ("nobody", "FORBIDDEN")]
)
def test_whoever_may_not_is_refused_and_that_is_told(shared, tmp_path, kind, who, code):
    columns, good = FILES[kind]
    done = sangkien(shared, "import", kind, written(tmp_path / "f.csv", columns, good), "--as", who)
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    refused = events(shared, "action = 'import'")[-1]
    assert (refused["kind"], refused["username"]) == ("REFUSED", who)
    assert (refused["after"]["code"], refused["after"]["kind"]) == (code, kind)


@pytest.mark.parametrize(
    ("who", "kinds"),
    [
        *((who, ("units", "people")) for who in ("member", "support", "council")),
        ("unit-officer", ("units",)),  # an officer manages the people of its unit
    ],
)
def test_only_who_manages_units_and_people_enters_them(shared, tmp_path, who, kinds):
    for kind in kinds:
        columns, good = FILES[kind]
        file = written(tmp_path / "f.csv", columns, good)
        done = sangkien(shared, "import", kind, file, "--as", who)
        assert "You do not have the permission" in done.stderr


ADD = """
    insert into person (code, name, unit_id, sector)
    select 'X', 'X', id, 'PUBLIC' from unit where code = '{}'
"""
STATEMENTS = [
    ("tttt-admin", ADD.format("TLD")),
    ("support", ADD.format("VNPT-HNI")),
    ("unit-officer", ADD.format("TLD")),
    ("auditor", ADD.format("TLD")),
    (
        "tttt-admin",
        """update person set unit_id = (select id from unit where code = 'TLD')
           where code = 'SYN-0000100'""",
    ),
    (
        "tttt-admin",
        """update person set email = 'x@example.com'
           where id in (select person_id from account where username = 'upper-officer')""",
    ),
]


@pytest.mark.parametrize(("who", "statement"), STATEMENTS, ids=range(len(STATEMENTS)))
async def test_behind_every_guard_stands_the_database(shared, who, statement):
    async with writing(shared) as session:
        with pytest.raises(ForbiddenError):
            await session.execute(who, statement)
