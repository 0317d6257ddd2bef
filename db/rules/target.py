"""Rules of setting a unit's target in a phase, and of when that needs a reason.

Source: PROGRAMME.md, "States and rules".
"""

from collections.abc import Sequence
from dataclasses import dataclass

from db.rules.errors import InvalidInputError, Problem, RejectedError

MOST = 10_000_000
"""The largest target; the whole Confederation has 11 million members."""


class TargetRejectedError(RejectedError):
    """UNIT_CLOSED, OUTSIDE_CAMPAIGN, NO_TARGET, NO_CHILDREN, NO_LAST_PHASE, NO_WEIGHTS."""


@dataclass(frozen=True)
class Standing:
    """A unit and its current target in a phase; `version` is 0 if none was ever set.

    `closed`: the unit is closed. `over`: the phase is over for this unit, as its last day has
    passed or its results are frozen.
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
        """Return the effective target: registered, else assigned."""
        return self.assigned if self.registered is None else self.registered


@dataclass(frozen=True)
class Change:
    """A new value of a target, None to clear it, and the value before."""

    of: Standing
    value: int | None
    previous: int | None


def changes(wanted: Sequence[Change], reason: str | None) -> list[Change]:
    """Return the changes whose value differs from the one before.

    Raises TargetRejectedError if a closed unit gets a target, and InvalidInputError if the phase
    is over and there is no reason.
    """
    found = [change for change in wanted if change.value != change.previous]
    for change in found:
        if change.of.closed and change.value is not None:
            raise TargetRejectedError(
                "UNIT_CLOSED", unit_code=change.of.code, unit_id=change.of.unit_id
            )
    if not reason and any(change.of.over for change in found):
        raise InvalidInputError(Problem(("reason",), "REASON_NEEDED"))
    return found
