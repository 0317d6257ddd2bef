"""The fields of decisions: their deciders and score sheets.

A function has the name of its type and field.
"""

# ruff: noqa: N802 - functions have the names of fields

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.oracle import listings
from tests.oracle.duties import place_of
from tests.oracle.paging import Listing
from tests.oracle.seen import One, actor, seen, unit_of
from tests.oracle.sight import Sight
from tests.oracle.work_fields import Review_scores
from tests.oracle.world import Row

ReviewSheet_unit = unit_of
ReviewSheet_by = actor
ReviewSheet_scores = Review_scores


def decider_missing(sight: Sight, row: Row) -> bool:
    """Return whether no account may decide at the awaited unit, as far as the caller follows it."""
    awaited = sight.world.find("unit", row.awaits_id)
    if awaited is None or not sight.follows(row):
        return False
    return place_of(sight.world, row, awaited) is not awaited


Initiative_deciderMissing = decider_missing


def Initiative_escalatedTo(sight: Sight, row: Row) -> One | None:
    awaited = sight.world.find("unit", row.awaits_id)
    if awaited is None or not decider_missing(sight, row):
        return None
    place = place_of(sight.world, row, awaited)
    return None if place is None else seen(sight, "Unit", place.id)


def Initiative_sheets(sight: Sight, row: Row) -> list[One]:
    return _sheets(sight, initiative_id=row.id, review_id=None)


def Review_sheets(sight: Sight, row: Row) -> list[One]:
    return _sheets(sight, review_id=row.id)


def _sheets(sight: Sight, **of: Any) -> list[One]:
    found = [
        one for one in sight.world.where("review_sheet", **of) if sight.sees("review_sheet", one)
    ]
    return [("ReviewSheet", one) for one in sorted(found, key=lambda one: one.id)]


def Review_meanScores(sight: Sight, row: Row) -> list[One]:
    given: dict[str, list[int]] = {}
    for sheet in _counting(sight, row):
        for criterion, score in sheet.scores.items():
            given.setdefault(criterion, []).append(score)
    means = ((criterion, _mean(scores)) for criterion, scores in sorted(given.items()))
    return [("MeanScore", {"criterion": criterion, "mean": mean}) for criterion, mean in means]


def Review_meanTotal(sight: Sight, row: Row) -> float | None:
    sheets = _counting(sight, row)
    return _mean([sum(sheet.scores.values()) for sheet in sheets]) if sheets else None


def _counting(sight: Sight, review: Row) -> list[Row]:
    """Return the sheets that count: those for the unit whose decision it is."""
    return sight.world.where("review_sheet", review_id=review.id, unit_id=review.unit_id)


def _mean(numbers: list[int]) -> float:
    mean = Decimal(sum(numbers)) / len(numbers)
    return float(mean.quantize(Decimal("0.01"), ROUND_HALF_UP))


def ReviewSheet_total(_: Sight, row: Row) -> int:
    return sum(row.scores.values())


def Review_actingUnit(sight: Sight, row: Row) -> One:
    return seen(sight, "Unit", row.acting_unit_id)


QueueEntry_deciderMissing = decider_missing


def QueueEntry_escalatedFrom(sight: Sight, row: Row) -> One | None:
    return seen(sight, "Unit", row.awaits_id) if row.escalated else None


def Unit_awaiting(sight: Sight, row: Row, **_: Any) -> Listing:
    return listings.awaiting(sight, row)
