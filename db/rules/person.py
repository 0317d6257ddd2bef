"""Rules of a member's record and of adding members to units.

Source: PROGRAMME.md, "Entities" and "Who may do what": managers of a unit manage its members.
"""

import re
from dataclasses import dataclass

from db.rules.errors import InvalidInputError, Problem, RejectedError

_EMAIL = re.compile(r"[^\s@<>\",;:]+@[^\s@<>\",;:]+\.[^\s@<>\",;:]+")
_PHONE = re.compile(r"\+?[0-9][0-9 ().-]*")


class PersonRejectedError(RejectedError):
    """UNIT_CLOSED: the unit is closed. HAS_ACCOUNT: the e-mail address must not change."""


@dataclass(frozen=True)
class Record:
    """The data of a member; `email` and `phone` are None where there is none."""

    code: str
    name: str
    unit_id: int
    sector: str
    email: str | None
    phone: str | None


def check_contact(email: str | None, phone: str | None) -> None:
    """Raise InvalidInputError for an invalid e-mail address or telephone number."""
    problems = []
    if email is not None and not _EMAIL.fullmatch(email):
        problems.append(Problem(("email",), "NOT_AN_EMAIL"))
    if phone is not None and not _PHONE.fullmatch(phone):
        problems.append(Problem(("phone",), "NOT_A_PHONE"))
    if problems:
        raise InvalidInputError(*problems)


def check_entry(before: Record | None, after: Record, *, closed: bool, has_account: bool) -> None:
    """Raise PersonRejectedError for a closed unit, or for a new address of an account's holder.

    The address may link an external identity to the account (docs/adr/0011-external-issuers.md).
    """
    if closed and (before is None or before.unit_id != after.unit_id):
        raise PersonRejectedError("UNIT_CLOSED", unit_id=after.unit_id)
    if has_account and before is not None and before.email != after.email:
        raise PersonRejectedError("HAS_ACCOUNT", unit_id=before.unit_id)
