"""Texts that a spreadsheet program would run as a formula, in exported files."""

import csv
import io
import re

import pytest

from api.files.cells import guarded, unguarded, written
from tests.mutating import change
from tests.test_export import exported

SIGNS = ["=", "+", "-", "@", "%", "|", "＝", "＋", "－", "＠", "﹢", "−"]
SEPARATORS = [",", ";", "\t", "\n", "\r\n", "\r", "\v", "\f", '"', "\u2028", "\x85"]
UNSEEN = [" ", "\u00a0", "\u200b", "\u200e", "\u202e", "\u2060", "\ufeff", "\u3000", "\u00ad", "\0"]
FORMULA = "cmd|' /C calc'!A0"


def runs(text):
    """Return whether a spreadsheet program could take a part of a text for a formula."""
    unseen = re.escape("".join(UNSEEN))
    for part in re.split("[" + re.escape("".join(SEPARATORS)) + "]", text):
        if re.match(f"[{unseen}]*[{re.escape(''.join(SIGNS))}]", part):
            return True
    return False


@pytest.mark.parametrize("sign", SIGNS)
def test_a_sign_of_any_width_begins_no_cell(sign):
    assert runs(sign + FORMULA)
    assert not runs(written(sign + FORMULA))
    assert unguarded(guarded(sign + FORMULA)) == sign + FORMULA


@pytest.mark.parametrize("separator", SEPARATORS, ids=ascii)
@pytest.mark.parametrize("sign", SIGNS)
def test_a_sign_after_what_separates_cells_or_rows_begins_none(separator, sign):
    for text in (f"x{separator}{sign}1", f"x{separator} {sign}1", f"{separator}{sign}1"):
        assert runs(text)
        assert not runs(written(text))
        assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
@pytest.mark.parametrize("sign", SIGNS)
def test_a_sign_after_what_is_not_seen_begins_none(unseen, sign):
    for text in (f"{unseen}{sign}1", f"{unseen}{unseen}{sign}1", f"x\n{unseen}{sign}1"):
        assert runs(text)
        assert not runs(written(text))
        assert unguarded(guarded(text)) == text


def test_an_exported_file_begins_no_cell_by_a_sign(programme, tmp_path):
    names = [f"＝{FORMULA}", "x\n=1+1", "x;@SUM(1)", "\u200b+1"]
    codes = ("VNPT-HNI", "VNPT-HCM", "VNPT", "TTTT")
    for code, name in zip(codes, names, strict=True):
        change(programme, "update unit set name = %s where code = %s", name, code)
    path = tmp_path / "units.csv"
    exported(programme, "units", path, "tttt-admin")
    read = csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""))
    found = {row["code"]: row["name"] for row in read}
    assert [unguarded(found[code]) for code in codes] == names
    assert not any(runs(found[code]) for code in codes)
