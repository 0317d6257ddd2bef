"""Exports: the rows that an account may export, with its masks, complete, with an audit event."""

import asyncio
import csv
import io
from itertools import count

import psycopg
import pytest

from api.files import exporting
from db.prepare import prepare
from tests.audit_log import events
from tests.client import client
from tests.filing import DRAFT, DRAFTS, read, sangkien, written
from tests.mutating import change, rows, value

_numbers = count()
FORMATS = ("csv", "xlsx")
KINDS = ("units", "people", "targets", "initiatives")
PERSON = "query ($n: String!) { initiative(number: $n) { authors { share person { %s } } } }"
FIELDS = "code name email phone unit { code } sector"


@pytest.fixture(scope="module")
def shared(server, _demo_template):
    """The demo's data, and an admin of a smaller unit; only exported, never changed."""
    name = f"exporting_{next(_numbers)}"
    url = prepare(server, name, _demo_template)
    change(url, "insert into account (username, kind) values ('vtc-admin', 'SERVICE')")
    change(
        url,
        "insert into role_grant (account_id, role, unit_id, valid_from) select a.id, 'ADMIN', u.id,"
        " '2022-01-01' from account a, unit u where a.username = 'vtc-admin' and u.code = 'VTC'",
    )
    yield url
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


def exported(url, kind, path, who):
    done = sangkien(url, "export", kind, path, "--as", who)
    assert (done.exit_code, done.stderr) == (0, "")
    return read(path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("who", "top"), [("tttt-admin", "TTTT"), ("auditor", "TLD")])
def test_all_that_may_be_exported_is_and_nothing_else(shared, tmp_path, kind, who, top):
    got = exported(shared, kind, tmp_path / "f.csv", who)
    table = {"units": "unit", "people": "person"}.get(kind, kind.removesuffix("s"))
    within = f"path <@ (select path from unit where code = '{top}')"
    assert len(got) == value(shared, f"select count(*) from {table} where {within}")
    places = {row[{"units": "code"}.get(kind, "unit")] for row in got}
    assert places <= {row["code"] for row in rows(shared, f"select code from unit where {within}")}
    noted = events(shared, "action = 'export'")[-1]
    assert (noted["kind"], noted["username"], noted["address"]) == ("NOTED", who, "command line")
    assert noted["after"] == {"kind": kind, "format": "CSV", "rows": len(got)}
    assert noted["unit"] == top


@pytest.mark.parametrize("kind", KINDS)
def test_a_workbook_holds_what_a_csv_file_does(shared, tmp_path, kind):
    both = [exported(shared, kind, tmp_path / f"f.{ending}", "vtc-admin") for ending in FORMATS]
    assert both[0] == both[1] != []


@pytest.mark.parametrize("who", ["nobody", "member", "support", "unit-officer", "council"])
def test_whoever_may_not_export_gets_nothing_and_that_is_told(shared, tmp_path, who):
    for kind in KINDS:
        done = sangkien(shared, "export", kind, tmp_path / "f.csv", "--as", who)
        assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
        refused = events(shared, "action = 'export'")[-1]
        assert (refused["kind"], refused["username"]) == ("REFUSED", who)
        assert refused["after"]["code"] == "FORBIDDEN"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("who", ["auditor", "tttt-admin", "confed-admin"])
async def test_people_are_shown_as_a_query_shows_them(shared, tmp_path, who):
    people = await asyncio.to_thread(exported, shared, "people", tmp_path / "f.csv", who)
    works = await asyncio.to_thread(exported, shared, "initiatives", tmp_path / "w.csv", who)
    chosen = [work for work in works if ";" in work["authors"]][:5]
    async with client(shared) as http:
        for work in chosen:
            data = await http.data(PERSON % FIELDS, who, variables={"n": work["number"]})
            authors = data["initiative"]["authors"]
            shares = [f"{a['person']['code']}:{a['share']:g}" for a in authors]
            assert work["authors"] == ";".join(shares)
            for author in (a["person"] for a in authors):
                row = {name: author[name] or "" for name in ("code", "name", "email", "phone")}
                assert row | {"unit": author["unit"]["code"], "sector": author["sector"]} in people
    assert ("***" in {person["code"] for person in people}) == (who == "auditor")


def test_the_body_of_what_is_confidential_stays_secret(shared, tmp_path):
    secret = "select number from initiative where confidential and length(content) > 0"
    hidden = {row["number"] for row in rows(shared, secret)}
    for who in ("auditor", "confed-admin"):
        works = exported(shared, "initiatives", tmp_path / "f.csv", who)
        assert {work["number"] for work in works if not work["content"]} == hidden != set()


