"""Random parts of inputs: a day, a unit, a reason or none."""

from datetime import date, timedelta
from random import Random
from typing import Any

from tests.model.nation import RUBRIC
from tests.model.programme import Programme

Given = dict[str, Any]
WHY = "Theo quyết định"


def a_day(p: Programme, luck: Random) -> date:
    """Return today, the last day of phase 1, or a day near it."""
    return luck.choice(
        [p.today, p.today + timedelta(days=luck.randint(-200, 60)), date(2022, 3, 31)]
    )


def a_reason(luck: Random) -> str | None:
    """Return a reason or none."""
    return luck.choice([None, WHY])


def a_version(luck: Random, version: int) -> int | None:
    """Return no version, the current one, or a stale one."""
    return luck.choice([None, None, None, version, version + luck.choice([-1, 1])])


def a_unit(p: Programme, luck: Random) -> str:
    """Return a unit, rarely an unknown one."""
    return luck.choice([*p.units, *(["X"] if luck.random() < 0.1 else [])])


def a_work(p: Programme, luck: Random) -> Given:
    """Return an initiative as in inputs."""
    number = luck.choice(sorted(p.works) or ["X"])
    version = p.works[number].version if number in p.works else 1
    return {"number": number, "version": a_version(luck, version)}


def a_campaign(p: Programme, luck: Random) -> str:
    """Return a campaign, rarely an unknown one."""
    return luck.choice([*p.campaigns, "C", "C", *(["X"] if luck.random() < 0.05 else [])])


def a_phase(p: Programme, luck: Random) -> Given:
    """Return a phase as in inputs."""
    return {"campaign": a_campaign(p, luck), "phase": luck.choice([1, 1, 2, 2, 3])}


def some_authors(p: Programme, luck: Random, unit: str) -> list[str]:
    """Return one or two people, mostly of one unit."""
    own = [person for person, home in p.members().items() if home == unit]
    pool = own if own and luck.random() < 0.8 else sorted(p.members())
    return luck.sample(pool, min(len(pool), luck.choice([1, 1, 2])))


def a_day_applied(p: Programme, luck: Random) -> date:
    """Return a day of application, mostly a valid one."""
    usual = date(2021, 6, 1)
    return luck.choice(
        [usual, usual, usual, usual, date(2020, 12, 31), p.today + timedelta(days=1)]
    )


def some_scores(luck: Random) -> list[Given]:
    """Return scores for some criteria, mostly for all and within the rubric."""
    criteria = luck.choice([[*RUBRIC], [*RUBRIC], [*RUBRIC][:1], ["X"]])
    return [{"criterion": one, "score": luck.choice([0, 3, 5, 5, 11])} for one in criteria]
