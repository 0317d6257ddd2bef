"""Rules of editing, submitting and withdrawing an initiative.

Source: PROGRAMME.md, "States and rules".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from db.rules.errors import ForbiddenError, InvalidInputError, Problem, RejectedError

EDITABLE = ("DRAFT", "RETURNED")
WITHDRAWABLE = ("DRAFT", "SUBMITTED", "RETURNED")
ALL = Decimal(100)
LEAST = Decimal(1)
MOST_BENEFIT = 10**12
"""VND in a year: three years of three million initiatives are a total of less than 2^63."""


class InitiativeRejectedError(RejectedError):
    """WRONG_STATE, OUTSIDE_EVERY_WINDOW, NO_PHASE, APPLIED_OUTSIDE and the like, with the dates."""


@dataclass(frozen=True)
class Window:
    """The days of a phase for one unit, both included."""

    phase_id: int
    opens_on: date
    closes_on: date
    frozen: bool = False

    def distance(self, day: date) -> int:
        """Return the number of days between the window and a day; 0 for a day of the window."""
        return max((self.opens_on - day).days, (day - self.closes_on).days, 0)


def check_state(state: str, allowed: Sequence[str]) -> None:
    """Raise InitiativeRejectedError if the action is not allowed in this state."""
    if state not in allowed:
        raise InitiativeRejectedError("WRONG_STATE", state=state)


def check_shares(shares: Sequence[Decimal]) -> None:
    """Raise InvalidInputError if shares do not sum to 100 percent, or one is below 1 percent."""
    small = [index for index, share in enumerate(shares) if share < LEAST]
    if small:
        raise InvalidInputError(
            *(Problem(("authors", str(index), "share"), "TOO_SMALL", str(LEAST)) for index in small)
        )
    if sum(shares) != ALL:
        raise InvalidInputError(Problem(("authors",), "SHARES_NOT_100", str(ALL)))


def check_authors(
    before: Mapping[int, Decimal], after: Mapping[int, Decimal], *, own: int | None, for_all: bool
) -> None:
    """Raise ForbiddenError if authors are removed, or their shares lowered, without their consent.

    Shares are by person; `own` is the caller's person. With `for_all` the caller is SUPPORT or
    OFFICER of the unit and may do so, as long as it is not an author afterwards. Other callers
    stay authors, or leave without adding an author.
    """
    if for_all and own not in after:
        return
    joined = after.keys() - before.keys()
    if not for_all and own not in after and (own not in before or joined):
        raise ForbiddenError("INITIATIVE_WRITE")
    if any(after.get(who, 0) < share for who, share in before.items() if who != own):
        raise ForbiddenError("INITIATIVE_WRITE", code="OTHERS_SHARE")


def without(shares: Mapping[int, Decimal], leaving: int | None) -> dict[int, Decimal]:
    """Return the shares after an author has left: the others get the share in proportion.

    Raises InvalidInputError if no author would be left, or the caller is not an author.
    """
    if leaving not in shares or len(shares) == 1:
        raise InvalidInputError(Problem(("leave",), "TOO_FEW", "1"))
    kept = {who: share for who, share in shares.items() if who != leaving}
    whole = sum(kept.values())
    first, *others = sorted(kept, key=lambda who: (-kept[who], who))
    raised = {who: round(kept[who] * ALL / whole, 2) for who in others}
    return {first: ALL - sum(raised.values()), **raised}


def check_applied(applied_on: date, applied_from: date, applied_to: date, today: date) -> None:
    """Raise InitiativeRejectedError if the day of application is not eligible, or in the future."""
    if not applied_from <= applied_on <= applied_to:
        raise InitiativeRejectedError(
            "APPLIED_OUTSIDE", applied_from=applied_from, applied_to=applied_to
        )
    if applied_on > today:
        raise InitiativeRejectedError("APPLIED_LATER")


def counting_window(windows: Sequence[Window], day: date) -> Window:
    """Return the window of the day of submission.

    Raises InitiativeRejectedError, with the nearest window, if the day is in none.
    """
    if not windows:
        raise InitiativeRejectedError("NO_PHASE")
    nearest = min(windows, key=lambda window: (window.distance(day), window.opens_on))
    if nearest.distance(day):
        raise InitiativeRejectedError(
            "OUTSIDE_EVERY_WINDOW", opens_on=nearest.opens_on, closes_on=nearest.closes_on
        )
    return nearest
