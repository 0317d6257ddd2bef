"""Who may read the schema from the API."""

from enum import StrEnum


class Introspection(StrEnum):
    """Who may ask for `__schema` and `__type`, and is told what a wrong name may have meant."""

    ALL = "all"
    SIGNED_IN = "signed-in"
    NONE = "none"

    def is_open_to(self, username: str | None) -> bool:
        """Whether a caller may; None is nobody."""
        if self is Introspection.SIGNED_IN:
            return username is not None
        return self is Introspection.ALL
