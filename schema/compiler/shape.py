"""Size limits of a document, checked on its syntax before graphql-core validates it.

Validation compares fields pairwise, looks up every name and prints every wrong value. Its work is
bounded here: by the parts of the document, by its size with fragments unfolded, and by the pairs of
fields with the same response name at the same response path. Each fragment is counted once, however
often it is spread.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
)

from schema.compiler.errors import LimitError
from schema.compiler.limits import Limits

LONGEST_NAME = 63  # bytes of a name in PostgreSQL
LONGEST_NUMBER = 40  # characters; the largest valid number of a field has 16 digits
PAGE = ("first", "last")  # arguments with values that shape a plan
INTROSPECTION = frozenset({"__schema", "__type"})


class Contents:
    """The field names of a document, and the variables that are page sizes."""

    def __init__(self) -> None:
        self.fields: set[str] = set()
        self.page_variables: set[str] = set()

    @property
    def introspects(self) -> bool:
        """Whether the document has introspection fields."""
        return not self.fields.isdisjoint(INTROSPECTION)


class _Unfolded(NamedTuple):
    """A selection with its fragments unfolded: number of fields, of objects, of levels."""

    fields: int = 0
    objects: int = 0
    depth: int = 0


class Shape:
    """Counts the parts of a document; `contents` are the names in it."""

    def __init__(self, document: DocumentNode, limits: Limits) -> None:
        """Create the counter of a parsed document."""
        self.contents = Contents()
        self._document = document
        self._limits = limits
        self._counts: Counter[str] = Counter()
        self._fragments = fragments_of(document.definitions)
        self._unfolded: dict[str, _Unfolded | None] = {}  # None while it is being counted

    def check(self) -> None:
        """Reject a document above the limits. Raises LimitError, and GraphQLError for cycles."""
        for definition in self._document.definitions:
            self._count("definitions", definition)
            self._walk(definition)
        for definition in self._document.definitions:
            selections = getattr(definition, "selection_set", None)
            if selections is not None:
                self._check_unfolded(definition, selections)
        for definition in self._document.definitions:
            selections = getattr(definition, "selection_set", None)
            if selections is not None:
                self._count_pairs([selections], definition)

    def _count(self, what: str, node: Any, amount: int = 1) -> None:
        self._counts[what] += amount
        self._limits.check(what, self._counts[what], node)

    # --- the parts of the document

    def _walk(self, definition: Any) -> None:
        self._count_directives(definition)
        for variable in getattr(definition, "variable_definitions", None) or ():
            self._count("variables", variable)
            self._count_directives(variable)
            if variable.default_value is not None:
                self._count_value(variable.default_value)
        pending: list[SelectionSetNode] = []
        if getattr(definition, "selection_set", None) is not None:
            pending.append(definition.selection_set)
        while pending:
            seen: dict[str, int] = {}
            for node in pending.pop().selections:
                self._count_directives(node)
                if isinstance(node, FieldNode):
                    self._count_field(node, seen)
                else:
                    self._count("spreads", node)
                below = getattr(node, "selection_set", None)
                if below is not None:
                    pending.append(below)

    def _count_field(self, node: FieldNode, seen: dict[str, int]) -> None:
        self._count("fields", node)
        self.contents.fields.add(node.name.value)
        if node.alias:
            self._count("aliases", node)
        name = _response_name(node)
        seen[name] = seen.get(name, 0) + 1
        self._limits.check("repeats", seen[name], node)
        if len(name) > LONGEST_NAME:
            raise LimitError("response name in bytes", LONGEST_NAME, len(name), node)
        for argument in node.arguments or ():
            self._count("arguments", argument)
            self._count_value(argument.value)
            if argument.name.value in PAGE and isinstance(argument.value, VariableNode):
                self.contents.page_variables.add(argument.value.name.value)

    def _count_directives(self, node: Any) -> None:
        for directive in node.directives or ():
            self._count("directives", directive)
            for argument in directive.arguments or ():
                self._count("arguments", argument)
                self._count_value(argument.value)

    def _count_value(self, value: Any) -> None:
        pending = [value]
        while pending:
            node = pending.pop()
            self._count("values", node)
            if isinstance(node, IntValueNode | FloatValueNode) and len(node.value) > LONGEST_NUMBER:
                raise LimitError("digits of a number", LONGEST_NUMBER, len(node.value), node)
            if isinstance(node, ListValueNode):
                pending.extend(node.values)
            elif isinstance(node, ObjectValueNode):
                pending.extend(field.value for field in node.fields)

    # --- its size with fragments unfolded

    def _check_unfolded(self, definition: Any, selections: SelectionSetNode) -> None:
        limits = self._limits
        if isinstance(definition, FragmentDefinitionNode):
            counted = self._of_fragment(definition.name.value)
        else:
            counted = self._of_set(selections)
            root: dict[str, list[FieldNode]] = {}
            limits.check("unfolded_fields", counted.fields, definition)
            self._collect(selections, root)
            fields = {id(node) for nodes in root.values() for node in nodes}
            limits.check("root_fields", len(fields), definition)
            if definition.operation is OperationType.SUBSCRIPTION:
                # A subscription runs repeatedly, and its caller does not wait for it.
                limits = replace(limits, objects=limits.objects // 5)
        limits.check("unfolded_fields", counted.fields, definition)
        limits.check("depth", counted.depth, definition)
        limits.check("objects", counted.objects, definition)

    def _of_set(self, selections: SelectionSetNode) -> _Unfolded:
        fields = objects = depth = 0
        for node in selections.selections:
            if isinstance(node, FragmentSpreadNode):
                below = self._of_fragment(node.name.value)
            elif node.selection_set is not None:  # type: ignore[attr-defined]
                below = self._of_set(node.selection_set)  # type: ignore[attr-defined]
            else:
                below = _Unfolded()
            if isinstance(node, FieldNode):
                if node.name.value in INTROSPECTION:
                    # Introspection has its own limits (introspection.py), and selects no rows.
                    below = _Unfolded(below.fields)
                own = int(node.selection_set is not None)
                below = _Unfolded(below.fields + 1, below.objects + own, below.depth + 1)
            fields += below.fields
            objects += below.objects
            depth = max(depth, below.depth)
        return _Unfolded(fields, objects, depth)

    def _of_fragment(self, name: str) -> _Unfolded:
        fragment = self._fragments.get(name)
        if fragment is None:
            # graphql-core reports the missing fragment. It is counted as a field, so that every
            # chain of spreads counts.
            return _Unfolded(fields=1)
        if name in self._unfolded:
            known = self._unfolded[name]
            if known is None:
                raise GraphQLError(
                    f"Cannot spread fragment '{name}' within itself.",
                    fragment,
                    extensions={"code": "GRAPHQL_VALIDATION_FAILED"},
                )
            return known
        self._unfolded[name] = None
        counted = self._unfolded[name] = self._of_set(fragment.selection_set)
        return counted

    def _count_pairs(self, sets: list[SelectionSetNode], definition: Any) -> None:
        """Count the pairs that graphql-core compares: fields with the same response path."""
        places: dict[str, list[FieldNode]] = {}
        for selections in sets:
            self._collect(selections, places)
        for nodes in places.values():
            self._count("pairs", definition, len(nodes) * (len(nodes) - 1) // 2)
            below = [node.selection_set for node in nodes if node.selection_set is not None]
            if below:
                self._count_pairs(below, definition)

    def _collect(self, selections: SelectionSetNode, places: dict[str, list[FieldNode]]) -> None:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                places.setdefault(_response_name(node), []).append(node)
            elif isinstance(node, InlineFragmentNode):
                self._collect(node.selection_set, places)
            elif isinstance(node, FragmentSpreadNode) and node.name.value in self._fragments:
                self._collect(self._fragments[node.name.value].selection_set, places)


def _response_name(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value


def fragments_of(definitions: Iterable[Any]) -> dict[str, FragmentDefinitionNode]:
    """Return a document's fragments by name."""
    return {d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)}
