"""What may be granted and taken back, and that the root always has somebody who grants.

Source: PROGRAMME.md, "Who may do what" and "Separation of duties". Only an ADMIN grants, within its
own subtree: row-level security and `require` see to that. It grants any role there, to others.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from db.rules.errors import ForbiddenError, InvalidInputError, Problem, RejectedError

_DAY = timedelta(days=1)


class GrantRejectedError(RejectedError):
    """A grant that the programme's rules do not allow, given or taken."""


@dataclass(frozen=True)
class Span:
    """The days on which a grant holds, both included; without `valid_to` it does not end."""

    valid_from: date
    valid_to: date | None


def check_days(span: Span, today: date) -> None:
    """Refuse days in reverse, and a grant that is over before it is given."""
    if span.valid_to is None:
        return
    if span.valid_to < span.valid_from:
        raise InvalidInputError(Problem(("validTo",), "DATES_REVERSED", str(span.valid_from)))
    if span.valid_to < today:
        raise InvalidInputError(Problem(("validTo",), "OVER", str(today)))


def held_until(spans: Iterable[Span], today: date) -> date:
    """Return the last day until which some grant holds on every day from today on.

    Yesterday where none holds today; `date.max` where there is no end.
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
    """Refuse what would leave the root without an ADMIN on a day on which it would have one."""
    left = held_until(after, today)
    if left < held_until(before, today):
        raise GrantRejectedError("LAST_ADMIN", left_until=left if left >= today else None)


def check_others(*, own: bool, permission: str, unit: str, unit_id: int) -> None:
    """Refuse what gives, changes or takes a role of the caller's own account, or its person's.

    `own`: whether it does. Raises ForbiddenError.
    """
    if own:
        raise ForbiddenError(permission.upper(), unit, code="OWN_GRANT", unit_id=unit_id)


def check_grantee(role: str, *, disabled: bool, elsewhere: bool, unit_id: int) -> None:
    """Refuse a disabled account; and to make an auditor of one that others have given tasks.

    An auditor only reads, whatever else it was granted: so its other grants end with that.
    """
    if disabled:
        raise GrantRejectedError("ACCOUNT_DISABLED", unit_id=unit_id)
    if role == "AUDITOR" and elsewhere:
        raise GrantRejectedError("HAS_OTHER_TASKS", unit_id=unit_id)
