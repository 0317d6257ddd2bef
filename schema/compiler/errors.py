"""Errors that reject an operation before it runs."""

from collections.abc import Iterable, Sequence

from graphql import GraphQLError, Node


class BadInputError(GraphQLError):
    """The argument is valid for its type, but not for its field."""

    def __init__(
        self, message: str, node: Node | None = None, path: Sequence[str | int] | None = None
    ) -> None:
        """Create the error, with its place in the document and in the response."""
        super().__init__(message, node, path=path, extensions={"code": "BAD_USER_INPUT"})


class ScalarError(ValueError):
    """The value is not valid for a scalar of this schema; the text is for the caller."""


class LimitError(GraphQLError):
    """The operation exceeds a limit of this server."""

    def __init__(
        self, limit: str, allowed: int, asked: int, nodes: Node | Sequence[Node] | None = None
    ) -> None:
        """Create the error, with the limit, its value and the requested value."""
        super().__init__(
            f"The operation exceeds the limit on {limit}: {asked:,} where {allowed:,} are allowed.",
            nodes,
            extensions={"code": "LIMIT", "limit": limit, "allowed": allowed, "asked": asked},
        )


class RefusedError(Exception):
    """The operation is rejected; `errors` are the reasons as GraphQL errors.

    `lasting` is whether the same request would be rejected again shortly afterwards.
    """

    lasting = True

    def __init__(self, *errors: GraphQLError) -> None:
        """Create the error from its reasons."""
        super().__init__(*errors)
        self.errors = errors


def in_our_words(errors: Iterable[GraphQLError], code: str) -> list[GraphQLError]:
    """Return errors of graphql-core with a code, without the texts of other exceptions.

    graphql-core repeats the text of a scalar's exception, which may be Python's, such as the one
    about the digits of a number.
    """
    return [_in_our_words(error, code) for error in errors]


def _in_our_words(error: GraphQLError, code: str) -> GraphQLError:
    raised: BaseException | None = error.original_error
    while isinstance(raised, GraphQLError):  # for a variable it may wrap another GraphQLError
        raised = raised.original_error or raised.__cause__
    known = raised is None or isinstance(raised, ScalarError)
    message = error.message
    if not known:
        message = message.partition(", but encountered error")[0]
        message = f"{message if message != error.message else 'Invalid value'}: it cannot be read."
    extensions = {"code": code, **(error.extensions or {})}
    return GraphQLError(message, error.nodes, path=error.path, extensions=extensions)
