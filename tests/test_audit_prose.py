"""Prose in the audit log: references replace the people involved, in every spelling."""

import unicodedata
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.prepare import prepare

NAME, CODE, EMAIL, PHONE = "Lê Hải Loan", "HD-7", "loan@vnpt.vn", "+1 555 0100"
TELEPHONE_NUMBERS = [
    "0912345678",
    "0912 345 678",
    "0912.345.678",
    "0912/345/678",
    "0912-345-678",
    "0912 34 56 78",
    "09 12 34 56 78",
    "09 1234 5678",
    "(0912) 345678",
    "0912\u00a0345\u00a0678",
    "02438221234",
    "024 3822 1234",
    "(024) 3822 1234",
    "(024)38221234",
    "0203.3825.123",
    "+84912345678",
    "+84 912 345 678",
    "+84.912.345.678",
    "+84(0)912345678",
    "+84 (0) 912 345 678",
    "(+84) 24 3822 1234",
    "0084 912 345 678",
    "84912345678",
    "84 912 345 678",
    "84-912-345-678",
    "(84) 912 345 678",
    "(84-24) 3822 1234",
    "84 (0)912345678",
]
OTHER_NUMBERS = [
    "2022-10-21",
    "21/10/2022",
    "02/03/2022-05/04/2022",
    "05-08-2022 14 000 000",
    "05/08/2022 09/08/2022",
    "từ 02.03.2022 đến 05.04.2022",
    "2022-03-05 08:30",
    "123/QĐ-LĐLĐ",
    "0912/QĐ-LĐLĐ",
    "035/2022/NĐ-CP",
    "1234/QD-TLD",
    "5.000.000.000",
    "14 000 000 000",
    "84 000 000 000",
    "84.912.345.678 đồng",
    "84 912 345 678 đồng",
    "84 912 345 678 VNĐ",
    "84 500 000 000",
    "842 000 000 000",
    "1.091.234.567.890",
    "VNPT-HNI-2022-00012",
    "CD-02-2022-00012",
    "CD-0912-2022-00012",
    "8934567890123",
]
SPELT = {
    "as it is": NAME,
    "capitals": NAME.upper(),
    "small letters": NAME.lower(),
    "decomposed": unicodedata.normalize("NFD", NAME),
    "decomposed capitals": unicodedata.normalize("NFD", NAME.upper()),
    "without accents": "Le Hai Loan",
    "capitals without accents": "LE HAI LOAN",
    "over the end of a line": "Lê Hải\nLoan",
    "with more blanks": "Lê  Hải \t Loan",
    "with a blank that does not break": "Lê\u00a0Hải Loan",
    "code": CODE,
    "code in small letters": CODE.lower(),
    "other telephone number": PHONE,
}


@pytest.fixture(scope="module")
def log(server, template) -> Iterator[psycopg.Connection]:
    """A database with three people, Person:7 to 9."""
    with psycopg.connect(prepare(server, "audit_prose", template)) as connection:
        connection.execute(
            "insert into unit (id, code, name, level, valid_from)"
            " values (1, 'TLD', 'TLD', 'CONFEDERATION', '2020-01-01')"
        )
        connection.execute(
            "insert into person (id, code, name, unit_id, sector, email, phone)"
            " overriding system value values (7, %s, %s, 1, 'PUBLIC', %s, %s),"
            " (8, 'PERSON', 'Hải', 1, 'PUBLIC', null, null),"
            " (9, 'NV-9', 'Bùi Thị Hòa', 1, 'PUBLIC', null, null)",
            [CODE, NAME, EMAIL, PHONE],
        )
        yield connection


def kept(log: psycopg.Connection, prose: str, *people: int) -> str:
    """Return the logged form of prose about people."""
    row = log.execute("select audit_prose(%s, %s)", [prose, list(people or (7,))]).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.parametrize("spelt", SPELT.values(), ids=SPELT.keys())
@pytest.mark.parametrize("around", ["{}", "Theo ý kiến của {}.", "({}) và {}, đã ký", "“{}”"])
def test_whoever_is_involved_is_named_by_reference_however_it_is_spelt(log, spelt, around):
    assert kept(log, around.replace("{}", spelt)) == around.replace("{}", "Person:7")


