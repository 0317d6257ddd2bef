"""Rules of publishing initiatives."""

from db.rules.errors import RejectedError
from db.rules.review import RECOGNISED


class PublicationRejectedError(RejectedError):
    """NOT_RECOGNISED, with the state, or CONFIDENTIAL."""


def check_publication(state: str, *, confidential: bool) -> None:
    """Raise PublicationRejectedError for an unrecognised or a confidential initiative."""
    if state not in RECOGNISED:
        raise PublicationRejectedError("NOT_RECOGNISED", state=state)
    if confidential:
        raise PublicationRejectedError("CONFIDENTIAL", state=state)
