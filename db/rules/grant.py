"""Rules of granting and revoking roles; the root always keeps an ADMIN.

Source: PROGRAMME.md, "Who may do what" and "Separation of duties". Only an ADMIN grants roles, any
role, within its own subtree and to others: row-level security and `require` enforce that.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from db.rules.errors import ForbiddenError, InvalidInputError, Problem, RejectedError

_DAY = timedelta(days=1)


class GrantRejectedError(RejectedError):
    """The programme's rules do not allow the role grant, or its revocation."""


@dataclass(frozen=True)
class Span:
    """The days on which a role grant is valid, both included; without `valid_to`, forever."""

    valid_from: date
    valid_to: date | None


def check_days(span: Span, today: date) -> None:
    """Raise InvalidInputError for reversed days, and for a role grant that has already ended."""
    if span.valid_to is None:
        return
    if span.valid_to < span.valid_from:
        raise InvalidInputError(Problem(("validTo",), "DATES_REVERSED", str(span.valid_from)))
    if span.valid_to < today:
        raise InvalidInputError(Problem(("validTo",), "OVER", str(today)))


def held_until(spans: Iterable[Span], today: date) -> date:
    """Return the last day up to which some role grant is valid on every day from today on.

    Yesterday where none is valid today; `date.max` where there is no end.
    """
    last = today - _DAY
    for span in sorted(spans, key=lambda span: span.valid_from):
        if span.valid_from > last + _DAY:
            break
        if span.valid_to is None:
            return date.max
        last = max(last, span.valid_to)
    return last


def check_root(before: Iterable[Span], after: Iterable[Span], today: date) -> None:
    """Raise GrantRejectedError if the root would lose its only ADMIN on some day from today on."""
    left = held_until(after, today)
    if left < held_until(before, today):
        raise GrantRejectedError("LAST_ADMIN", left_until=left if left >= today else None)


def check_others(*, own: bool, permission: str, unit: str, unit_id: int) -> None:
    """Raise ForbiddenError if `own`: the action gives, changes or revokes a role of the caller.

    That includes roles of other accounts of the caller's person.
    """
    if own:
        raise ForbiddenError(permission.upper(), unit, code="OWN_GRANT", unit_id=unit_id)


def check_grantee(role: str, *, disabled: bool, elsewhere: bool, unit_id: int) -> None:
    """Raise GrantRejectedError for a disabled account, and for an auditor with other tasks.

    An auditor only reads, whatever its other role grants: AUDITOR disables these, so the caller
    must manage all of them.
    """
    if disabled:
        raise GrantRejectedError("ACCOUNT_DISABLED", unit_id=unit_id)
    if role == "AUDITOR" and elsewhere:
        raise GrantRejectedError("HAS_OTHER_TASKS", unit_id=unit_id)
