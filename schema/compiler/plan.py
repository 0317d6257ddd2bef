"""From a document to a plan: parsed, validated, limited and compiled once, then kept.

A plan is one SQL statement and a recipe for each of its parameters. It is kept per document,
operation and shape of the variables; of the values themselves it holds none.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    execute_sync,
    get_variable_values,
    parse,
    validate,
)

from schema.compiler.arguments import Arguments, shape
from schema.compiler.cache import Cache
from schema.compiler.cost import CostRule, Limits, check_shape, check_size, fragments_of
from schema.compiler.documents import Contents, chosen, variables_in
from schema.compiler.emit import Emitter
from schema.compiler.errors import BadInputError, RefusedError
from schema.compiler.outcomes import OutcomeField, drawn, outcome_row
from schema.compiler.selection import Fields, Selection
from schema.compiler.subscriptions import Subscribed, subscribed
from schema.compiler.templates import Recipe

# What is kept is bounded by size too: a document takes some 150 bytes of memory a character, a
# plan some 3 bytes a character of its statement, and both are for anybody to choose.
_MOST_DOCUMENTS = 1_000_000  # characters of all documents
_MOST_SQL = 100_000  # characters of the statements of one operation
_INTROSPECTION = {"__schema", "__type"}


@dataclass(frozen=True)
class Plan:
    """A statement and how to come by the values of its parameters, in order."""

    sql: str
    recipes: tuple[Recipe, ...]

    def values(self, variables: Any) -> list[Any]:
        """Return the parameters for these coerced variables. Raises RefusedError.

        In the plan of a mutation's payload, what its command will have returned stands for itself.
        """
        try:
            return [
                recipe if isinstance(recipe, OutcomeField) else recipe(variables)
                for recipe in self.recipes
            ]
        except GraphQLError as error:
            raise RefusedError(error) from error


@dataclass
class Operation:
    """One operation of a valid document, with the plans made for it so far."""

    document: DocumentNode
    node: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    page_variables: frozenset[str]
    introspects: bool
    plans: Cache[Plan] = field(
        default_factory=lambda: Cache(64, weigh=lambda _, plan: len(plan.sql), most=_MOST_SQL)
    )
    mutations: Cache[Fields] = field(default_factory=lambda: Cache(64))

    @property
    def kind(self) -> OperationType:
        """Return whether it is a query, a mutation or a subscription."""
        return self.node.operation


class Compiler:
    """Compiles operations on a schema."""

    def __init__(self, schema: GraphQLSchema, limits: Limits | None = None) -> None:
        """Take graphql-core's schema and what an operation may ask for."""
        self._schema = schema
        self.limits = limits or Limits()
        self._operations: Cache[Operation] = Cache(
            1_024, weigh=lambda key, _: len(key[0]), most=_MOST_DOCUMENTS
        )

    def operation(self, query: str, name: str | None, *, hints: bool = True) -> Operation:
        """Return one operation of a document. Raises RefusedError.

        Without `hints` the reasons do not say what of the schema may have been meant.
        """
        return self._operations.remember(
            (query, name), lambda: self._prepare(query, name, hints=hints)
        )

    def check(self, query: str) -> None:
        """Check all that can be told of a document without its variables. Raises RefusedError."""
        self._parse(query, hints=True)

    def variables(
        self, operation: Operation, given: Mapping[str, Any], *, hints: bool = True
    ) -> Any:
        """Return the coerced variables. Raises RefusedError."""
        coerced = get_variable_values(
            self._schema,
            operation.node.variable_definitions or (),
            dict(given),
            hide_suggestions=not hints,
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

    def _prepare(self, query: str, name: str | None, *, hints: bool) -> Operation:
        document = self._parse(query, hints=hints)
        node = chosen(document, name)
        contents = Contents.of(document)
        return Operation(
            document,
            node,
            fragments_of(document.definitions),
            frozenset(contents.page_variables),
            introspects=not contents.fields.isdisjoint(_INTROSPECTION),
        )

    def _parse(self, query: str, *, hints: bool) -> DocumentNode:
        try:
            check_size(query, self.limits)
            document = parse(query, max_tokens=self.limits.tokens, no_location=False)
            check_shape(document, self.limits)
        except GraphQLError as error:
            error.extensions = error.extensions or {"code": "GRAPHQL_PARSE_FAILED"}
            raise RefusedError(error) from error
        except RecursionError:
            raise RefusedError(BadInputError("The document is nested too deeply.")) from None
        faults = validate(self._schema, document, max_errors=20, hide_suggestions=not hints)
        for fault in faults:
            fault.extensions = fault.extensions or {"code": "GRAPHQL_VALIDATION_FAILED"}
        if faults:
            raise RefusedError(*faults)
        return document

    def _compile(self, operation: Operation, variables: Any) -> Plan:
        try:
            self._check_cost(operation, variables)
            return self._emit(operation, variables)
        except GraphQLError as error:
            raise RefusedError(error) from error

    def _check_cost(self, operation: Operation, variables: Any) -> None:
        cost = CostRule(self._schema, operation.fragments, variables)
        cost.check(operation.node, self._limits_of(operation))

    def _limits_of(self, operation: Operation) -> Limits:
        if operation.kind is OperationType.SUBSCRIPTION:
            # It is run again and again, and its caller does not wait for it.
            return replace(self.limits, objects=self.limits.objects // 5)
        return self.limits

    def _emit(self, operation: Operation, variables: Any) -> Plan:
        emitter = self._emitter(operation, variables)
        return _plan(emitter, emitter.statement(*self._fields(operation, variables)))

    def _emitter(self, operation: Operation, variables: Any) -> Emitter:
        selection = Selection(self._schema, operation.fragments, variables)
        return Emitter(
            selection, Arguments(variables), lambda nodes: self._introspect(operation, nodes)
        )

    def mutation(self, operation: Operation, variables: Any) -> Fields:
        """Return what a mutation asks for, by response name, in order. Raises RefusedError."""

        def select_() -> Fields:
            try:
                self._check_cost(operation, variables)
            except GraphQLError as error:
                raise RefusedError(error) from error
            return self._fields(operation, variables)[1]

        return operation.mutations.remember(self._key(operation, variables), select_)

    def subscription(self, operation: Operation, variables: Any) -> Subscribed:
        """Return the root field of a subscription, and what it watches."""
        return subscribed(*self._fields(operation, variables), variables)

    def _fields(self, operation: Operation, variables: Any) -> tuple[GraphQLObjectType, Fields]:
        """Return the root type of an operation, and what is asked of it."""
        root = self._schema.get_root_type(operation.kind)
        assert root is not None
        selection = Selection(self._schema, operation.fragments, variables)
        return root, selection.fields(root, [operation.node.selection_set])

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
            row = outcome_row(emitter, outcome)
            try:
                return _plan(emitter, f"SELECT {emitter.one(type_, fields, row)}")
            except GraphQLError as error:
                raise RefusedError(error) from error

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
        picked = SelectionSetNode(selections=tuple(nodes))
        used = variables_in(picked, operation.fragments)
        alone = OperationDefinitionNode(
            operation=OperationType.QUERY,
            variable_definitions=tuple(
                definition
                for definition in operation.node.variable_definitions or ()
                if definition.variable.name.value in used
            ),
            directives=(),
            selection_set=picked,
        )
        document = DocumentNode(definitions=(alone, *operation.fragments.values()))

        def answer(variables: Any) -> bytes:
            result = execute_sync(self._schema, document, variable_values=variables.coerced)
            if result.errors:
                raise result.errors[0]
            assert result.data is not None
            return orjson.dumps(result.data[name])

        return answer


def _plan(emitter: Emitter, statement: str) -> Plan:
    return Plan(statement, emitter.parameters.recipes())
