"""Totals folded from raw rows, as the comment at the top of db/sql/rollup.sql defines them."""

from collections import Counter
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from db.rules.pace import Pace, pace
from tests.oracle.world import Row, World

_LOCAL = timezone(timedelta(hours=7))
_STANDING = {"SUBMITTED", "RECOGNISED", "CONFIRMED", "RETURNED", "REJECTED"}
_RECOGNISED = {"RECOGNISED", "CONFIRMED"}
_STEPS = {
    "DAY": lambda day: day,
    "WEEK": lambda day: day - timedelta(days=day.weekday()),
    "MONTH": lambda day: day.replace(day=1),
}


def local_day(moment: datetime) -> date:
    """Return the day of a moment in Vietnam."""
    return moment.astimezone(_LOCAL).date()


def claimed(initiative: Row) -> int:
    """Return the claimed benefit of all years together."""
    return sum(initiative.claimed)


def verified(initiative: Row) -> int | None:
    """Return the verified benefit of all years together; None if nobody verified it."""
    return None if initiative.verified is None else sum(initiative.verified)


def benefit(initiative: Row) -> int:
    """Return the verified benefit, else the claimed one."""
    known = verified(initiative)
    return claimed(initiative) if known is None else known


def effective(target: Row | None) -> int | None:
    """Return the effective target: registered, else assigned."""
    if target is None:
        return None
    held: int | None = target.assigned if target.registered is None else target.registered
    return held


class Totals:
    """Totals of one unit's subtree in some phases of a campaign."""

    def __init__(self, world: World, unit: Row, campaign: Row, phases: list[Row]) -> None:
        self.world, self.unit, self.campaign, self.phases = world, unit, campaign, phases
        keys = {phase.id for phase in phases}
        self._every = [row for row in world.rows["initiative"] if row.phase_id in keys]
        self._here = [row for row in self._every if world.below(world.unit_of(row), unit)]

    @property
    def achieved_states(self) -> set[str]:
        """The states that the campaign counts."""
        return _RECOGNISED if self.campaign.counts_from == "RECOGNISED" else {"CONFIRMED"}

    def _in(self, *states: str) -> list[Row]:
        return [row for row in self._here if row.state in states]

    def achieved(self) -> list[Row]:
        """Return the achieved initiatives."""
        return self._in(*self.achieved_states)

    def counts(self) -> dict[str, Any]:
        """Return every total by its field's name."""
        achieved, standing = self.achieved(), self._in(*_STANDING)
        public = sum(row.sector == "PUBLIC" for row in achieved)
        return {
            "submitted": len(standing),
            "recognised": len(self._in(*_RECOGNISED)),
            "confirmed": len(self._in("CONFIRMED")),
            "returned": len(self._in("RETURNED")),
            "rejected": len(self._in("REJECTED")),
            "achieved": len(achieved),
            "achievedProduction": len(achieved) - public,
            "achievedPublic": public,
            "target": self.target(),
            "benefitClaimed": sum(map(claimed, standing)),
            "benefitVerified": sum(verified(row) or 0 for row in achieved),
            "participants": self._participants(),
            **self._units(standing, achieved),
            "percent": self.percent(),
        }

    def _participants(self) -> int:
        counted = {row.id: row for row in self._every if row.state in self.achieved_states}
        earliest: dict[int, tuple[date, int, int]] = {}
        for part in self.world.rows["authorship"]:
            if one := counted.get(part.initiative_id):
                moments = {"RECOGNISED": one.recognised_at, "CONFIRMED": one.confirmed_at}
                day = local_day(moments[self.campaign.counts_from])
                place = (day, one.id, part.counted_unit_id)
                earliest[part.person_id] = min(earliest.get(part.person_id, place), place)
        units = [self.world.find("unit", unit_id) for *_, unit_id in earliest.values()]
        return sum(unit is not None and self.world.below(unit, self.unit) for unit in units)

    def _units(self, standing: list[Row], achieved: list[Row]) -> dict[str, int]:
        grassroots = [
            unit
            for unit in self.world.rows["unit"]
            if unit.level == "GRASSROOTS" and self.world.below(unit, self.unit)
        ]
        reached = Counter(row.unit_id for row in achieved)
        floor = sum(phase.floor for phase in self.phases)
        return {
            "unitsTotal": sum(unit.valid_to is None for unit in grassroots),
            "unitsReporting": len(
                {unit.id for unit in grassroots} & {row.unit_id for row in standing}
            ),
            "unitsMeetingFloor": sum(reached[unit.id] >= floor for unit in grassroots),
        }

    def target(self) -> int | None:
        """Return the target, or the sum of the phases' targets; None without any."""
        held = [
            effective(self.world.one("target", unit_id=self.unit.id, phase_id=phase.id))
            for phase in self.phases
        ]
        known = [value for value in held if value is not None]
        return sum(known) if known else None

    def percent(self) -> float | None:
        """Return 100 × achieved / target with two decimals; None without a target."""
        target = self.target()
        if not target:
            return None
        exact = Decimal(100 * len(self.achieved())) / target
        return float(exact.quantize(Decimal("0.01"), ROUND_HALF_UP))

    def tiers(self) -> list[tuple[Row, int]]:
        """Return each tier of the campaign with its number of achieved initiatives."""
        tiers = self.world.where("benefit_tier", campaign_id=self.campaign.id)
        return [
            (
                tier,
                sum(
                    tier.from_vnd <= benefit(row)
                    and (tier.to_vnd is None or benefit(row) <= tier.to_vnd)
                    for row in self.achieved()
                ),
            )
            for tier in sorted(tiers, key=lambda tier: tier.ordinal)
        ]

    def window(self, phase: Row) -> tuple[date, date]:
        """Return the dates of a phase for the unit: those of the nearest override, or its own."""
        for unit in reversed(self.world.line(self.unit)):
            override = self.world.one("window_override", phase_id=phase.id, unit_id=unit.id)
            if override is not None:
                return override.opens_on, override.closes_on
        return phase.opens_on, phase.closes_on

    def pace(self) -> tuple[date, date, Pace] | None:
        """Return the window and the pace in it."""
        windows = [self.window(phase) for phase in self.phases]
        opens, closes = min(first for first, _ in windows), max(last for _, last in windows)
        found = pace(len(self.achieved()), self.target(), opens, closes, self.world.today)
        return None if found is None else (opens, closes, found)

    def history(self, interval: str) -> list[dict[str, Any]]:
        """Return the gains step by step, without steps of no gain."""
        steps: dict[date, Counter[str]] = {}
        for row in self._in(*_STANDING):
            moments = {"submitted": row.submitted_at}
            if row.state in _RECOGNISED:
                moments["recognised"] = row.recognised_at
            if row.state == "CONFIRMED":
                moments["confirmed"] = row.confirmed_at
            if row.state in self.achieved_states:
                counted = self.campaign.counts_from == "CONFIRMED"
                moments["achieved"] = row.confirmed_at if counted else row.recognised_at
            for name, moment in moments.items():
                step = _STEPS[interval](local_day(moment))
                steps.setdefault(step, Counter())[name] += 1
        so_far, points = 0, []
        for step in sorted(steps):
            so_far += steps[step]["achieved"]
            names = ("submitted", "recognised", "confirmed", "achieved")
            gained = {name: steps[step][name] for name in names}
            points.append({"startsOn": step, **gained, "achievedSoFar": so_far})
        return points
