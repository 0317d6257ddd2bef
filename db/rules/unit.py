"""Rules of the unit tree: creating, moving, merging and closing units.

Source: PROGRAMME.md, "Entities" (never deleted: closed, moved or merged, with history).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from db.rules.errors import InvalidInputError, Problem, RejectedError

LEVELS = ("CONFEDERATION", "FEDERATION", "UPPER", "GRASSROOTS")
"""From the top down."""


class UnitRejectedError(RejectedError):
    """The tree does not allow the change; the facts name the unit, the levels or the count."""


@dataclass(frozen=True)
class Place:
    """A unit in the tree; `path` has the ids from the root down to it, joined by dots."""

    id: int
    code: str
    level: str
    path: str
    closed_on: date | None = None

    def within(self, top: "Place") -> bool:
        """Return whether it is `top` or below it."""
        return self.path == top.path or self.path.startswith(f"{top.path}.")


@dataclass(frozen=True)
class Ties:
    """The counts that keep a unit from closing, such as its open child units."""

    children: int
    awaited: int
    members: int
    returned: int
    campaigns: int


def check_day(field: str, day: date, today: date, first: date | None = None) -> None:
    """Raise InvalidInputError for a day in the future, or before the first possible one."""
    if day > today:
        raise InvalidInputError(Problem((field,), "STILL_AHEAD", str(today)))
    if first is not None and day < first:
        raise InvalidInputError(Problem((field,), "DATES_REVERSED", str(first)))


def check_open(*units: Place) -> None:
    """Raise UnitRejectedError if one of the units is closed."""
    for unit in units:
        if unit.closed_on is not None:
            raise UnitRejectedError(
                "CLOSED", unit_id=unit.id, unit_code=unit.code, closed_on=unit.closed_on
            )


def check_below(level: str, above: Place) -> None:
    """Raise UnitRejectedError unless the level is lower than that of the unit above."""
    if LEVELS.index(level) <= LEVELS.index(above.level):
        raise UnitRejectedError(
            "LEVEL_ORDER",
            unit_id=above.id,
            unit_code=above.code,
            level=level,
            other_level=above.level,
        )


def check_move(unit: Place, parent: Place, old_parent_id: int | None) -> None:
    """Raise UnitRejectedError for a closed unit, a cycle, wrong levels, or the current parent."""
    check_open(unit, parent)
    if parent.within(unit):
        raise UnitRejectedError("CYCLE", unit_id=unit.id, unit_code=unit.code)
    check_below(unit.level, parent)
    if parent.id == old_parent_id:
        raise UnitRejectedError("THERE_ALREADY", unit_id=unit.id, unit_code=parent.code)


def check_merge(units: Sequence[Place], into: Place) -> None:
    """Raise UnitRejectedError for a closed unit, a target in the unit's subtree, or two levels."""
    check_open(*units, into)
    for unit in units:
        if into.within(unit):
            raise UnitRejectedError("CYCLE", unit_id=unit.id, unit_code=unit.code)
        if unit.level != into.level:
            raise UnitRejectedError(
                "LEVELS_DIFFER",
                unit_id=unit.id,
                unit_code=unit.code,
                level=unit.level,
                other_level=into.level,
            )


def check_close(unit: Place, ties: Ties) -> None:
    """Raise UnitRejectedError for a closed unit, the root, or a unit with open business.

    A unit whose members or tasks continue elsewhere is merged instead.
    """
    check_open(unit)
    if unit.level == LEVELS[0]:
        raise UnitRejectedError("ROOT", unit_id=unit.id, unit_code=unit.code)
    for code, count in (
        ("HAS_CHILDREN", ties.children),
        ("AWAITED", ties.awaited),
        ("HAS_MEMBERS", ties.members),
        ("HAS_RETURNED", ties.returned),
        ("OWNS_CAMPAIGN", ties.campaigns),
    ):
        if count:
            raise UnitRejectedError(code, unit_id=unit.id, unit_code=unit.code, count=count)
