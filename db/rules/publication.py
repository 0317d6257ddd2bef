"""What may be shown to the public."""

from db.rules.errors import RejectedError
from db.rules.review import RECOGNISED


class PublicationRejectedError(RejectedError):
    """NOT_RECOGNISED, with the state, or CONFIDENTIAL."""


def check_publication(state: str, *, confidential: bool) -> None:
    """Refuse to show what nobody has recognised, or a secret. Raises PublicationRejectedError."""
    if state not in RECOGNISED:
        raise PublicationRejectedError("NOT_RECOGNISED", state=state)
    if confidential:
        raise PublicationRejectedError("CONFIDENTIAL", state=state)
