"""What a unit may be given as its target in a phase, and when that takes a reason.

Source: PROGRAMME.md, "States and rules".
"""

from collections.abc import Sequence
from dataclasses import dataclass

from db.rules.errors import InvalidInputError, Problem, RejectedError

MOST = 10_000_000
"""No target is larger; the whole Confederation has 11 million members."""


class TargetRejectedError(RejectedError):
    """UNIT_CLOSED, OUTSIDE_CAMPAIGN, NO_TARGET, NO_CHILDREN, NO_LAST_PHASE, NO_WEIGHTS."""


@dataclass(frozen=True)
class Standing:
    """A unit and its target in a phase as they stand; `version` is 0 where nothing was ever set.

    `closed` says that the unit is closed, `over` that the phase is for this unit: its last day
    has passed, or its results are frozen.
    """

    unit_id: int
    code: str
    members: int
    closed: bool
    over: bool
    assigned: int | None
    registered: int | None
    version: int

    @property
    def effective(self) -> int | None:
        """Return what holds: registered, else assigned."""
        return self.assigned if self.registered is None else self.registered


@dataclass(frozen=True)
class Change:
    """A new value of a target, None to take it away, and the one before."""

    of: Standing
    value: int | None
    previous: int | None


def changes(wanted: Sequence[Change], reason: str | None) -> list[Change]:
    """Return those that change anything.

    Raises TargetRejectedError where a closed unit is given a target, and InvalidInputError
    where the phase is over and there is no reason.
    """
    found = [change for change in wanted if change.value != change.previous]
    for change in found:
        if change.of.closed and change.value is not None:
            raise TargetRejectedError("UNIT_CLOSED", unit=change.of.code, unit_id=change.of.unit_id)
    if not reason and any(change.of.over for change in found):
        raise InvalidInputError(Problem(("reason",), "REASON_NEEDED"))
    return found
