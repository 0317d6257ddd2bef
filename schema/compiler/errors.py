"""Why an operation is refused before it runs."""

from collections.abc import Iterable, Sequence

from graphql import GraphQLError, Node


class BadInputError(GraphQLError):
    """An argument that the schema's types allow but the field does not."""

    def __init__(
        self, message: str, node: Node | None = None, path: Sequence[str | int] | None = None
    ) -> None:
        """Say what is wrong, and where: in the document, and in the answer."""
        super().__init__(message, node, path=path, extensions={"code": "BAD_USER_INPUT"})


class ScalarError(ValueError):
    """A value that a scalar of this schema does not take; the text is for the caller."""


class LimitError(GraphQLError):
    """An operation larger than this server runs."""

    def __init__(
        self, limit: str, allowed: int, asked: int, nodes: Node | Sequence[Node] | None = None
    ) -> None:
        """Name the limit, what it allows and what was asked for."""
        super().__init__(
            f"The operation exceeds the limit on {limit}: {asked:,} where {allowed:,} are allowed.",
            nodes,
            extensions={"code": "LIMIT", "limit": limit, "allowed": allowed, "asked": asked},
        )


class RefusedError(Exception):
    """An operation that does not run, with the reasons as GraphQL errors.

    `lasting` is whether the same request is refused again a moment later.
    """

    lasting = True

    def __init__(self, *errors: GraphQLError) -> None:
        """Keep the reasons."""
        super().__init__(*errors)
        self.errors = errors


def in_our_words(errors: Iterable[GraphQLError], code: str) -> list[GraphQLError]:
    """Return errors of graphql-core under a code, without the texts of what others raised.

    graphql-core repeats what a scalar raises, which may be Python's word on a number's digits.
    """
    return [_in_our_words(error, code) for error in errors]


def _in_our_words(error: GraphQLError, code: str) -> GraphQLError:
    raised: BaseException | None = error.original_error
    while isinstance(raised, GraphQLError):  # of a variable it may be an error around another
        raised = raised.original_error or raised.__cause__
    known = raised is None or isinstance(raised, ScalarError)
    message = error.message
    if not known:
        message = message.partition(", but encountered error")[0]
        message = f"{message if message != error.message else 'Invalid value'}: it cannot be read."
    extensions = {"code": code, **(error.extensions or {})}
    return GraphQLError(message, error.nodes, path=error.path, extensions=extensions)
