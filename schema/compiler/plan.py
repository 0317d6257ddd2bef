"""Compiles a document to a plan: parse, limit, validate and emit once, then cache.

A plan is one SQL statement with a recipe for each of its parameters. It is cached per document,
operation and shape of the variables, and contains no values of variables.
"""

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_variable_values,
    parse,
    validate,
)

from db.cache import Cache
from schema.compiler.arguments import Arguments, shape
from schema.compiler.cost import CostRule
from schema.compiler.documents import chosen, release_tokens
from schema.compiler.emit import Emitter
from schema.compiler.errors import BadInputError, RefusedError, in_our_words
from schema.compiler.introspection import Introspection, most_work
from schema.compiler.limits import Limits, check_size
from schema.compiler.outcomes import OutcomeField, drawn, outcome_row
from schema.compiler.refusals import Refusals
from schema.compiler.selection import Fields, Selection
from schema.compiler.shape import Contents, Shape, fragments_of
from schema.compiler.subscriptions import Subscribed, subscribed
from schema.compiler.templates import Recipe, making

_MOST_ERRORS = 10  # of validation, or of the variables, in one response
# The caches are bounded by weight in bytes, because callers choose documents and plans.
_OF_DOCUMENTS, _CHARACTER = 12_000_000, 300  # bytes in total; syntax tree bytes per character
_OF_PLANS, _OF_PLAN = 8_000_000, 4_000  # bytes in total; bytes of a plan besides its SQL
_OF_REFUSALS, _REFUSED_FOR = 2_000_000, 30.0  # bytes in total; seconds


@dataclass(frozen=True)
class Plan:
    """A statement, and functions that compute the values of its parameters in order."""

    sql: str
    recipes: tuple[Recipe, ...]

    def values(self, variables: Any) -> list[Any]:
        """Return the parameters for these coerced variables. Raises RefusedError.

        In the plan of a mutation's payload, an OutcomeField is returned unchanged: its value is
        only available after the command has run.
        """
        try:
            return [
                recipe if isinstance(recipe, OutcomeField) else recipe(variables)
                for recipe in self.recipes
            ]
        except GraphQLError as error:
            raise RefusedError(error) from error

    @property
    def weight(self) -> int:
        """The approximate size in bytes."""
        return _OF_PLAN + len(self.sql)


@dataclass(eq=False)
class Operation:
    """One operation of a valid document, with its cached plans."""

    document: DocumentNode
    node: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    page_variables: frozenset[str]
    introspects: bool
    limits: Limits
    weight: int  # approximate bytes
    number: int = field(default_factory=count().__next__)  # identifies its plans in the cache

    @property
    def name(self) -> str | None:
        """The operation's name; None where it has none."""
        return None if self.node.name is None else self.node.name.value

    @property
    def kind(self) -> OperationType:
        """Whether it is a query, a mutation or a subscription."""
        return self.node.operation


