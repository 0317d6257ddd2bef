"""Operations of a parsed document."""

from typing import Any

from graphql import DocumentNode, Node, OperationDefinitionNode

from schema.compiler.errors import BadInputError, RefusedError


def chosen(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """Return the operation that a request names, or the only one. Raises RefusedError."""
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if name is not None:
        for node in operations:
            if node.name is not None and node.name.value == name:
                return node
        raise RefusedError(BadInputError(f"The document has no operation named '{name}'."))
    if len(operations) != 1:
        raise RefusedError(
            BadInputError(
                "The document has several operations: name the one to run as 'operationName'."
                if operations
                else "The document has no operation."
            )
        )
    return operations[0]


def release_tokens(document: DocumentNode) -> None:
    """Drop the tokens of a document; the positions in its source stay, for errors.

    Tokens refer to one another both ways. Python finds such cycles only by a pass over all objects,
    which stops every thread for 200 ms where a thousand documents are cached.
    """
    token: Any = None if document.loc is None else document.loc.start_token
    nodes: list[Any] = [document]
    while nodes:
        node = nodes.pop()
        if node.loc is not None:
            node.loc.start_token = node.loc.end_token = None
        for key in node.keys:
            below = getattr(node, key)
            if isinstance(below, Node):
                nodes.append(below)
            elif isinstance(below, (list, tuple)):
                nodes.extend(below)
    while token is not None:
        following, token.prev, token.next = token.next, None, None
        token = following
