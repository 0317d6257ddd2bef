"""The setting of who may read the schema from the API."""

from enum import StrEnum


class Introspection(StrEnum):
    """Which callers may query `__schema` and `__type`, and get suggestions for misspelt names."""

    ALL = "all"
    SIGNED_IN = "signed-in"
    NONE = "none"

    def is_open_to(self, username: str | None) -> bool:
        """Return whether a caller may read the schema; None is an anonymous caller."""
        if self is Introspection.SIGNED_IN:
            return username is not None
        return self is Introspection.ALL
