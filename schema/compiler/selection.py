"""Selected fields of an operation, collected and merged as GraphQL's execution does."""

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionSetNode,
    get_directive_values,
    is_abstract_type,
)

Fields = dict[str, list[FieldNode]]


class Selection:
    """Collects fields of one operation under given variables."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Any,
    ) -> None:
        """Create the selection for a document's fragments and its coerced variables."""
        self.schema = schema
        self.fragments = fragments
        self.variables = variables

    def fields(self, type_: GraphQLObjectType, sets: Iterable[SelectionSetNode]) -> Fields:
        """Return the fields that `sets` select on `type_`, by response name, in response order."""
        collected: Fields = {}
        visited: set[str] = set()
        for selections in sets:
            self._collect(type_, selections, collected, visited)
        return collected

    def below(self, type_: GraphQLObjectType, nodes: Iterable[FieldNode]) -> Fields:
        """Return the fields that these merged field nodes select on the type they yield."""
        return self.fields(type_, (node.selection_set for node in nodes if node.selection_set))

    def _collect(
        self,
        type_: GraphQLObjectType,
        selections: SelectionSetNode,
        collected: Fields,
        visited: set[str],
    ) -> None:
        for node in selections.selections:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                name = node.alias.value if node.alias else node.name.value
                collected.setdefault(name, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if self._applies(node, type_):
                    self._collect(type_, node.selection_set, collected, visited)
            elif isinstance(node, FragmentSpreadNode):
                if node.name.value in visited:
                    continue
                visited.add(node.name.value)
                fragment = self.fragments[node.name.value]
                if self._applies(fragment, type_):
                    self._collect(type_, fragment.selection_set, collected, visited)

    def _included(self, node: Any) -> bool:
        if not node.directives:
            return True
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
        if skip and skip["if"]:
            return False
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return not include or bool(include["if"])

    def _applies(
        self, fragment: InlineFragmentNode | FragmentDefinitionNode, type_: GraphQLObjectType
    ) -> bool:
        if fragment.type_condition is None:
            return True
        condition = self.schema.get_type(fragment.type_condition.name.value)
        if condition is type_:
            return True
        return is_abstract_type(condition) and self.schema.is_sub_type(_abstract(condition), type_)


def _abstract(type_: Any) -> GraphQLAbstractType:
    abstract: GraphQLAbstractType = type_
    return abstract
