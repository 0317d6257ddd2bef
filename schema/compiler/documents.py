"""What a parsed document holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    Node,
    OperationDefinitionNode,
    VariableNode,
    visit,
)
from graphql.language import Visitor

from schema.compiler.arguments import PAGE
from schema.compiler.errors import BadInputError, RefusedError


@dataclass
class Contents:
    """The names of fields, variables and spread fragments that are used somewhere."""

    fields: set[str] = field(default_factory=set)
    variables: set[str] = field(default_factory=set)
    page_variables: set[str] = field(default_factory=set)
    spreads: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, node: Node) -> "Contents":
        """Return what is used in a node."""
        contents = cls()
        visit(node, _Finder(contents))
        return contents


class _Finder(Visitor):
    """Notes the names that it comes across."""

    def __init__(self, found: Contents) -> None:
        super().__init__()
        self.found = found

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self.found.fields.add(node.name.value)

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.found.variables.add(node.name.value)

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        self.found.spreads.add(node.name.value)

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        if node.name.value in PAGE and isinstance(node.value, VariableNode):
            self.found.page_variables.add(node.value.name.value)


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


def variables_in(node: Node, fragments: Mapping[str, FragmentDefinitionNode]) -> set[str]:
    """Return the variables used in a node and the fragments that it spreads."""
    contents = Contents.of(node)
    visited: set[str] = set()
    while pending := contents.spreads - visited:
        visited |= pending
        for name in pending:
            visit(fragments[name], _Finder(contents))
    return contents.variables
