"""What an operation may ask for, checked before anything runs.

The walk remembers what each fragment asks for, so a document costs no more than its length to
check, however often it spreads its fragments.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
)

from schema.compiler.errors import LimitError
from schema.compiler.fields import LONGEST, PRICE
from schema.compiler.nodes import MOST_IDS
from schema.compiler.pages import DEFAULT_SIZE, LARGEST_SIZE
from schema.compiler.relay import is_connection

# A list without pages is short: the phases of a campaign, the authors of an initiative.
SHORT_LIST = 5
LONGEST_NAME = 63  # bytes of a name in PostgreSQL


@dataclass(frozen=True)
class Limits:
    """The most that one operation may ask for."""

    bytes: int = 20_000
    tokens: int = 4_000
    depth: int = 16
    root_fields: int = 20
    aliases: int = 100
    spreads: int = 100  # of fragments, inline ones included
    repeats: int = 20  # of one response name in one selection
    directives: int = 50
    rows: int = 50_000
    objects: int = (
        100  # fields with fields of their own, fragments unfolded: parts of the statement
    )


@dataclass(frozen=True)
class _Cost:
    """Of a selection on one row: expected rows, levels of fields below, aliases, objects."""

    rows: int = 0
    depth: int = 0
    aliases: int = 0
    objects: int = 0

    def beside(self, other: "_Cost") -> "_Cost":
        return _Cost(
            self.rows + other.rows,
            max(self.depth, other.depth),
            self.aliases + other.aliases,
            self.objects + other.objects,
        )


def check_size(query: str, limits: Limits) -> None:
    """Refuse a document before it is parsed. Raises LimitError."""
    size = len(query.encode("utf-8", "surrogatepass"))
    if size > limits.bytes:
        raise LimitError("document size in bytes", limits.bytes, size)


def check_shape(document: DocumentNode, limits: Limits) -> None:
    """Refuse what validation would compare pairwise, or look up once for each place it stands.

    These are many equal names, many fragments used, many directives. Raises LimitError.
    """
    spreads = directives = 0
    pending: list[Any] = list(document.definitions)
    while pending:
        node = pending.pop()
        directives += _directives_of(node)
        if directives > limits.directives:
            raise LimitError("directives", limits.directives, directives, node)
        if isinstance(node, FragmentSpreadNode | InlineFragmentNode):
            spreads += 1
            if spreads > limits.spreads:
                raise LimitError("fragments used", limits.spreads, spreads, node)
        selections = getattr(node, "selection_set", None)
        if selections:
            _check_names(selections, limits)
            pending.extend(selections.selections)


def _directives_of(node: Any) -> int:
    variables = getattr(node, "variable_definitions", None) or ()
    return sum(len(part.directives or ()) for part in (node, *variables))


def _check_names(selections: SelectionSetNode, limits: Limits) -> None:
    seen: dict[str, int] = {}
    for node in selections.selections:
        if isinstance(node, FieldNode):
            name = node.alias.value if node.alias else node.name.value
            seen[name] = seen.get(name, 0) + 1
            if seen[name] > limits.repeats:
                raise LimitError("repeats of one response name", limits.repeats, seen[name], node)
            if len(name) > LONGEST_NAME:
                raise LimitError("response name in bytes", LONGEST_NAME, len(name), node)


class CostRule:
    """Works out the cost of one operation of a valid document."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: dict[str, FragmentDefinitionNode],
        variables: Any,
    ) -> None:
        """Take the schema, the document's fragments and the coerced variables."""
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._known: dict[str, _Cost] = {}

    def check(self, operation: OperationDefinitionNode, limits: Limits) -> None:
        """Refuse an operation beyond the limits. Raises LimitError."""
        root = self._schema.get_root_type(operation.operation)
        fields = self._count_root_fields(operation.selection_set, set())
        if fields > limits.root_fields:
            raise LimitError("root fields", limits.root_fields, fields, operation)
        cost = self._of_set(operation.selection_set, root)
        for limit, allowed, asked in (
            ("depth", limits.depth, cost.depth),
            ("aliases", limits.aliases, cost.aliases),
            ("expected rows", limits.rows, cost.rows),
            ("objects", limits.objects, cost.objects),
        ):
            if asked > allowed:
                raise LimitError(limit, allowed, asked, operation)

    def _of_set(self, selections: SelectionSetNode | None, type_: Any) -> _Cost:
        total = _Cost()
        for node in selections.selections if selections else ():
            total = total.beside(self._of_node(node, type_))
        return total

    def _of_node(self, node: Any, type_: Any) -> _Cost:
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

    def _of_field(self, node: FieldNode, type_: Any) -> _Cost:
        aliases = 1 if node.alias else 0
        name = node.name.value
        field = getattr(type_, "fields", {}).get(name)
        if field is None:
            # Introspection reads no rows; its depth is its own.
            return _Cost(aliases=aliases)
        named = get_named_type(field.type)
        if not is_composite_type(named):
            return _Cost(depth=1, aliases=aliases)
        if isinstance(named, GraphQLObjectType) and is_connection(named):
            below = self._of_connection(node, named)
        else:
            one = self._of_set(node.selection_set, named)
            times = self._length(node, field)
            price = field.extensions["strawberry-definition"].metadata.get(PRICE, 1)
            below = _Cost(times * (price + one.rows), one.depth, one.aliases, one.objects)
        return _Cost(below.rows, below.depth + 1, below.aliases + aliases, below.objects + 1)

    def _of_connection(self, node: FieldNode, type_: GraphQLObjectType) -> _Cost:
        """The elements of a page are its `edges` and `nodes`; `pageInfo` and the count are one."""
        one = self._of_set(node.selection_set, type_)
        size = self._page_size(node)
        return _Cost(size * max(1, one.rows) + 1, one.depth, one.aliases, one.objects)

    def _length(self, node: FieldNode, field: Any) -> int:
        of_type = field.type.of_type if is_non_null_type(field.type) else field.type
        if not is_list_type(of_type):
            return 1
        if node.name.value == "nodes" and "ids" in field.args:
            return MOST_IDS
        if node.name.value in {"edges", "nodes"}:
            return 1
        declared = field.extensions["strawberry-definition"]
        return int(declared.metadata.get(LONGEST, SHORT_LIST))

    def _page_size(self, node: FieldNode) -> int:
        sizes = [
            self._int(argument.value)
            for argument in node.arguments or ()
            if argument.name.value in {"first", "last"}
        ]
        given = [size for size in sizes if size is not None]
        return min(max(given), LARGEST_SIZE) if given else DEFAULT_SIZE

    def _int(self, value: Any) -> int | None:
        if isinstance(value, IntValueNode):
            return int(value.value)
        if isinstance(value, VariableNode):
            known: int | None = self._variables.coerced.get(value.name.value)
            return known
        return None

    def _count_root_fields(self, selections: SelectionSetNode, visited: set[str]) -> int:
        total = 0
        for node in selections.selections:
            if isinstance(node, FieldNode):
                total += 1
            elif isinstance(node, InlineFragmentNode):
                total += self._count_root_fields(node.selection_set, visited)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in visited:
                visited.add(node.name.value)
                total += self._count_root_fields(
                    self._fragments[node.name.value].selection_set, visited
                )
        return total


def fragments_of(definitions: Iterable[Any]) -> dict[str, FragmentDefinitionNode]:
    """Return a document's fragments by name."""
    return {d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)}
