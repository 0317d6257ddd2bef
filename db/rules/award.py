"""Rules of awards: who may receive one, from whom and when. Source: PROGRAMME.md, "Entities"."""

from collections.abc import Sequence
from datetime import date

from db.rules.errors import InvalidInputError, Problem, RejectedError


class AwardRejectedError(RejectedError):
    """UNIT_CLOSED, OUTSIDE_SUBTREE, OUTSIDE_CAMPAIGN or AWARDED_LATER."""


def check_named(
    unit: str | None, person: str | None, campaign: str | None, phase: int | None
) -> None:
    """Raise InvalidInputError unless one recipient is given, and campaign and phase together."""
    if unit is None and person is None:
        raise InvalidInputError(Problem(("recipientUnit",), "BLANK"))
    if unit is not None and person is not None:
        raise InvalidInputError(Problem(("recipientPerson",), "ONE_RECIPIENT"))
    if campaign is None and phase is not None:
        raise InvalidInputError(Problem(("campaign",), "BLANK"))
    if campaign is not None and phase is None:
        raise InvalidInputError(Problem(("phase",), "BLANK"))


def check_open(unit: str | None, *, closed: bool) -> None:
    """Raise AwardRejectedError if the issuing or the receiving unit is closed."""
    if closed:
        raise AwardRejectedError("UNIT_CLOSED", unit_code=unit)


def check_within(line: Sequence[int], issuer_id: int, issuer: str) -> None:
    """Raise AwardRejectedError if the recipient is outside the issuer's subtree.

    `line` has the ids of the recipient and its ancestors; for a person, of its unit, of the units
    whose initiatives it achieved, and of their ancestors.
    """
    if issuer_id not in line:
        raise AwardRejectedError("OUTSIDE_SUBTREE", unit_code=issuer, unit_id=issuer_id)


def check_covered(line: Sequence[int], owner_id: int) -> None:
    """Raise AwardRejectedError if the recipient does not take part in the campaign."""
    if owner_id not in line:
        raise AwardRejectedError("OUTSIDE_CAMPAIGN")


def check_day(awarded_on: date, today: date) -> None:
    """Raise AwardRejectedError for a day in the future."""
    if awarded_on > today:
        raise AwardRejectedError("AWARDED_LATER", today=today)
