"""Rules of links between a duplicate and its original.

The original of a duplicate is not itself a duplicate: there are no chains and no cycles.
"""

from dataclasses import dataclass

from db.rules.errors import RejectedError

LINKABLE = ("SUBMITTED", "RECOGNISED", "CONFIRMED", "RETURNED")
_NO_ORIGINALS = ("DRAFT", "WITHDRAWN", "DUPLICATE")


class DuplicateRejectedError(RejectedError):
    """SAME_INITIATIVE, WRONG_STATE, OTHER_CAMPAIGN, NOT_AN_ORIGINAL or HAS_DUPLICATES."""


@dataclass(frozen=True)
class Candidate:
    """An initiative; `has_duplicates` where it is the original of others."""

    id: int
    state: str
    campaign_id: int
    has_duplicates: bool = False


def check_link(duplicate: Candidate, original: Candidate) -> None:
    """Raise DuplicateRejectedError if the link is not allowed."""
    if duplicate.id == original.id:
        raise DuplicateRejectedError("SAME_INITIATIVE")
    if duplicate.campaign_id != original.campaign_id:
        raise DuplicateRejectedError("OTHER_CAMPAIGN")
    if duplicate.state not in LINKABLE:
        raise DuplicateRejectedError("WRONG_STATE", state=duplicate.state)
    if original.state in _NO_ORIGINALS:
        raise DuplicateRejectedError("NOT_AN_ORIGINAL", state=original.state)
    if duplicate.has_duplicates:
        raise DuplicateRejectedError("HAS_DUPLICATES", state=duplicate.state)