@pytest.mark.parametrize(
    ("prose", "expected"),
    [
        ("HD-70, HD-77, xHD-7, HD-7a", "HD-70, HD-77, xHD-7, HD-7a"),
        ("Lê Hải Loans", "Lê Person:8 Loans"),
        ("Lê Hài Loan, Lê Hải Loạn", "Lê Hài Loan, Lê Person:8 Loạn"),
        ("hai người hài lòng; HẢI và hải", "hai người hài lòng; Person:8 và Person:8"),
        ("LÊ HẢI LOAN, person", "Person:7, Person:8"),
        ("Bùi Thị Hoà, BÙI THỊ HÒA, Bui Thi Hoa", "Person:9, Person:9, Person:9"),
        ("Bùi Thị Họa", "Bùi Thị Họa"),
        ("HD-7, HD-7, HD-7 HD-7", "Person:7, Person:7, Person:7 Person:7"),
        ("HD.7, HD7, (HD-7)", "HD.7, HD7, (Person:7)"),
        ("", ""),
    ],
)
def test_names_are_told_from_other_words_and_from_each_other(log, prose, expected):
    assert kept(log, prose, 7, 8, 9) == expected


@pytest.mark.parametrize("number", TELEPHONE_NUMBERS)
@pytest.mark.parametrize("around", ["{}", "ĐT {}, gọi sau 8 giờ", "gọi {} 2 lần", "{}/{}", "{} {}"])
def test_telephone_numbers_are_left_out(log, number, around):
    assert kept(log, around.replace("{}", number)) == around.replace("{}", "***")


def test_a_comrade_is_no_money(log):
    told = kept(log, "84 912 345 678 đồng chí An, 84 912 345 678 đồng")
    assert told == "*** đồng chí An, 84 912 345 678 đồng"


def test_the_longest_prose_takes_no_longer_than_its_length(log):
    log.execute("set local statement_timeout = '2s'")
    for word in ("Lê Hải Loan ", "0912 ", "84 ", "oai ", "a"):
        kept(log, word * (20_000 // len(word)), 7, 8, 9)


@pytest.mark.parametrize("number", OTHER_NUMBERS)
@pytest.mark.parametrize(
    "around", ["{}", "theo {} và {}.", "({})", "ngày 05/08/2022, {}", "{} 12 345"]
)
def test_other_numbers_stay(log, number, around):
    assert kept(log, around.replace("{}", number)) == around.replace("{}", number)


@given(st.data())
def test_any_name_is_found_in_any_prose_however_it_is_spelt(log, data):
    letters = st.sampled_from("abcdđeghiklmnopqrstuvxyàảạăằặâấậèẹêếệìỉịòõọôồộơờợùụưừựỳỷỵ")
    word = st.text(letters, min_size=2, max_size=7)
    name = " ".join(data.draw(st.lists(word, min_size=3, max_size=5))).title()
    spelt = data.draw(st.sampled_from([str.upper, str.lower, str, without_accents]))(name)
    form = data.draw(st.sampled_from(["NFC", "NFD"]))
    prose = st.text(st.sampled_from("áÁ ,.;:()\n") | st.characters(exclude_categories=["Cs", "Cc"]))
    before, after = data.draw(prose), data.draw(prose)
    log.execute("update person set name = %s where id = 9", [name])
    said = unicodedata.normalize(form, f"{before} {spelt} {after}")
    told = kept(log, said, 9)
    assert "Person:9" in told
    assert spelt not in told


@given(st.text(st.characters(exclude_categories=["Cs", "Nd", "Cc"], exclude_characters="@")))
def test_prose_that_names_nobody_stays(log, prose):
    expected = unicodedata.normalize("NFC", prose)
    assert unicodedata.normalize("NFC", kept(log, prose)) == expected


def without_accents(name: str) -> str:
    return (
        "".join(
            letter
            for letter in unicodedata.normalize("NFD", name)
            if not unicodedata.combining(letter)
        )
        .replace("đ", "d")
        .replace("Đ", "D")
    )
