"""What may be commended, by whom and when. Source: PROGRAMME.md, "Entities"."""

from collections.abc import Sequence
from datetime import date

from db.rules.errors import InvalidInputError, Problem, RejectedError


class AwardRejectedError(RejectedError):
    """UNIT_CLOSED, OUTSIDE_SUBTREE, OUTSIDE_CAMPAIGN or AWARDED_LATER."""


def check_named(
    unit: str | None, person: str | None, campaign: str | None, phase: int | None
) -> None:
    """Insist on one recipient, and on a campaign and a phase together."""
    if unit is None and person is None:
        raise InvalidInputError(Problem(("recipientUnit",), "BLANK"))
    if unit is not None and person is not None:
        raise InvalidInputError(Problem(("recipientPerson",), "ONE_RECIPIENT"))
    if campaign is None and phase is not None:
        raise InvalidInputError(Problem(("campaign",), "BLANK"))
    if campaign is not None and phase is None:
        raise InvalidInputError(Problem(("phase",), "BLANK"))


def check_open(unit: str | None, *, closed: bool) -> None:
    """Refuse a closed unit, be it to give or to receive."""
    if closed:
        raise AwardRejectedError("UNIT_CLOSED", unit_code=unit)


def check_within(line: Sequence[int], issuer_id: int, issuer: str) -> None:
    """Refuse a recipient outside the issuer's subtree.

    `line` holds the ids from the root down to the recipient, or to the person's unit and those
    whose initiatives the person has achieved.
    """
    if issuer_id not in line:
        raise AwardRejectedError("OUTSIDE_SUBTREE", unit_code=issuer, unit_id=issuer_id)


def check_covered(line: Sequence[int], owner_id: int) -> None:
    """Refuse a campaign that the recipient takes no part in."""
    if owner_id not in line:
        raise AwardRejectedError("OUTSIDE_CAMPAIGN")


def check_day(awarded_on: date, today: date) -> None:
    """Refuse a day that is still ahead."""
    if awarded_on > today:
        raise AwardRejectedError("AWARDED_LATER", today=today)
