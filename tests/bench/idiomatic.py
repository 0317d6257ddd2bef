"""The same questions answered the usual way: Strawberry types, resolvers and DataLoaders.

One session and one transaction for each request, bound to the caller as everywhere in this project;
each level of a question is one batch. Read as an example, it is good practice.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple, NewType

import strawberry
from sqlalchemy import Row, Select, func, select
from strawberry.dataloader import DataLoader
from strawberry.types import Info
from strawberry.types.scalar import ScalarDefinition

from db import models

Run = Callable[[Any], Awaitable[Sequence[Row[Any]]]]
BigInt = NewType("BigInt", int)
SCALARS: dict[object, ScalarDefinition] = {
    BigInt: strawberry.scalar(name="BigInt", serialize=int, parse_value=int)
}


class ProgressKey(NamedTuple):
    """A unit's totals in a phase."""

    unit_id: int
    campaign: str
    phase: int


class ChildrenKey(NamedTuple):
    """The first children of a unit."""

    unit_id: int
    first: int


@strawberry.type
class Progress:
    submitted: int
    recognised: int
    confirmed: int
    achieved: int
    target: int | None
    benefit_verified: BigInt
    participants: int
    units_reporting: int
    units_total: int

    @strawberry.field
    def percent(self) -> float | None:
        if not self.target:
            return None
        exact = Decimal(100 * self.achieved) / self.target
        return float(exact.quantize(Decimal("0.01"), ROUND_HALF_UP))


@strawberry.type
class Person:
    name: str


@strawberry.type
class Authorship:
    share: float
    person: Person


@strawberry.type
class Unit:
    row: strawberry.Private[models.Unit]
    code: str
    name: str
    level: str
    member_count: int

    @classmethod
    def of(cls, row: models.Unit) -> "Unit":
        return cls(
            row=row, code=row.code, name=row.name, level=row.level, member_count=row.member_count
        )

    @strawberry.field
    async def progress(self, info: Info["Loaders"], campaign: str, phase: int) -> Progress | None:
        totals = await info.context.progress.load(ProgressKey(self.row.id, campaign, phase))
        if totals is None:
            return None
        return Progress(units_total=self.row.grassroots_count, **totals)

    @strawberry.field
    async def children(self, info: Info["Loaders"], first: int = 20) -> list["Unit"]:
        rows = await info.context.children.load(ChildrenKey(self.row.id, first))
        return [Unit.of(row) for row in rows]

    @strawberry.field
    async def initiatives(self, info: Info["Loaders"], first: int = 20) -> list["Initiative"]:
        rows = await info.context.run(_initiatives_of(self.row, first))
        return [Initiative.of(row) for (row,) in rows]


@strawberry.type
class Initiative:
    row: strawberry.Private[models.Initiative]
    number: str
    title: str
    state: str
    applied_on: date
    submitted_at: datetime | None
    benefit_claimed: BigInt

    @classmethod
    def of(cls, row: models.Initiative) -> "Initiative":
        return cls(
            row=row,
            number=row.number,
            title=row.title,
            state=row.state,
            applied_on=row.applied_on,
            submitted_at=row.submitted_at,
            benefit_claimed=BigInt(row.benefit_claimed),
        )

    @strawberry.field
    async def unit(self, info: Info["Loaders"]) -> Unit | None:
        row = await info.context.unit.load(self.row.unit_id)
        return None if row is None else Unit.of(row)

    @strawberry.field
    async def authors(self, info: Info["Loaders"]) -> list[Authorship]:
        return await info.context.authors.load(self.row.id)


@strawberry.type
class Query:
    @strawberry.field
    async def unit(self, info: Info["Loaders"], code: str) -> Unit | None:
        rows = await info.context.run(select(models.Unit).where(models.Unit.code == code))
        return Unit.of(rows[0][0]) if rows else None


