"""Response times of a small tree and of one a hundred times as large, for answers of one size."""

import statistics
from typing import NamedTuple

import psycopg

from tests.bench import load
from tests.bench.contenders import Contender
from tests.bench.place import Place
from tests.bench.questions import Question, questions

_WIDE = 8  # federations: as many as the small tree has
_MOST = 50


class Scaled(NamedTuple):
    """One question to a small and a large tree: units in the answer, milliseconds (p50)."""

    units: tuple[int, int]
    p50: tuple[float, float]

    @property
    def ratio(self) -> float:
        """The large tree's time for each unit of the answer, as a multiple of the small tree's."""
        small, large = (time / units for time, units in zip(self.p50, self.units, strict=True))
        return large / small


def measure(
    small: tuple[Place, Contender], large: tuple[Place, Contender], seconds: float, rounds: int
) -> Scaled:
    """Query both for answers of the same size, in turns, one client at a time."""
    sizes = [_sizes(place) for place, _ in (small, large)]
    each = min(
        ((few, many) for few in sizes[0] for many in sizes[1]),
        key=lambda pair: (abs(sizes[0][pair[0]] - sizes[1][pair[1]]), -sizes[0][pair[0]]),
    )
    targets = [
        contender.target(_tree(contender, place, first))
        for (place, contender), first in zip((small, large), each, strict=True)
    ]
    times: list[list[float]] = [[], []]
    for turn in range(rounds + 1):  # the first is to warm up
        for taken, target in zip(times, targets, strict=True):
            p50 = load.measure(target, clients=1, seconds=seconds if turn else 2).p50
            taken.extend([p50] if turn else [])
    return Scaled(
        (sizes[0][each[0]], sizes[1][each[1]]),
        (statistics.median(times[0]), statistics.median(times[1])),
    )


def _tree(contender: Contender, place: Place, each: int) -> Question:
    return questions(contender.words, place.subject, wide=_WIDE, each=each)["tree"]


def _sizes(place: Place) -> dict[int, int]:
    """Return the number of units in the answer, by the number of children for each federation."""
    with psycopg.connect(place.url) as connection:
        counts = [
            row[0]
            for row in connection.execute(
                "select count(*) from unit c join unit f on f.id = c.parent_id "
                "where f.level = 'FEDERATION' group by f.code order by f.code limit %s",
                [_WIDE],
            )
        ]
    return {
        first: 1 + len(counts) + sum(min(count, first) for count in counts)
        for first in range(1, _MOST + 1)
    }
