"""Rows of a synthetic nation, generated during the write: people, initiatives and authors."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random
from typing import NamedTuple

from db.seed.demo_campaign import APPLIED_FROM, CAMPAIGN, PHASES, TODAY
from db.seed.national_text import write
from db.seed.national_tree import Unit, grassroots
from db.seed.people import person
from db.seed.rows import LOCAL

_TYPES = ("TECHNICAL", "MANAGEMENT", "OPERATIONAL", "APPLIED_TECHNOLOGY", "RESEARCH")
_STATES = {
    "CONFIRMED": 56,
    "RECOGNISED": 18,
    "SUBMITTED": 11,
    "RETURNED": 4,
    "REJECTED": 4,
    "DRAFT": 4,
    "WITHDRAWN": 2,
    "REVOKED": 1,
}
_ACHIEVED = ("RECOGNISED", "CONFIRMED")
_MILLION = 1_000_000


class Person(NamedTuple):
    """A row of `person`, with its unit's path."""

    id: int
    code: str
    name: str
    unit_id: int
    path: str
    sector: str
    email: str | None
    phone: str | None


class Initiative(NamedTuple):
    """A row of `initiative`, with its unit's ancestors."""

    id: int
    number: str
    title: str
    summary: str
    content: str
    solution_type: str
    field: str
    sector: str
    unit_id: int
    upper_id: int | None
    federation_id: int | None
    path: str
    campaign_id: int
    phase_id: int | None
    state: str
    applied_on: date
    submitted_at: datetime | None
    recognised_at: datetime | None
    confirmed_at: datetime | None
    published_at: datetime | None
    confidential: bool
    claimed: list[int]
    verified: list[int] | None
    awaits_id: int | None
    created_at: datetime


class PlacedAuthorship(NamedTuple):
    """A row of `authorship`, with the path of the initiative's unit, and the unit it counts in."""

    initiative_id: int
    person_id: int
    path: str
    share: int
    counted_unit_id: int | None


def people(chance: Random, tree: list[Unit]) -> Iterator[Person]:
    """Yield the authors of every unit."""
    for unit in grassroots(tree):
        for identity in range(unit.first_person, unit.first_person + unit.people):
            row = person(chance, identity, unit.id, unit.sector)
            yield Person(*row[:4], unit.path, *row[4:])


def initiatives(chance: Random, tree: list[Unit], achieved: bytearray) -> Iterator[Initiative]:
    """Yield the initiatives of every unit; append to `achieved` 1 for an achieved one, else 0."""
    identity = 0
    for unit in grassroots(tree):
        upper, federation = unit.above("UPPER"), unit.above("FEDERATION")
        line = (upper.id if upper else None, federation.id if federation else None)
        states = chance.choices([*_STATES], [*_STATES.values()], k=unit.initiatives)
        for number, state in enumerate(states, 1):
            identity += 1
            achieved.append(state in _ACHIEVED)
            yield _initiative(chance, (identity, number), unit, line, state)


def authorships(
    chance: Random, tree: list[Unit], achieved: bytearray
) -> Iterator[PlacedAuthorship]:
    """Yield one or two authors of every initiative, of its own unit."""
    initiative = 0
    for unit in grassroots(tree):
        first, count, path = unit.first_person, unit.people, unit.path
        for _ in range(unit.initiatives):
            counted = unit.id if achieved[initiative] else None
            initiative += 1
            luck = chance.random()
            author = int(luck * count)
            if count > 1 and chance.random() < 0.4:  # noqa: PLR2004 - four in ten
                share = 40 + int(luck * 31)
                yield PlacedAuthorship(initiative, first + author, path, share, counted)
                other = (author + 1) % count
                yield PlacedAuthorship(initiative, first + other, path, 100 - share, counted)
            else:
                yield PlacedAuthorship(initiative, first + author, path, 100, counted)


def _initiative(
    chance: Random,
    numbers: tuple[int, int],
    unit: Unit,
    line: tuple[int | None, int | None],
    state: str,
) -> Initiative:
    solution_type = _TYPES[int(chance.random() * len(_TYPES))]
    text = write(chance, solution_type, unit.sector)
    phase = PHASES[chance.random() < 0.45]  # noqa: PLR2004 - forty-five in a hundred in phase 2
    luck = chance.random()
    day = int(luck * (phase.days_by(TODAY) - 20 * (phase.closes_on > TODAY)))
    submitted = datetime.combine(phase.opens_on, time(8), LOCAL) + timedelta(
        days=day, seconds=int(chance.random() * 30_000)
    )
    recognised = confirmed = None
    if state in {"RECOGNISED", "CONFIRMED"}:
        recognised = submitted + timedelta(days=1 + int(luck * 997) % 7)
    if state == "CONFIRMED" and recognised:
        confirmed = recognised + timedelta(days=2 + int(luck * 991) % 11)
    claimed = _claim(chance)
    handed_in = state != "DRAFT"
    return Initiative(
        id=numbers[0],
        number=f"{unit.code}-2022-{numbers[1]:05}",
        title=text.title,
        summary=text.summary,
        content=text.content,
        solution_type=solution_type,
        field=text.field,
        sector=unit.sector,
        unit_id=unit.id,
        upper_id=line[0],
        federation_id=line[1],
        path=unit.path,
        campaign_id=CAMPAIGN,
        phase_id=phase.id if handed_in else None,
        state=state,
        applied_on=APPLIED_FROM + timedelta(days=int(luck * 150)),
        submitted_at=submitted if handed_in else None,
        recognised_at=recognised,
        confirmed_at=confirmed,
        published_at=confirmed if luck < 0.02 else None,  # noqa: PLR2004 - two in a hundred
        confidential=int(luck * 1009) % 100 == 0,
        claimed=claimed,
        verified=claimed if confirmed and luck < 0.6 else None,  # noqa: PLR2004 - six in ten
        awaits_id=_awaits(unit, line, state),
        created_at=submitted - timedelta(hours=2),
    )


def _awaits(unit: Unit, line: tuple[int | None, int | None], state: str) -> int | None:
    """Return the unit that the initiative awaits: its own, or once recognised the next above."""
    if state == "SUBMITTED":
        return unit.id
    return (line[0] or line[1]) if state == "RECOGNISED" else None


def _claim(chance: Random) -> list[int]:
    """Return yearly amounts in VND: none for a third, else mostly small, seldom billions."""
    luck = chance.random()
    if luck < 0.33:  # noqa: PLR2004 - a third
        return []
    first = min(80_000, int(8 * chance.paretovariate(0.9))) * _MILLION
    return [first] if luck < 0.8 else [first, first // 2]  # noqa: PLR2004 - two years for a fifth
