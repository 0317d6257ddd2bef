"""Likely duplicates are found over the whole programme, without texts of hidden ones."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from db.embedded import EmbeddedServer
from db.prepare import prepare
from db.rules.text import fold
from db.seed.national import generate
from tests.client import client

SUMMARY = "Giá đỡ khung nhựa ghép cho giàn phơi chè, khỏi gãy chốt; nông trường Khe Trôm (QX4417)"
FEDERATIONS = "select id from unit where level = 'FEDERATION' order by id limit 2"
LOOKS_ALIKE = """{ initiative(number: "%s") { possibleDuplicates(first: 50) {
    closeness similarity federation initiative { number title } } } }"""


class Nation:
    """A generated nation, with more initiatives; rolled back after each test."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        self.federations = [row[0] for row in connection.execute(FEDERATIONS)]

    def write(
        self, number: str, title: str, summary: str, state: str = "SUBMITTED", federation: int = 0
    ) -> int:
        """Insert an initiative at a federation, and return its id."""
        row = self.connection.execute(
            """insert into initiative (number, title, summary, content, solution_type, sector,
                unit_id, campaign_id, phase_id, state, applied_on, submitted_at)
            values (%s, %s, %s, 'Nội dung.', 'TECHNICAL', 'PRODUCTION', %s, 1, 1, %s,
                '2022-03-01', '2022-03-02') returning id""",
            (number, title, summary, self.federations[federation], state),
        ).fetchone()
        assert row is not None
        return int(row[0])

    def alike(self, initiative: int, at_most: int = 100) -> dict[int, float]:
        """Return the similarities for a caller who sees everything, by id."""
        self.connection.execute("select set_config('sangkien.initiative_read', '{1}', true)")
        rows = self.connection.execute(
            "select initiative_id, similarity from possible_duplicates(%s, %s)",
            (initiative, at_most),
        )
        return dict(rows.fetchall())

    def exactly_alike(self, initiative: int) -> dict[int, float]:
        """Return the result of comparing with every row."""
        rows = self.connection.execute(
            """select o.id, alike from initiative i, initiative o, similarity(
                    wording(i.title, i.summary), wording(o.title, o.summary)) as alike
            where i.id = %s and o.id <> i.id and o.state not in ('DRAFT', 'WITHDRAWN')
                and alike >= 0.5""",
            (initiative,),
        )
        return dict(rows.fetchall())


@pytest.fixture(scope="module")
def url(server: EmbeddedServer, template: str) -> str:
    made = prepare(server, "duplicates", template)
    with psycopg.connect(made) as connection:
        generate(connection, units=300, initiatives=4_000, progress=lambda *_: None)
    return made


@pytest.fixture
def nation(url: str) -> Iterator[Nation]:
    with psycopg.connect(url) as connection:
        yield Nation(connection)
        connection.rollback()


@pytest.mark.parametrize(
    ("title", "summary"),
    [
        ("Cải tiến giàn phơi chè", SUMMARY),
        (fold("Cải tiến giàn phơi chè"), fold(SUMMARY)),
        ("CẢI TIẾN GIÀN PHƠI CHÈ", SUMMARY.upper()),
        ("Giàn phơi chè: cải tiến", "; ".join(reversed(SUMMARY.replace(",", ";").split("; ")))),
        ("Cải tiến giàn phơi chè", " ".join(reversed(SUMMARY.split()))),
        ("Cải tiến giàn phơi", SUMMARY.replace("khung nhựa", "ống thép").replace("4417", "9021")),
        ("Cải tiến giàn phơi chè", f"{SUMMARY}. Hội đồng đã xem và khen ngợi anh em trong tổ."),
    ],
    ids=["the same", "no diacritics", "capitals", "parts", "backwards", "some words", "added"],
)
def test_a_reworded_copy_is_found(nation: Nation, title: str, summary: str) -> None:
    first = nation.write("first", "Cải tiến giàn phơi chè", SUMMARY)
    copy = nation.write("copy", title, summary, federation=1)
    assert copy in nation.alike(first)
    assert first in nation.alike(copy)
    assert nation.alike(first)[copy] == nation.exactly_alike(first)[copy]


