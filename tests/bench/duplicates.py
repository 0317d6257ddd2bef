"""Time and recall of the search for duplicates over a whole programme."""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import psycopg

from tests.bench.place import Place
from tests.binding import begin_reading

_ASKED = 200
_REWORDED = 100  # of each kind
_POOL = 500
_SHOWN = 5  # the API's default

Words = list[str]


class Duplicates(NamedTuple):
    """Milliseconds, and the share of reworded copies found, by minimum similarity."""

    initiatives: int
    p50: float
    p95: float
    recall: dict[str, float]
    pairs: dict[str, int]


def measure(place: Place) -> Duplicates:
    """Search for random initiatives, one after the other, and for reworded copies."""
    chance = random.Random(1)
    with psycopg.connect(place.url) as owner:
        rows = owner.execute("select max(id) from initiative").fetchone()
        assert rows is not None
        keys = [chance.randint(1, rows[0]) for _ in range(_ASKED)]
        recall, pairs = _recall(owner, place, chance)
        owner.rollback()
    took = sorted(_times(place, keys))
    return Duplicates(rows[0], statistics.median(took), took[len(took) * 95 // 100], recall, pairs)


def _times(place: Place, keys: list[int]) -> Iterator[float]:
    with psycopg.connect(place.reader_url, autocommit=True) as reader:
        reader.execute(begin_reading(place.caller).encode())
        for turn in range(2):  # the first is to warm up
            for key in keys:
                began = time.perf_counter()
                reader.execute(
                    "select * from possible_duplicates(%s, %s)", (key, _SHOWN)
                ).fetchall()
                if turn:
                    yield (time.perf_counter() - began) * 1e3


def _recall(
    owner: psycopg.Connection, place: Place, chance: random.Random
) -> tuple[dict[str, float], dict[str, int]]:
    """Draft copies, and check whether the search finds the originals."""
    for name, value in place.settings().items():
        owner.execute("select set_config(%s, %s, true)", (name, value))
    texts = list(_texts(owner, chance, _POOL + _REWORDED * len(_kinds([], chance))))
    others = [word for _, text in texts[:_POOL] for word in text.split()]
    counts = {least: [0, 0] for least in (0.5, 0.7)}
    for number, (key, text) in enumerate(texts[_POOL:]):
        kinds = _kinds(others, chance)
        copy = " ".join(kinds[number % len(kinds)](text.split()))
        similarity, found = _draft(owner, key, copy)
        for least, count in counts.items():
            if similarity >= least:
                count[0] += found
                count[1] += 1
    return (
        {f"{least:g}": found / pairs for least, (found, pairs) in counts.items()},
        {f"{least:g}": pairs for least, (_, pairs) in counts.items()},
    )


def _kinds(others: Words, chance: random.Random) -> list[Callable[[Words], Words]]:
    def every(n: int) -> Callable[[Words], Words]:
        return lambda words: [
            chance.choice(others) if place % n == n - 1 else word
            for place, word in enumerate(words)
        ]

    return [
        every(4),
        every(3),
        every(2),
        lambda words: chance.sample(words, len(words)),
        lambda words: words + chance.sample(others, 12),
        lambda words: words[: len(words) * 2 // 3],
    ]


def _texts(
    owner: psycopg.Connection, chance: random.Random, count: int
) -> Iterator[tuple[int, str]]:
    (most,) = owner.execute("select max(id) from initiative").fetchone() or (0,)
    rows = owner.execute(
        """select id, title || ' ' || summary from initiative
        where id = any (%s) and state not in ('DRAFT', 'WITHDRAWN') limit %s""",
        ([chance.randint(1, most) for _ in range(2 * count)], count),
    )
    yield from rows


def _draft(owner: psycopg.Connection, key: int, text: str) -> tuple[float, bool]:
    """Return the similarity of a draft of this text to an initiative, and whether it is found."""
    row = owner.execute(
        """with draft as (
            insert into initiative (number, title, summary, content, solution_type, sector, unit_id,
                campaign_id, state, applied_on)
            select gen_random_uuid()::text, %s, '', '', solution_type, sector, unit_id, campaign_id,
                'DRAFT', applied_on
            from initiative where id = %s returning id, wording(title, summary) as search
        ) select d.id, similarity(d.search, i.search) from draft d, initiative_search i
        where i.initiative_id = %s""",
        (text, key, key),
    ).fetchone()
    assert row is not None
    told = owner.execute("select initiative_id from possible_duplicates(%s, 50)", (row[0],))
    return row[1], (key,) in told.fetchall()