def test_standard_output_has_the_rows_and_nothing_else(shared):
    done = sangkien(shared, "export", "units", "-", "--as", "tttt-admin")
    header, *lines = csv.reader(io.StringIO(done.stdout))
    assert header[0] == "code"
    assert done.stderr == f"{len(lines)} units exported\n"


def test_an_export_that_fails_leaves_what_was_there(shared, tmp_path, monkeypatch):
    (tmp_path / "f.csv").write_text("mine")

    class Full(exporting.CsvWriter):
        def write(self, row):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporting, "CsvWriter", Full)
    before = len(events(shared, "action = 'export'"))
    done = sangkien(shared, "export", "units", tmp_path / "f.csv", "--as", "tttt-admin")
    assert (done.exit_code, done.stderr) == (1, "sangkien: No space left on device\n")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("f.csv", "mine")]
    assert len(events(shared, "action = 'export'")) == before


@pytest.mark.parametrize("name", ["none/f.csv", "folder.csv", "f.ods", "null.csv"])
def test_a_place_that_cannot_be_written_is_told_in_one_line(shared, tmp_path, name):
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "null.csv").symlink_to("/dev/null")
    done = sangkien(shared, "export", "units", tmp_path / name, "--as", "tttt-admin")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert (tmp_path / "null.csv").resolve().is_char_device()


def test_an_exported_file_is_its_owners_to_read(shared, tmp_path):
    exported(shared, "people", tmp_path / "f.csv", "tttt-admin")
    assert (tmp_path / "f.csv").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("ending", FORMATS)
def test_what_was_exported_is_imported_again_and_changes_nothing(programme, tmp_path, ending):
    change(programme, "update unit set name = '=1+1' where code = 'VNPT-HNI'")
    change(programme, "update unit set name = '''+1' where code = 'VNPT-HCM'")
    tables = "select sum(hashtextextended(t::text, 0)) from %s t"
    for kind, table in (("units", "unit"), ("people", "person"), ("targets", "target")):
        before = value(programme, tables % table)
        got = exported(programme, kind, tmp_path / f"{kind}.{ending}", "tttt-admin")
        words = ("import", kind, tmp_path / f"{kind}.{ending}", "--as", "tttt-admin")
        done = sangkien(programme, *words)
        assert (done.exit_code, done.stdout) == (0, f"{len(got):,} {kind} imported\n"), done.stderr
        assert value(programme, tables % table) == before
        assert len(events(programme, "action = 'import' and kind <> 'NOTED'")) == 0
    names = {row["name"] for row in read(tmp_path / f"units.{ending}")}
    assert {"'=1+1", "''+1"} <= names


def test_exported_initiatives_are_imported_as_drafts_that_say_the_same(programme, tmp_path):
    codes = rows(
        programme,
        "select p.code from person p join unit u on u.id = p.unit_id"
        " where u.code = 'VNPT-HNI' order by p.code limit 2",
    )
    authors = ";".join(
        f"{row['code']}:{share}" for row, share in zip(codes, (60.5, 39.5), strict=True)
    )
    texts = {"title": "=cmd|' /C calc'!A0", "summary": 'Hai\ndòng, "và" ;', "content": "'-1"}
    draft = dict(zip(DRAFTS, DRAFT, strict=True)) | texts | {"authors": authors, "confidential": ""}
    first = written(tmp_path / "first.csv", draft.keys(), draft.values())
    assert (
        sangkien(programme, "import", "initiatives", first, "--as", "unit-officer").exit_code == 0
    )
    drafted = tmp_path / "drafted.csv"
    (one,) = [w for w in exported(programme, "initiatives", drafted, "tttt-admin")
              if w["title"].startswith("'=cmd")]  # fmt: skip
    again = written(tmp_path / "again.csv", one.keys(), one.values())
    assert (
        sangkien(programme, "import", "initiatives", again, "--as", "unit-officer").exit_code == 0
    )
    two = exported(programme, "initiatives", drafted, "tttt-admin")[-1]
    assert two["number"] != one["number"]
    assert two | {"number": one["number"]} == one
    kept = rows(
        programme, "select title, summary, content from initiative order by id desc limit 2"
    )
    assert kept[0] == kept[1]
    assert kept[0] == {**texts, "content": "-1"}