def _every(n: int) -> Callable[[list[str], list[str], random.Random], list[str]]:
    def changed(words: list[str], others: list[str], chance: random.Random) -> list[str]:
        return [chance.choice(others) if i % n == n - 1 else w for i, w in enumerate(words)]

    return changed


CHANGES = {
    "every fourth word": _every(4),
    "every third word": _every(3),
    "shuffled": lambda words, _, chance: chance.sample(words, len(words)),
    "a sentence added": lambda words, others, chance: words + chance.sample(others, 12),
    "a quarter dropped": lambda words, *_: words[: len(words) * 3 // 4],
}


def test_most_of_what_an_exact_scan_finds_is_found(nation: Nation) -> None:
    chance = random.Random(5)
    rows = nation.connection.execute(
        "select id, title, summary from initiative where state = 'CONFIRMED' order by id"
    ).fetchall()
    others = [word for _, title, summary in rows for word in f"{title} {summary}".split()]
    asked = chance.sample(rows, 20)
    for number, (_, title, summary) in enumerate(asked):
        for name, change in CHANGES.items():
            words = change(f"{title} {summary}".split(), others, chance)
            nation.write(f"{name} {number}", " ".join(words[:12]), " ".join(words[12:]))
    found = {0.5: [0, 0], 0.7: [0, 0]}
    for initiative, _, _ in asked:
        told = nation.alike(initiative)
        for other, similarity in nation.exactly_alike(initiative).items():
            for least, counts in found.items():
                if similarity >= least:
                    counts[0] += other in told
                    counts[1] += 1
    assert found[0.5][1] > 80
    assert found[0.7][0] / found[0.7][1] >= 0.97
    assert found[0.5][0] / found[0.5][1] >= 0.9


def test_nothing_is_told_that_is_not_alike(nation: Nation) -> None:
    rows = nation.connection.execute("select id from initiative order by id limit 20").fetchall()
    for (initiative,) in rows:
        told, exact = nation.alike(initiative), nation.exactly_alike(initiative)
        assert told.items() <= exact.items()
        assert list(told.values()) == sorted(told.values(), reverse=True)


def test_drafts_and_withdrawn_ones_are_never_told(nation: Nation) -> None:
    first = nation.write("first", "Cải tiến giàn phơi chè", SUMMARY)
    ids = {
        state: nation.write(state, "Cải tiến giàn phơi chè", SUMMARY, state)
        for state in ("DRAFT", "WITHDRAWN", "RETURNED", "REJECTED", "DUPLICATE", "REVOKED")
    }
    told = set(nation.alike(first))
    assert told == {ids[state] for state in ids if state not in ("DRAFT", "WITHDRAWN")}


def test_a_draft_is_asked_about_before_it_is_handed_in(nation: Nation) -> None:
    draft = nation.write("draft", "Cải tiến giàn phơi chè", SUMMARY, "DRAFT")
    assert nation.alike(draft) == {}
    other = nation.write("other", "Cải tiến giàn phơi chè", SUMMARY)
    assert nation.alike(draft) == {other: 1.0}


def test_whoever_changes_the_text_is_followed(nation: Nation) -> None:
    first = nation.write("first", "Cải tiến giàn phơi chè", SUMMARY)
    other = nation.write("other", "Khác", "Không giống chút nào")
    assert nation.alike(first) == {}
    nation.connection.execute(
        "update initiative set title = 'Cải tiến giàn phơi chè', summary = %s where id = %s",
        (SUMMARY, other),
    )
    assert nation.alike(first) == {other: 1.0}


@pytest.mark.parametrize("text", ["", "?!", "một", "một hai", "12 34 56"])
def test_a_text_of_few_words_does_no_harm(nation: Nation, text: str) -> None:
    first, other = nation.write("first", text, ""), nation.write("other", text, "")
    assert nation.alike(first) == nation.exactly_alike(first)
    assert (other in nation.alike(first)) == any(character.isalnum() for character in text)


async def test_of_a_hidden_one_only_federation_and_closeness_are_told(url: str) -> None:
    with psycopg.connect(url) as connection:
        nation = Nation(connection)
        nation.write("own-7", "Cải tiến giàn phơi chè", SUMMARY)
        nation.write("hid-7", "Giàn phơi chè cải tiến", f"{SUMMARY} mkhidden", federation=1)
        unrelated = "Bánh răng côn; trục quay; vòng bi mkhidden"
        nation.write("hid-8", "Đúc liền khối", unrelated, federation=1)
        nation.write("hid-9", "Cải tiến giàn phơi chè", SUMMARY, "DRAFT", 1)
        (name,) = connection.execute(
            "select name from unit where id = %s", (nation.federations[1],)
        ).fetchone() or ("",)
    try:
        async with client(url) as http:
            response = await http.post(LOOKS_ALIKE % "own-7", "bench-admin-1")
            (told,) = response.json()["data"]["initiative"]["possibleDuplicates"]
            hidden = {"federation": name, "initiative": None, "similarity": None}
            assert told == {"closeness": "VERY_SIMILAR", **hidden}
            assert "hid-" not in response.text
            assert "mkhidden" not in response.text
            # A caller cannot query duplicates of a hidden initiative.
            unseen = await http.data(LOOKS_ALIKE % "hid-7", "bench-admin-1")
            assert unseen == {"initiative": None}
            seen = await http.data(LOOKS_ALIKE % "own-7", "bench-admin")
            (told,) = seen["initiative"]["possibleDuplicates"]
            assert told["initiative"] == {"number": "hid-7", "title": "Giàn phơi chè cải tiến"}
            assert (told["closeness"], told["similarity"] > 0.8) == ("VERY_SIMILAR", True)
    finally:
        with psycopg.connect(url) as connection:
            connection.execute("delete from initiative where number ~ '^(own|hid)-[789]$'")


async def test_a_published_one_seen_from_outside_tells_of_no_others(url: str) -> None:
    with psycopg.connect(url) as connection:
        nation = Nation(connection)
        nation.write("own-8", "Cải tiến giàn phơi chè", SUMMARY)
        nation.write("hid-8", "Cải tiến giàn phơi chè", SUMMARY, federation=1)
        connection.execute("update initiative set published_at = now() where number = 'hid-8'")
    try:
        async with client(url) as http:
            seen = await http.data(LOOKS_ALIKE % "hid-8", "bench-admin-1")
            assert seen == {"initiative": {"possibleDuplicates": []}}
    finally:
        with psycopg.connect(url) as connection:
            connection.execute("delete from initiative where number in ('own-8', 'hid-8')")


def _read(connection: psycopg.Connection) -> dict[str, Any]:
    """Return the number of initiatives that this transaction has read so far."""
    cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
    row = cursor.execute(
        """select seq_scan, idx_tup_fetch from pg_stat_xact_user_tables
        where relname = 'initiative'"""
    ).fetchone()
    scans = cursor.execute(
        "select pg_stat_get_xact_numscans('initiative_sketch_keys_idx'::regclass) as sketches"
    ).fetchone()
    assert row is not None
    assert scans is not None
    return row | scans


def test_the_index_is_used_and_the_table_never_scanned(nation: Nation) -> None:
    first = nation.write("first", "Cải tiến giàn phơi chè", SUMMARY)
    before = _read(nation.connection)
    nation.alike(first)
    after = _read(nation.connection)
    assert after["seq_scan"] == before["seq_scan"]
    assert 0 < after["sketches"] - before["sketches"] <= 112
    assert after["idx_tup_fetch"] - before["idx_tup_fetch"] < 400


def test_words_that_thousands_share_do_not_make_it_slower(nation: Nation) -> None:
    nation.connection.execute(
        """update initiative set title = 'Kính trình', summary = %s || id
        where id <= 3000 and state <> 'DRAFT'""",
        ("Kính đề nghị thường trực hội đồng xét duyệt và biểu dương (dữ liệu minh họa) ",),
    )
    first = nation.write("first", "Cải tiến giàn phơi chè", f"{SUMMARY} (dữ liệu minh họa)")
    copy = nation.write("copy", "Cải tiến giàn phơi chè", f"{SUMMARY} (dữ liệu minh họa)")
    assert nation.alike(first) == {copy: pytest.approx(1.0)}
    (one,) = nation.connection.execute(
        "select id from initiative where title = 'Kính trình' limit 1"
    ).fetchone() or (0,)
    before = _read(nation.connection)
    assert len(nation.alike(one, at_most=5)) == 5
    after = _read(nation.connection)
    assert after["idx_tup_fetch"] - before["idx_tup_fetch"] <= 20 * 200 + 400 + 20