class Compiler:
    """Compiles operations of a schema."""

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create the compiler of a graphql-core schema."""
        self._schema = schema
        self.limits = limits or Limits()
        self._operations: Cache[Operation] = Cache(
            2_048,
            name="operations",
            weigh=lambda _, operation: operation.weight,
            most=_OF_DOCUMENTS,
        )
        self._plans: Cache[Plan] = Cache(
            4_096, name="plans", weigh=lambda _, plan: plan.weight, most=_OF_PLANS
        )
        self._refusals = Refusals(_OF_REFUSALS, _REFUSED_FOR, clock)

    def operation(
        self, query: str, name: str | None, *, hints: bool = True, limits: Limits | None = None
    ) -> Operation:
        """Return one operation of a document, within the limits of its caller.

        Raises RefusedError; the rejection of a document is cached for a while. Without `hints` the
        errors suggest no names of the schema.
        """
        within = limits or self.limits
        key = (query, name, within)
        kept = self._operations.get(key)
        if kept is not None:
            return kept
        with self._refusals.remembering((*key, hints)):
            operation = self._prepare(query, name, hints=hints, limits=within)
        self._operations.put(key, operation)
        return operation

    def check(self, query: str) -> None:
        """Validate a document without its variables. Raises RefusedError."""
        self._parse(query, hints=True, limits=self.limits)

    def variables(
        self, operation: Operation, given: Mapping[str, Any], *, hints: bool = True
    ) -> Any:
        """Return the coerced variables. Raises RefusedError."""
        coerced = get_variable_values(
            self._schema,
            operation.node.variable_definitions or (),
            dict(given),
            max_errors=_MOST_ERRORS,
            hide_suggestions=not hints,
        )
        if isinstance(coerced, list):
            raise RefusedError(*in_our_words(coerced, "BAD_USER_INPUT"))
        return coerced

    def plan(self, operation: Operation, variables: Any) -> Plan:
        """Return the plan of an operation for variables of this shape.

        Raises RefusedError, and BusyError where another try is needed.
        """
        return self._plans.remember(
            self._key(operation, variables), lambda: self._compile(operation, variables)
        )

    def _key(self, operation: Operation, variables: Any) -> tuple[Hashable, ...]:
        return operation.number, *(
            (name, value if name in operation.page_variables else shape(value))
            for name, value in variables.coerced.items()
        )

    def _prepare(self, query: str, name: str | None, *, hints: bool, limits: Limits) -> Operation:
        document, contents = self._parse(query, hints=hints, limits=limits)
        return Operation(
            document,
            chosen(document, name),
            fragments_of(document.definitions),
            frozenset(contents.page_variables),
            introspects=contents.introspects,
            limits=limits,
            weight=_CHARACTER * len(query),
        )

    def _parse(self, query: str, *, hints: bool, limits: Limits) -> tuple[DocumentNode, Contents]:
        try:
            check_size(query, limits)
            document = parse(query, max_tokens=limits.tokens)
            release_tokens(document)
            shape = Shape(document, limits)
            shape.check()
        except GraphQLError as error:
            error.extensions = error.extensions or {"code": "GRAPHQL_PARSE_FAILED"}
            raise RefusedError(error) from error
        except RecursionError:
            raise RefusedError(BadInputError("The document is nested too deeply.")) from None
        faults = validate(
            self._schema, document, max_errors=_MOST_ERRORS, hide_suggestions=not hints
        )
        if faults:
            raise RefusedError(*in_our_words(faults, "GRAPHQL_VALIDATION_FAILED"))
        return document, shape.contents

    def _compile(self, operation: Operation, variables: Any) -> Plan:
        try:
            self._check_cost(operation, variables)
            with making(operation.limits.templates):
                return self._emit(operation, variables)
        except GraphQLError as error:
            raise RefusedError(error) from error

    def _check_cost(self, operation: Operation, variables: Any) -> None:
        cost = CostRule(self._schema, operation.fragments, variables)
        cost.check(operation.node, operation.limits)

    def _emit(self, operation: Operation, variables: Any) -> Plan:
        emitter = self._emitter(operation, variables)
        plan = _plan(emitter, emitter.statement(*self._fields(operation, variables)))
        operation.limits.check("statement", len(plan.sql), operation.node)
        return plan

    def _emitter(self, operation: Operation, variables: Any) -> Emitter:
        selection = Selection(self._schema, operation.fragments, variables)
        return Emitter(
            selection,
            Arguments(variables),
            lambda nodes: lambda values: self._introspect(operation, nodes, values),
        )

    def _introspect(self, operation: Operation, nodes: list[FieldNode], variables: Any) -> bytes:
        """Return the response of one introspection field, which becomes a parameter."""
        selection = Selection(self._schema, operation.fragments, variables)
        return Introspection(selection, most_work(self._schema)).answer(nodes)

    def mutation(self, operation: Operation, variables: Any) -> Fields:
        """Return the root fields of a mutation by response name, in order. Raises RefusedError."""
        try:
            self._check_cost(operation, variables)
        except GraphQLError as error:
            raise RefusedError(error) from error
        return self._fields(operation, variables)[1]

    def subscription(self, operation: Operation, variables: Any) -> Subscribed:
        """Return the root field of a subscription, and what it watches."""
        return subscribed(*self._fields(operation, variables), variables)

    def _fields(self, operation: Operation, variables: Any) -> tuple[GraphQLObjectType, Fields]:
        """Return the root type of an operation, and the fields selected on it."""
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
        """Return the plan that reads a mutation's payload from its command's outcome."""
        key = ("payload", *map(id, nodes), type_.name, *self._key(operation, variables))

        def compile_() -> Plan:
            emitter = self._emitter(operation, variables)
            fields = emitter.selection.below(type_, nodes)
            row = outcome_row(emitter, outcome)
            try:
                return _plan(emitter, f"SELECT {emitter.one(type_, fields, row)}")
            except GraphQLError as error:
                raise RefusedError(error) from error

        return self._plans.remember(key, compile_)

    def refused(
        self,
        operation: Operation,
        variables: Any,
        nodes: list[FieldNode],
        type_: GraphQLObjectType,
        error: Any,
    ) -> dict[str, Any]:
        """Return the selected fields of an error, read from its attributes."""
        selection = Selection(self._schema, operation.fragments, variables)
        return drawn(selection, type_, selection.below(type_, nodes), error)


def _plan(emitter: Emitter, statement: str) -> Plan:
    return Plan(statement, emitter.parameters.recipes())
