"""Imports: the effect of the rows of each kind, and the audit events."""

import asyncio

import asyncpg
import pytest

from db.announcing import CHANNEL
from tests.audit_log import events
from tests.filing import DRAFT, DRAFTS, PEOPLE, TARGETS, UNITS, sangkien, written
from tests.mutating import change, differing, rows, value

ENDINGS = ("csv", "xlsx")
# A member of TTTT's subtree without an account.
MEMBER = """
    select p.code from person p join unit u on u.id = p.unit_id
    where u.code = 'VNPT-HNI' and p.id not in (
        select person_id from account where person_id is not null)
    order by p.code limit 1
"""
ROWS_OF_UNIT = """
    select u.code, u.name, u.level, above.code as parent, u.member_count, u.version
    from unit u join unit above on above.id = u.parent_id where u.code = any (%s) order by u.code
"""


@pytest.mark.parametrize("ending", ENDINGS)
def test_units_are_planted_and_those_there_already_changed(programme, tmp_path, ending):
    file = written(
        *(tmp_path / f"units.{ending}", UNITS),
        ("MOI-1", "Công đoàn mới", "UPPER", "TTTT", 70),
        ("MOI-1-01", "Công đoàn cơ sở mới", "GRASSROOTS", "MOI-1", 7),
        ("VNPT-HNI", "Tên mới", "GRASSROOTS", "VNPT", 12),
    )
    done = sangkien(programme, "import", "units", file, "--as", "tttt-admin", "--reason", "Vì thế")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "3 units imported\n", "")
    one, two, old = rows(programme, ROWS_OF_UNIT, ["MOI-1", "MOI-1-01", "VNPT-HNI"])
    assert (one["parent"], one["level"], one["member_count"]) == ("TTTT", "UPPER", 70)
    assert (two["parent"], two["level"], two["version"]) == ("MOI-1", "GRASSROOTS", 1)
    assert (old["name"], old["member_count"], old["version"]) == ("Tên mới", 12, 2)
    assert value(programme, "select grassroots_count from unit where code = 'MOI-1'") == 1
    told = events(programme, "action = 'import'")
    assert {(e["username"], e["address"], e["reason"]) for e in told} == {
        ("tttt-admin", "command line", "Vì thế")
    }
    assert sorted(e["kind"] for e in told) == ["CHANGED", "CREATED", "CREATED", "NOTED"]
    assert told[-1]["after"].pop("seconds") >= 0
    assert told[-1]["after"] == {"kind": "units", "rows": 3, "format": ending.upper()}
    assert told[-1]["unit"] == "TTTT"
    again = sangkien(programme, "import", "units", file, "--as", "tttt-admin")
    assert again.exit_code == 0
    assert rows(programme, ROWS_OF_UNIT, ["VNPT-HNI"]) == [old]
    assert differing(programme) == 0


def test_where_a_unit_stands_is_not_for_a_file_to_change(programme, tmp_path):
    file = written(
        *(tmp_path / "units.csv", (*UNITS, "closed_on")),
        ("VNPT-HNI", "Tên mới", "UPPER", "VNPOST", 12, "2022-01-01"),
        ("MOI", "Mới", "UPPER", "TTTT", 12, "2022-01-01"),
        ("MOI-2", "Mới", "UPPER", "", 12, ""),
        ("MOI-3", "Mới", "FEDERATION", "TTTT", 12, ""),
    )
    done = sangkien(programme, "import", "units", file, "--as", "tttt-admin")
    found = [line.split(": ")[:2] for line in done.stderr.splitlines()[:-1]]
    assert found == [
        ["line 2, level 'UPPER'", "FIXED"],
        ["line 2, parent 'VNPOST'", "FIXED"],
        ["line 2, closed_on '2022-01-01'", "FIXED"],
        ["line 3, closed_on '2022-01-01'", "FIXED"],
        ["line 4, parent ''", "BLANK"],
        ["line 5", "LEVEL_ORDER"],
    ]


@pytest.mark.parametrize("ending", ENDINGS)
def test_people_are_entered_changed_and_go_to_other_units(programme, tmp_path, ending):
    member = value(programme, MEMBER)
    file = written(
        *(tmp_path / f"people.{ending}", PEOPLE),
        ("NV-1", "Nguyễn Thử", "VNPT-HNI", "PUBLIC", "thu@example.com", "+84 000 000"),
        (member, "Tên Khác", "VNPT-HCM", "PUBLIC", "", ""),
    )
    done = sangkien(programme, "import", "people", file, "--as", "tttt-admin")
    assert (done.exit_code, done.stdout) == (0, "2 people imported\n"), done.stderr
    new, old = rows(
        programme,
        "select p.*, u.code as unit, u.path = p.path as at_path from person p"
        " join unit u on u.id = p.unit_id where p.code = any (%s) order by p.code",
        ["NV-1", member],
    )
    assert (new["name"], new["unit"], new["email"]) == ("Nguyễn Thử", "VNPT-HNI", "thu@example.com")
    assert (old["name"], old["unit"], old["phone"], old["version"]) == (
        *("Tên Khác", "VNPT-HCM", None, 2),
    )
    assert new["at_path"]
    assert old["at_path"]
    created, left, came, noted = events(programme, "action = 'import'")
    assert {e["after"]["name"] for e in (created, left, came)} == {"***"}
    assert {left["unit"], came["unit"]} == {"VNPT-HNI", "VNPT-HCM"}
    assert noted["after"]["rows"] == 2
    assert differing(programme) == 0


