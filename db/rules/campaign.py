"""What a campaign's dates and benefit tiers must be.

Source: PROGRAMME.md, "Entities": tiers may overlap, and both ends belong to them.
"""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from db.rules.errors import InvalidInputError, Problem, RejectedError


class CampaignRejectedError(RejectedError):
    """UNIT_CLOSED: the owner is no longer."""


class Band(Protocol):
    """A benefit tier as named in an input; amounts in VND, an open end is None."""

    label: str
    from_: int
    to: int | None


def check_order(first: date, last: date, path: str) -> None:
    """Refuse dates whose last day is before the first; `path` is the field to be blamed."""
    if last < first:
        raise InvalidInputError(Problem((path,), "DATES_REVERSED", first.isoformat()))


def check_bands(tiers: Sequence[Band]) -> None:
    """Refuse tiers that end below where they begin."""
    reversed_ = [
        Problem(("tiers", str(index), "to"), "TOO_SMALL", str(tier.from_))
        for index, tier in enumerate(tiers)
        if tier.to is not None and tier.to < tier.from_
    ]
    if reversed_:
        raise InvalidInputError(*reversed_)
