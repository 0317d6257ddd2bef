"""The fields of frozen results, adjustments and overrides that are more than a column.

Functions as in tree_fields.
"""

# ruff: noqa: N802 - functions have the names of fields

from datetime import date
from typing import Any

from tests.oracle import listings
from tests.oracle.paging import Listing
from tests.oracle.results import COUNTS
from tests.oracle.seen import One, actor, seen, unit_of
from tests.oracle.sight import Sight
from tests.oracle.tree_fields import phases_of
from tests.oracle.world import Row

Adjustment_unit = WindowOverride_unit = unit_of
Adjustment_by = actor


def Unit_result(sight: Sight, row: Row, campaign: str, phase: int) -> One:
    _, phases = phases_of(sight, campaign, phase)
    found = phases and sight.world.one("phase_result", phase_id=phases[0].id, unit_id=row.id)
    if not found:
        return "PhaseResult", None
    figures = found.figures
    return "PhaseResult", {
        **{_camel(name): figures[name] for name in (*COUNTS, "target", "percent")},
        "opensOn": date.fromisoformat(figures["opens_on"]),
        "closesOn": date.fromisoformat(figures["closes_on"]),
        "frozenAt": found.frozen_at,
        "of": found,
    }


def PhaseResult_tiers(_: Sight, row: dict[str, Any]) -> list[One]:
    tiers = sorted(row["of"].figures["tiers"], key=lambda tier: tier["ordinal"])
    return [("TierCount", {"tier": Row(**tier), "count": tier["count"]}) for tier in tiers]


def PhaseResult_gained(sight: Sight, row: dict[str, Any]) -> int:
    result = row["of"]
    return sum(
        one.gained
        for one in sight.world.where("adjustment", phase_id=result.phase_id)
        if sight.world.below(sight.world.unit_of(one), sight.world.unit_of(result))
    )


def PhaseResult_by(sight: Sight, row: dict[str, Any]) -> One:
    return actor(sight, row["of"])


def Unit_adjustments(sight: Sight, row: Row, campaign: str, phase: int, **_: Any) -> Listing:
    _, phases = phases_of(sight, campaign, phase)
    found = [
        one
        for one in sight.visible("adjustment")
        if phases
        and one.phase_id == phases[0].id
        and sight.world.below(sight.world.unit_of(one), row)
    ]
    return listings.newest("Adjustment", found)


def Phase_adjustments(sight: Sight, row: Row, **_: Any) -> Listing:
    found = [one for one in sight.visible("adjustment") if one.phase_id == row.id]
    return listings.newest("Adjustment", found)


def Adjustment_initiative(sight: Sight, row: Row) -> One:
    return seen(sight, "Initiative", row.initiative_id)


def Phase_overrides(sight: Sight, row: Row) -> list[One]:
    found = [one for one in sight.visible("window_override") if one.phase_id == row.id]
    line = sight.world.line
    found.sort(key=lambda one: (len(line(sight.world.unit_of(one))), sight.world.unit_of(one).code))
    return [("WindowOverride", one) for one in found]


def Campaign_rubric(_: Sight, row: Row) -> list[One]:
    lines = sorted(row.rubric.items(), key=lambda line: (-line[1], line[0]))
    return [("Criterion", {"criterion": name, "most": most}) for name, most in lines]


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
