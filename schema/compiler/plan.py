"""From a document to a plan: parsed, validated, limited and compiled once, then kept.

A plan is one SQL statement and a recipe for each of its parameters. It is kept per document,
operation and shape of the variables; of the values themselves it holds none.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import orjson
from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    execute_sync,
    get_variable_values,
    parse,
    validate,
    visit,
)
from graphql.language import Visitor
from sqlalchemy import BindParameter, Select, select
from sqlalchemy.dialects.postgresql import asyncpg

from schema.compiler.arguments import PAGE, PARAMETER, Arguments, Recipe, shape
from schema.compiler.cost import CostRule, Limits, check_shape, check_size, fragments_of
from schema.compiler.emit import Emitter
from schema.compiler.errors import BadInputError
from schema.compiler.outcomes import OutcomeField, drawn, outcome_row
from schema.compiler.selection import Fields, Selection


class _StatementCompiler(asyncpg.PGCompiler_asyncpg):
    """Writes this code's own constants into the statement, so that the planner sees them.

    What comes from a request is a parameter (`Arguments.bind` names it) and stays one.
    """

    def visit_bindparam(self, bindparam: BindParameter[Any], **options: Any) -> str:  # type: ignore[override]
        """Render a parameter, or the value of a constant."""
        if not bindparam.key.startswith(PARAMETER):
            options["literal_binds"] = True
        rendered: str = super().visit_bindparam(bindparam, **options)  # type: ignore[no-untyped-call]
        return rendered


_DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call]
_DIALECT.statement_compiler = _StatementCompiler


V = TypeVar("V")


class RefusedError(Exception):
    """An operation that does not run, with the reasons as GraphQL errors."""

    def __init__(self, *errors: GraphQLError) -> None:
        """Keep the reasons."""
        super().__init__(*errors)
        self.errors = errors


@dataclass(frozen=True)
class Plan:
    """A statement and how to come by the values of its parameters, in order."""

    sql: str
    recipes: tuple[Recipe, ...]

    def values(self, variables: Any, outcome: Any = None) -> list[Any]:
        """Return the parameters for these coerced variables. Raises RefusedError.

        `outcome` is what a command has returned, in the plan of a mutation's payload.
        """
        try:
            return [
                getattr(outcome, recipe.name) if isinstance(recipe, OutcomeField)
                else recipe(variables)
                for recipe in self.recipes
            ]  # fmt: skip
        except GraphQLError as error:
            raise RefusedError(error) from error


@dataclass
class Operation:
    """One operation of a valid document, with the plans made for it so far."""

    document: DocumentNode
    node: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    page_variables: frozenset[str]
    plans: "Cache[Plan]" = field(default_factory=lambda: Cache(64))

    @property
    def kind(self) -> OperationType:
        """Return whether it is a query, a mutation or a subscription."""
        return self.node.operation


class Cache(Generic[V]):
    """Keeps the most recently used entries."""

    def __init__(self, size: int) -> None:
        """Keep at most `size` entries."""
        self._entries: OrderedDict[Hashable, V] = OrderedDict()
        self._size = size

    def __len__(self) -> int:
        return len(self._entries)

    def remember(self, key: Hashable, make: Callable[[], V]) -> V:
        """Return the entry of a key, made where there is none."""
        if key in self._entries:
            self._entries.move_to_end(key)
            return self._entries[key]
        value = self._entries[key] = make()
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)
        return value


class Compiler:
    """Compiles operations on a schema."""

    def __init__(self, schema: GraphQLSchema, limits: Limits | None = None) -> None:
        """Take graphql-core's schema and what an operation may ask for."""
        self._schema = schema
        self.limits = limits or Limits()
        self._operations: Cache[Operation] = Cache(1_024)

    def operation(self, query: str, name: str | None) -> Operation:
        """Return one operation of a document. Raises RefusedError."""
        return self._operations.remember((query, name), lambda: self._prepare(query, name))

    def variables(self, operation: Operation, given: Mapping[str, Any]) -> Any:
        """Return the coerced variables. Raises RefusedError."""
        coerced = get_variable_values(
            self._schema, operation.node.variable_definitions or (), dict(given)
        )
        if isinstance(coerced, list):
            for error in coerced:
                error.extensions = {"code": "BAD_USER_INPUT", **(error.extensions or {})}
            raise RefusedError(*coerced)
        return coerced

    def plan(self, operation: Operation, variables: Any) -> Plan:
        """Return the plan of an operation for variables of this shape. Raises RefusedError."""
        return operation.plans.remember(
            self._key(operation, variables), lambda: self._compile(operation, variables)
        )

    def _key(self, operation: Operation, variables: Any) -> Hashable:
        return tuple(
            (name, value if name in operation.page_variables else shape(value))
            for name, value in variables.coerced.items()
        )

    def _prepare(self, query: str, name: str | None) -> Operation:
        try:
            check_size(query, self.limits)
            document = parse(query, max_tokens=self.limits.tokens, no_location=False)
            check_shape(document, self.limits)
        except GraphQLError as error:
            error.extensions = error.extensions or {"code": "GRAPHQL_PARSE_FAILED"}
            raise RefusedError(error) from error
        except RecursionError:
            raise RefusedError(BadInputError("The document is nested too deeply.")) from None
        faults = validate(self._schema, document, max_errors=20)
        for fault in faults:
            fault.extensions = fault.extensions or {"code": "GRAPHQL_VALIDATION_FAILED"}
        if faults:
            raise RefusedError(*faults)
        node = _operation(document, name)
        return Operation(
            document, node, fragments_of(document.definitions), _page_variables(document)
        )

    def _compile(self, operation: Operation, variables: Any) -> Plan:
        try:
            cost = CostRule(self._schema, operation.fragments, variables)
            cost.check(operation.node, self.limits)
            return self._emit(operation, variables)
        except GraphQLError as error:
            raise RefusedError(error) from error

    def _emit(self, operation: Operation, variables: Any) -> Plan:
        emitter = self._emitter(operation, variables)
        root = self._schema.get_root_type(operation.kind)
        assert root is not None
        fields = emitter.selection.fields(root, [operation.node.selection_set])
        return _plan(emitter, emitter.statement(root, fields))

    def _emitter(self, operation: Operation, variables: Any) -> Emitter:
        selection = Selection(self._schema, operation.fragments, variables)
        return Emitter(
            selection, Arguments(variables), lambda nodes: self._introspect(operation, nodes)
        )

    def mutation(self, operation: Operation, variables: Any) -> Fields:
        """Return what a mutation asks for, by response name, in order. Raises RefusedError."""
        try:
            CostRule(self._schema, operation.fragments, variables).check(
                operation.node, self.limits
            )
        except GraphQLError as error:
            raise RefusedError(error) from error
        root = self._schema.mutation_type
        assert root is not None
        selection = Selection(self._schema, operation.fragments, variables)
        return selection.fields(root, [operation.node.selection_set])

    def payload(
        self,
        operation: Operation,
        variables: Any,
        nodes: list[FieldNode],
        type_: GraphQLObjectType,
        outcome: type[Any],
    ) -> Plan:
        """Return the plan that reads a mutation's payload for what its command returned."""
        key = ("payload", *map(id, nodes), type_.name, self._key(operation, variables))

        def compile_() -> Plan:
            emitter = self._emitter(operation, variables)
            fields = emitter.selection.below(type_, nodes)
            row = outcome_row(emitter.arguments, outcome)
            return _plan(emitter, select(emitter.one(type_, fields, row)))

        return operation.plans.remember(key, compile_)

    def refused(
        self,
        operation: Operation,
        variables: Any,
        nodes: list[FieldNode],
        type_: GraphQLObjectType,
        error: Any,
    ) -> dict[str, Any]:
        """Return what is asked of an error, drawn from its attributes."""
        selection = Selection(self._schema, operation.fragments, variables)
        return drawn(selection, type_, selection.below(type_, nodes), error)

    def _introspect(self, operation: Operation, nodes: list[FieldNode]) -> Recipe:
        """Have graphql-core answer one introspection field; its answer becomes a parameter."""
        name = nodes[0].alias.value if nodes[0].alias else nodes[0].name.value
        chosen = SelectionSetNode(selections=tuple(nodes))
        used = _variables_in(chosen, operation.fragments)
        alone = OperationDefinitionNode(
            operation=OperationType.QUERY,
            variable_definitions=tuple(
                definition
                for definition in operation.node.variable_definitions or ()
                if definition.variable.name.value in used
            ),
            directives=(),
            selection_set=chosen,
        )
        document = DocumentNode(definitions=(alone, *operation.fragments.values()))

        def answer(variables: Any) -> bytes:
            result = execute_sync(self._schema, document, variable_values=variables.coerced)
            if result.errors:
                raise result.errors[0]
            assert result.data is not None
            return orjson.dumps(result.data[name])

        return answer


def _plan(emitter: Emitter, statement: Select[Any]) -> Plan:
    compiled = statement.compile(dialect=_DIALECT)
    assert compiled.positiontup is not None
    recipes = emitter.arguments.recipes
    return Plan(str(compiled), tuple(recipes[name] for name in compiled.positiontup))


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
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


class _VariableFinder(Visitor):
    """Finds the variables that a document uses, those that set page sizes, and the spreads."""

    def __init__(self) -> None:
        super().__init__()
        self.all: set[str] = set()
        self.pages: set[str] = set()
        self.spreads: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.all.add(node.name.value)

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        self.spreads.add(node.name.value)

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        if node.name.value in PAGE and isinstance(node.value, VariableNode):
            self.pages.add(node.value.name.value)


def _variables_in(node: Node, fragments: Mapping[str, FragmentDefinitionNode]) -> set[str]:
    finder = _VariableFinder()
    visit(node, finder)
    visited: set[str] = set()
    while pending := finder.spreads - visited:
        visited |= pending
        for name in pending:
            visit(fragments[name], finder)
    return finder.all


def _page_variables(document: DocumentNode) -> frozenset[str]:
    finder = _VariableFinder()
    visit(document, finder)
    return frozenset(finder.pages)