def test_a_column_that_is_left_out_stays_as_it_is(programme, tmp_path):
    member, query = value(programme, MEMBER), "select email, phone from person where code = %s"
    before = rows(programme, query, member)
    row = (member, "Tên Khác", "VNPT-HCM", "PUBLIC")
    file = written(tmp_path / "people.csv", PEOPLE[:4], row)
    assert sangkien(programme, "import", "people", file, "--as", "tttt-admin").exit_code == 0
    assert rows(programme, query, member) == before


def test_targets_are_set_on_both_sides_and_taken_away(programme, tmp_path):
    revised = "select count(*) from target_revision"
    before = value(programme, revised)
    file = written(
        *(tmp_path / "targets.csv", TARGETS),
        ("1TRSK", 2, "VNPT-HNI", 41, 43),
        ("1TRSK", 2, "VNPT-HCM", "", 7),
    )
    done = sangkien(programme, "import", "targets", file, "--as", "tttt-admin")
    assert (done.exit_code, done.stdout) == (0, "2 targets imported\n"), done.stderr
    held = rows(
        programme,
        "select u.code, t.assigned, t.registered from target t join unit u on u.id = t.unit_id"
        " join phase p on p.id = t.phase_id where p.ordinal = 2"
        " and u.code in ('VNPT-HNI', 'VNPT-HCM') order by u.code desc",
    )
    assert [tuple(row.values()) for row in held] == [("VNPT-HNI", 41, 43), ("VNPT-HCM", None, 7)]
    assert value(programme, revised) == before + 4


def test_a_target_of_a_closed_phase_takes_a_reason(programme, tmp_path):
    row = ("1TRSK", 1, "VNPT-HNI", 41, 43)
    words = ("import", "targets", written(tmp_path / "t.csv", TARGETS, row), "--as", "tttt-admin")
    refused = sangkien(programme, *words)
    assert "REASON_NEEDED" in refused.stderr
    assert sangkien(programme, *words, "--reason", "Đính chính").exit_code == 0
    assert value(programme, "select count(*) from adjustment where kind = 'TARGET'") == 2


@pytest.mark.parametrize("ending", ENDINGS)
def test_initiatives_are_drafted_with_their_authors(programme, tmp_path, ending):
    codes = rows(
        programme,
        "select p.code from person p join unit u on u.id = p.unit_id"
        " where u.code = 'VNPT-HNI' order by p.code limit 2",
    )
    one, two = (row["code"] for row in codes)
    draft = (*DRAFT[:-1], f"{one}:60.5; {two}:39.5")
    file = written(tmp_path / f"drafts.{ending}", DRAFTS, draft, draft)
    done = sangkien(programme, "import", "initiatives", file, "--as", "unit-officer")
    assert (done.exit_code, done.stdout) == (0, "2 initiatives imported\n"), done.stderr
    first, second = rows(programme, "select * from initiative where title = 'Sáng kiến'")
    assert first["number"] < second["number"]
    assert (first["state"], first["confidential"], first["claimed"]) == (
        *("DRAFT", True, [5_000_000, 7]),
    )
    shares = "select share from authorship where initiative_id = %s order by share"
    assert [float(row["share"]) for row in rows(programme, shares, first["id"])] == [39.5, 60.5]
    assert differing(programme) == 0


def test_a_dry_run_does_everything_and_keeps_nothing(programme, tmp_path):
    file = written(tmp_path / "units.csv", UNITS, ("MOI", "Mới", "UPPER", "TTTT", 7))
    before = value(programme, "select count(*) from audit_event")
    done = sangkien(programme, "import", "units", file, "--as", "tttt-admin", "--dry-run")
    assert (done.exit_code, done.stdout) == (0, "1 units would be imported\n")
    assert rows(programme, ROWS_OF_UNIT, ["MOI"]) == []
    assert value(programme, "select count(*) from audit_event") == before


def test_standard_input_is_taken_as_csv(programme):
    given = b"code,name,level,parent,member_count\nMOI,x,UPPER,TTTT,7\n"
    done = sangkien(programme, "import", "units", "-", "--as", "tttt-admin", given=given)
    assert done.exit_code == 0, done.stderr
    assert len(rows(programme, ROWS_OF_UNIT, ["MOI"])) == 1


def test_somebody_who_signs_in_keeps_their_address(programme, tmp_path):
    code = value(
        programme,
        "select p.code from person p join account a on a.person_id = p.id"
        " where a.username = 'unit-officer'",
    )
    row = (code, "Tên Khác", "VNPT-HNI", "PRODUCTION", "khac@example.com", "000")
    file = written(tmp_path / "people.csv", PEOPLE, row)
    done = sangkien(programme, "import", "people", file, "--as", "tttt-admin")
    assert "HAS_ACCOUNT" in done.stderr
    change(programme, "update person set email = 'khac@example.com' where code = %s", code)
    assert sangkien(programme, "import", "people", file, "--as", "tttt-admin").exit_code == 0


async def test_an_import_is_announced_to_those_who_watch(programme, tmp_path):
    heard = asyncio.Event()
    connection = await asyncpg.connect(programme)
    await connection.add_listener(CHANNEL, lambda *_: heard.set())
    file = written(tmp_path / "units.csv", UNITS, ("MOI", "Mới", "UPPER", "TTTT", 7))
    words = ("import", "units", file, "--as", "tttt-admin")
    assert (await asyncio.to_thread(sangkien, programme, *words)).exit_code == 0
    async with asyncio.timeout(5):
        await heard.wait()
    await connection.close()
