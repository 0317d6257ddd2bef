"""Rules of a campaign's dates and benefit tiers.

Source: PROGRAMME.md, "Entities": tiers may overlap, and include both ends.
"""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from db.rules.errors import InvalidInputError, Problem, RejectedError


class CampaignRejectedError(RejectedError):
    """UNIT_CLOSED: the owner unit is closed."""


class Band(Protocol):
    """A benefit tier in an input; amounts in VND, an open end is None."""

    label: str
    from_: int
    to: int | None


def check_order(first: date, last: date, path: str) -> None:
    """Raise InvalidInputError, for the field `path`, if the last day is before the first."""
    if last < first:
        raise InvalidInputError(Problem((path,), "DATES_REVERSED", first.isoformat()))


def check_bands(tiers: Sequence[Band]) -> None:
    """Raise InvalidInputError for tiers whose upper end is below the lower one."""
    reversed_ = [
        Problem(("tiers", str(index), "to"), "TOO_SMALL", str(tier.from_))
        for index, tier in enumerate(tiers)
        if tier.to is not None and tier.to < tier.from_
    ]
    if reversed_:
        raise InvalidInputError(*reversed_)
