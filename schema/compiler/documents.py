"""Operations of a parsed document."""

from graphql import DocumentNode, OperationDefinitionNode

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
