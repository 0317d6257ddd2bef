"""Who may read the schema from the API."""

from enum import StrEnum

from graphql import GraphQLError

from schema.compiler.errors import RefusedError
from schema.compiler.plan import Operation


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

    def check(self, operation: Operation, username: str | None) -> None:
        """Refuse an operation that reads the schema where the caller may not. Raises RefusedError.

        This is asked for each request: what was prepared for one caller is run for others too.
        """
        if operation.introspects and not self.is_open_to(username):
            message = "The schema is not open to introspection by this caller."
            extensions = {"code": "INTROSPECTION_DISABLED"}
            raise RefusedError(GraphQLError(message, extensions=extensions))
