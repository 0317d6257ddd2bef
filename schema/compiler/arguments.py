"""Arguments of a field: values that shape the statement, and parameters bound per request.

Booleans, enums, page sizes and the presence of each argument are part of a plan, and plans are
cached per shape of the variables. Other values become parameters, each with a recipe that computes
it for a request.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    get_argument_values,
)
from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Float,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

from db.rules.text import fold
from schema.compiler.errors import BadInputError
from schema.compiler.fields import SEARCHED
from schema.compiler.nodes import decoded
from schema.compiler.shape import PAGE
from schema.compiler.templates import Parameter, Recipe

Variables = Any  # graphql-core's VariableValues, which it does not export

_TYPES: Mapping[str, TypeEngine[Any]] = {
    "Int": BigInteger(),
    "VND": BigInteger(),
    "Float": Float(),
    "String": Text(),
    "ID": Text(),
    "Boolean": Boolean(),
    "Date": Date(),
    "DateTime": DateTime(timezone=True),
}
SHORTEST_SEARCH = 3  # letters and digits: fewer contain no trigram, and match nearly everything
LONGEST_SEARCH = (
    200  # characters: folding many marks on one letter takes the square of their number
)
_ARRAYS: Mapping[str, TypeEngine[Any]] = {name: ARRAY(type_) for name, type_ in _TYPES.items()}


class Arguments:
    """Resolves the arguments of one operation for the variables of its plan."""

    def __init__(self, variables: Variables) -> None:
        """Create the resolver for coerced variables."""
        self.variables = variables
        self._node: FieldNode
        self._path: tuple[str, ...]

    def of(self, field: GraphQLField, node: FieldNode, path: Sequence[str] = ()) -> dict[str, Any]:
        """Return a field's arguments by Python name: values, parameters, or dicts of these.

        `path` is the response path of the field, which an error contains.
        """
        self._node, self._path = node, tuple(path)
        values = get_argument_values(field, node, self.variables)
        nodes = {argument.name.value: argument.value for argument in node.arguments or ()}
        resolved = {}
        for name, definition in field.args.items():
            if name in PAGE:
                resolved[name] = values.get(name)
            else:
                recipe = self._recipe(field, node, name, nodes.get(name), values.get(name))
                resolved[definition.out_name or name] = self._resolve(
                    definition.type, values.get(name), recipe
                )
        return {_snake(name): value for name, value in resolved.items()}

    def recipe(self, field: GraphQLField, node: FieldNode) -> Recipe:
        """Return a recipe for all arguments of a field, by GraphQL name."""
        constant = get_argument_values(field, node, self.variables)
        if not any(_has_variable(argument.value) for argument in node.arguments or ()):
            return lambda _: constant
        return lambda variables: get_argument_values(field, node, variables)

    def _recipe(
        self,
        field: GraphQLField,
        node: FieldNode,
        name: str,
        value: ValueNode | None,
        constant: Any,
    ) -> Recipe:
        if isinstance(value, VariableNode):
            variable = value.name.value
            if variable in self.variables.coerced:
                return lambda variables: variables.coerced[variable]
        elif value is not None and _has_variable(value):
            return lambda variables: get_argument_values(field, node, variables)[name]
        return lambda _: constant

    def _resolve(self, type_: Any, value: Any, recipe: Recipe) -> Any:
        if isinstance(type_, GraphQLNonNull):
            type_ = type_.of_type
        if value is None:
            return None
        if isinstance(type_, GraphQLInputObjectType):
            return {
                _snake(key): self._resolve_part(type_.fields[key], part, _part(recipe, key))
                for key, part in value.items()
            }
        if isinstance(type_, GraphQLList):
            return self._list(type_, recipe)
        if isinstance(type_, GraphQLEnumType) or type_.name == "Boolean":
            return enum_name(value)
        if type_.name == "ID":
            return Parameter(lambda variables: decoded(recipe(variables)), _TYPES["ID"])
        return Parameter(_checked(recipe), _TYPES[type_.name])

    def _resolve_part(self, field: GraphQLInputField, value: Any, recipe: Recipe) -> Any:
        declared = field.extensions.get("strawberry-definition")
        if value is not None and getattr(declared, "metadata", {}).get(SEARCHED):
            recipe = _searched(recipe, self._node, self._path)
        return self._resolve(field.type, value, recipe)

    def _list(self, type_: GraphQLList[Any], recipe: Recipe) -> Parameter:
        inner = type_.of_type
        if isinstance(inner, GraphQLNonNull):
            inner = inner.of_type
        if isinstance(inner, GraphQLEnumType):
            return Parameter(
                lambda variables: [enum_name(item) for item in recipe(variables)], _ARRAYS["String"]
            )
        return Parameter(
            lambda variables: [_clean(item) for item in recipe(variables)], _ARRAYS[inner.name]
        )


def enum_name(value: Any) -> Any:
    """Return the stored name of an enum member; other values unchanged."""
    return value.value if isinstance(value, Enum) else value


def shape(value: Any) -> Any:
    """Return the part of a variable's value that shapes a plan: presence, booleans, enums."""
    if value is None or isinstance(value, bool | Enum):
        return value
    if isinstance(value, dict):
        return tuple((key, shape(part)) for key, part in value.items())
    return ...


def _part(recipe: Recipe, key: str) -> Recipe:
    return lambda variables: recipe(variables)[key]


def _checked(recipe: Recipe) -> Recipe:
    return lambda variables: _clean(recipe(variables))


def _searched(recipe: Recipe, node: FieldNode, path: tuple[str, ...]) -> Recipe:
    def check(variables: Any) -> Any:
        text = recipe(variables)
        if len(text) > LONGEST_SEARCH:
            raise BadInputError(f"'text' takes at most {LONGEST_SEARCH} characters.", node, path)
        if sum(map(str.isalnum, fold(text))) < SHORTEST_SEARCH:
            raise BadInputError(
                f"'text' needs at least {SHORTEST_SEARCH} letters or digits.", node, path
            )
        return text

    return check


def _clean(value: Any) -> Any:
    if isinstance(value, str) and ("\0" in value or not _encodable(value)):
        raise BadInputError("Text must not hold the character U+0000 or half a surrogate pair.")
    return _moment(value) if isinstance(value, datetime) else value


def _moment(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise BadInputError("A moment needs its offset, such as Z or +07:00.")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise BadInputError("A moment must lie in the years 1 to 9999 of UTC.") from None


def _encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _has_variable(value: ValueNode) -> bool:
    if isinstance(value, VariableNode):
        return True
    if isinstance(value, ListValueNode):
        return any(_has_variable(item) for item in value.values)
    if isinstance(value, ObjectValueNode):
        return any(_has_variable(field.value) for field in value.fields)
    return False


def _snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)
