"""What the tree allows: where a unit may stand, what it may become part of, when it may close.

Source: PROGRAMME.md, "Entities" (never deleted: closed, moved or merged, with history).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from db.rules.errors import InvalidInputError, Problem, RejectedError

LEVELS = ("CONFEDERATION", "FEDERATION", "UPPER", "GRASSROOTS")
"""From the top."""


class UnitRejectedError(RejectedError):
    """What the tree does not allow, with the unit, the levels or how many stand in the way."""


@dataclass(frozen=True)
class Place:
    """A unit and where it stands; `path` is its ids from the root down, joined by dots."""

    id: int
    code: str
    level: str
    path: str
    closed_on: date | None = None

    def within(self, top: "Place") -> bool:
        """Whether it is `top` or stands below it."""
        return self.path == top.path or self.path.startswith(f"{top.path}.")


@dataclass(frozen=True)
class Ties:
    """What keeps a unit from closing: how many open units below, and so on."""

    children: int
    awaited: int
    members: int
    returned: int
    campaigns: int


def check_day(field: str, day: date, today: date, first: date | None = None) -> None:
    """Refuse a day that is still ahead, or before the first one possible."""
    if day > today:
        raise InvalidInputError(Problem((field,), "STILL_AHEAD", str(today)))
    if first is not None and day < first:
        raise InvalidInputError(Problem((field,), "DATES_REVERSED", str(first)))


def check_open(*units: Place) -> None:
    """Refuse to change a unit that is closed, or to put something there."""
    for unit in units:
        if unit.closed_on is not None:
            raise UnitRejectedError(
                "CLOSED", unit_id=unit.id, unit_code=unit.code, closed_on=unit.closed_on
            )


def check_below(level: str, above: Place) -> None:
    """Refuse a unit that would not be of a lower level than the one above it."""
    if LEVELS.index(level) <= LEVELS.index(above.level):
        raise UnitRejectedError(
            "LEVEL_ORDER",
            unit_id=above.id,
            unit_code=above.code,
            level=level,
            other_level=above.level,
        )


def check_move(unit: Place, parent: Place, old_parent_id: int | None) -> None:
    """Refuse a move of or to what is closed, below itself, against levels, or to where it is."""
    check_open(unit, parent)
    if parent.within(unit):
        raise UnitRejectedError("CYCLE", unit_id=unit.id, unit_code=unit.code)
    check_below(unit.level, parent)
    if parent.id == old_parent_id:
        raise UnitRejectedError("THERE_ALREADY", unit_id=unit.id, unit_code=parent.code)


def check_merge(units: Sequence[Place], into: Place) -> None:
    """Refuse a merge with what is closed, into a unit itself or one below it, or across levels."""
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
    """Refuse to close what is closed, the root, and a unit in which something goes on.

    A unit whose members or tasks go on elsewhere is merged.
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
