"""Rules of the dates of phases, drives and overrides, and of when a phase is settled.

Days are those in Asia/Ho_Chi_Minh, both ends included. Source: PROGRAMME.md, "States and rules".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from db.rules.errors import RejectedError


class PhaseRejectedError(RejectedError):
    """OVERLAP, OUTSIDE_PHASE, DRIVE_LEFT_OUT, NOT_CLOSED, FROZEN and the like, with the dates."""


@dataclass(frozen=True)
class Span:
    """The days of a phase at a unit, both included; `unit` is the unit's code."""

    ordinal: int
    opens_on: date
    closes_on: date
    unit: str | None = None

    def meets(self, other: "Span") -> bool:
        """Return whether the two share a day."""
        return self.opens_on <= other.closes_on and other.opens_on <= self.closes_on

    def holds(self, first: date, last: date) -> bool:
        """Return whether it includes all days from the first to the last."""
        return self.opens_on <= first and last <= self.closes_on


@dataclass(frozen=True)
class CalledDrive:
    """A drive of a unit."""

    id: int
    title: str
    opens_on: date
    closes_on: date
    unit: str


def check_apart(changed: Span, others: Sequence[Span]) -> None:
    """Raise PhaseRejectedError if a phase overlaps another of the campaign at the same unit."""
    for other in others:
        if other.ordinal != changed.ordinal and changed.meets(other):
            raise PhaseRejectedError(
                "OVERLAP",
                ordinal=other.ordinal,
                opens_on=other.opens_on,
                closes_on=other.closes_on,
                unit_code=changed.unit,
            )


def check_inside(span: Span, first: date, last: date) -> None:
    """Raise PhaseRejectedError if a drive is not within its phase's window at the unit."""
    if not span.holds(first, last):
        raise PhaseRejectedError(
            "OUTSIDE_PHASE",
            ordinal=span.ordinal,
            opens_on=span.opens_on,
            closes_on=span.closes_on,
            unit_code=span.unit,
        )


def check_left_out(drives: Sequence[CalledDrive], today: date) -> None:
    """Raise PhaseRejectedError if one of these drives, outside their phase, is not over yet."""
    for drive in drives:
        if drive.closes_on >= today:
            raise PhaseRejectedError(
                "DRIVE_LEFT_OUT",
                drive_title=drive.title,
                opens_on=drive.opens_on,
                closes_on=drive.closes_on,
                unit_code=drive.unit,
            )


def is_settled(closes_on: date, today: date, *, frozen: bool) -> bool:
    """Return whether a change needs a reason: the phase has closed, or its results are frozen."""
    return frozen or today > closes_on


def check_freezable(last: Span, today: date, frozen_on: date | None) -> None:
    """Raise PhaseRejectedError for a frozen phase, or one open anywhere; `last` closes last."""
    if frozen_on is not None:
        raise PhaseRejectedError("FROZEN", ordinal=last.ordinal, frozen_on=frozen_on)
    if not is_settled(last.closes_on, today, frozen=False):
        raise PhaseRejectedError(
            "NOT_CLOSED",
            ordinal=last.ordinal,
            opens_on=last.opens_on,
            closes_on=last.closes_on,
            unit_code=last.unit,
        )