class Loaders:
    """The request's batches; `run` executes one select in its transaction."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.progress = DataLoader(load_fn=self._progress)
        self.children = DataLoader(load_fn=self._children)
        self.unit = DataLoader(load_fn=self._units)
        self.authors = DataLoader(load_fn=self._authors)

    async def _progress(self, keys: list[ProgressKey]) -> list[dict[str, Any] | None]:
        found: dict[ProgressKey, dict[str, Any]] = {}
        for campaign, phase in {(key.campaign, key.phase) for key in keys}:
            ids = [key.unit_id for key in keys if (key.campaign, key.phase) == (campaign, phase)]
            phase_row = (await self.run(_phase(campaign, phase)))[0]
            totals = {row.unit_id: row for row in await self.run(_totals(phase_row, ids))}
            targets = {row.unit_id: row.target for row in await self.run(_targets(phase_row, ids))}
            for unit_id in ids:
                row = totals.get(unit_id)
                counts = row._asdict() if row else dict.fromkeys(("unit_id", *_COUNTS), 0)
                counts.pop("unit_id")
                key = ProgressKey(unit_id, campaign, phase)
                found[key] = {**counts, "target": targets.get(unit_id)}
        return [found.get(key) for key in keys]

    async def _children(self, keys: list[ChildrenKey]) -> list[list[models.Unit]]:
        below: dict[int, list[models.Unit]] = defaultdict(list)
        most = max(key.first for key in keys)
        for (row,) in await self.run(_children_of({key.unit_id for key in keys}, most)):
            below[row.parent_id].append(row)
        return [below[key.unit_id][: key.first] for key in keys]

    async def _units(self, ids: list[int]) -> list[models.Unit | None]:
        rows = await self.run(select(models.Unit).where(models.Unit.id.in_(ids)))
        by_id = {row.id: row for (row,) in rows}
        return [by_id.get(id_) for id_ in ids]

    async def _authors(self, ids: list[int]) -> list[list[Authorship]]:
        by_initiative: dict[int, list[Authorship]] = defaultdict(list)
        rows: Sequence[Any] = await self.run(
            select(models.Authorship.initiative_id, models.Authorship.share, models.Person.name)
            .join(models.Person, models.Person.id == models.Authorship.person_id)
            .where(models.Authorship.initiative_id.in_(ids))
            .order_by(models.Authorship.share.desc(), models.Authorship.person_id)
        )
        for initiative_id, share, name in rows:
            authorship = Authorship(share=float(share), person=Person(name=name))
            by_initiative[initiative_id].append(authorship)
        return [by_initiative[id_] for id_ in ids]


_COUNTS = (
    "submitted",
    "recognised",
    "confirmed",
    "achieved",
    "benefit_verified",
    "participants",
    "units_reporting",
)


def _phase(campaign: str, ordinal: int) -> Select[int, int, int]:
    return (
        select(models.Phase.id, models.Phase.campaign_id, models.Phase.ordinal)
        .join(models.Campaign, models.Campaign.id == models.Phase.campaign_id)
        .where(models.Campaign.code == campaign, models.Phase.ordinal == ordinal)
    )


def _totals(phase: Row[Any], unit_ids: Iterable[int]) -> Select[Any]:
    rollup = models.Rollup
    return (
        select(rollup.unit_id, *(func.sum(getattr(rollup, name)).label(name) for name in _COUNTS))
        .where(
            rollup.unit_id.in_(unit_ids),
            rollup.campaign_id == phase.campaign_id,
            rollup.ordinal == phase.ordinal,
        )
        .group_by(rollup.unit_id)
    )


def _targets(phase: Row[Any], unit_ids: Iterable[int]) -> Select[int, int | None]:
    target = models.Target
    return select(
        target.unit_id, func.coalesce(target.registered, target.assigned).label("target")
    ).where(target.unit_id.in_(unit_ids), target.phase_id == phase.id)


def _children_of(unit_ids: Iterable[int], first: int) -> Select[Any]:
    rank = func.row_number().over(partition_by=models.Unit.parent_id, order_by=models.Unit.code)
    ranked = (
        select(models.Unit.id, rank.label("rank"))
        .where(models.Unit.parent_id.in_(unit_ids))
        .subquery()
    )
    return (
        select(models.Unit)
        .join(ranked, ranked.c.id == models.Unit.id)
        .where(ranked.c.rank <= first)
        .order_by(models.Unit.code)
    )


def _initiatives_of(unit: models.Unit, first: int) -> Select[Any]:
    initiative = models.Initiative
    found = select(initiative).order_by(initiative.id.desc()).limit(first)
    if unit.level == "FEDERATION":
        return found.where(initiative.federation_id == unit.id)
    if unit.level == "UPPER":
        return found.where(initiative.upper_id == unit.id)
    return found if unit.level == "CONFEDERATION" else found.where(initiative.unit_id == unit.id)
