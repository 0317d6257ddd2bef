"""The cost of an operation in expected rows, computed before it is compiled.

A field's price is declared with its GraphQL type (fields.py). The cost of each fragment is cached,
so the check takes time linear in the document's length, however often it spreads its fragments.
"""

from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_argument_values,
    get_named_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
)

from schema.compiler.fields import COUNTED, LONGEST, PRICE
from schema.compiler.limits import Limits
from schema.compiler.nodes import MOST_IDS
from schema.compiler.pages import DEFAULT_SIZE, LARGEST_SIZE
from schema.compiler.relay import is_connection

# A list without pages is short: the phases of a campaign, the authors of an initiative.
SHORT_LIST = 5
_CURSORS = {"after", "before"}


class CostRule:
    """Computes the expected rows of one operation of a valid document."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Any,
    ) -> None:
        """Create the rule for a document's fragments and its coerced variables."""
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._known: dict[str, int] = {}

    def check(self, operation: OperationDefinitionNode, limits: Limits) -> None:
        """Reject an operation above the limit on rows. Raises LimitError."""
        root = self._schema.get_root_type(operation.operation)
        limits.check("rows", self._of_set(operation.selection_set, root), operation)

    def _of_set(self, selections: SelectionSetNode | None, type_: Any) -> int:
        return (
            sum(self._of_node(node, type_) for node in selections.selections) if selections else 0
        )

    def _of_node(self, node: Any, type_: Any) -> int:
        if isinstance(node, FieldNode):
            return self._of_field(node, type_)
        if isinstance(node, InlineFragmentNode):
            return self._of_set(node.selection_set, self._condition(node, type_))
        name = node.name.value
        if name not in self._known:
            fragment = self._fragments[name]
            self._known[name] = self._of_set(
                fragment.selection_set, self._condition(fragment, type_)
            )
        return self._known[name]

    def _condition(self, node: Any, type_: Any) -> Any:
        if node.type_condition is None:
            return type_
        return self._schema.get_type(node.type_condition.name.value)

    def _of_field(self, node: FieldNode, type_: Any) -> int:
        field = getattr(type_, "fields", {}).get(node.name.value)
        if field is None:
            return 0  # introspection reads no rows
        declared = field.extensions.get("strawberry-definition")
        metadata: Mapping[str, Any] = getattr(declared, "metadata", {})
        price: int = metadata.get(PRICE, 0)
        named = get_named_type(field.type)
        if not is_composite_type(named):
            return price
        given = get_argument_values(field, node, self._variables) if node.arguments else {}
        price += sum(_price(field.args[name].type, value) for name, value in given.items())
        one = self._of_set(node.selection_set, named)
        if not isinstance(named, GraphQLObjectType) or not is_connection(named):
            return price + self._length(node, field, metadata, given) * (1 + one)
        # A page with a filter or a custom order may read as much as a count.
        counts = self._count_of(node.selection_set, "totalCount") + any(
            isinstance(value, dict) for value in given.values()
        )
        counted: int = metadata[COUNTED] * counts
        return price + counted + self._page_size(given) * max(1, one) + 1

    def _length(
        self, node: FieldNode, field: Any, metadata: Mapping[str, Any], given: Mapping[str, Any]
    ) -> int:
        of_type = field.type.of_type if is_non_null_type(field.type) else field.type
        if not is_list_type(of_type):
            return 1
        if node.name.value == "nodes" and "ids" in field.args:
            return MOST_IDS
        if node.name.value in {"edges", "nodes"}:
            return 1
        if "first" in field.args:
            return self._page_size(given)
        return int(metadata.get(LONGEST, SHORT_LIST))

    def _page_size(self, given: Mapping[str, Any]) -> int:
        sizes = [size for name in ("first", "last") if (size := given.get(name)) is not None]
        return min(max(0, *sizes), LARGEST_SIZE) if sizes else DEFAULT_SIZE

    def _count_of(self, selections: SelectionSetNode | None, name: str) -> int:
        total = 0
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                total += node.name.value == name
            elif isinstance(node, InlineFragmentNode):
                total += self._count_of(node.selection_set, name)
            else:
                fragment = self._fragments[node.name.value]  # type: ignore[attr-defined]
                total += self._count_of(fragment.selection_set, name)
        return total


def _price(type_: Any, value: Any) -> int:
    """Return the price of an argument's value, by the fields of its input type."""
    named = get_named_type(type_)
    if not isinstance(named, GraphQLInputObjectType) or not isinstance(value, dict):
        return 0
    total = 0
    for name, part in value.items():
        if part is not None:
            declared = named.fields[name].extensions.get("strawberry-definition")
            total += getattr(declared, "metadata", {}).get(PRICE, 0)
            total += _price(named.fields[name].type, part)
    return total
