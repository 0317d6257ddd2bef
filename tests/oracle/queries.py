"""Random valid queries over the whole schema, with arguments from a world."""

import json
import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

from schema.build import SCHEMA
from tests.oracle.cursors import Cursors
from tests.oracle.values import Values
from tests.oracle.world import World

# Names that the statement itself uses for its parts, or that need quotes there.
_ALIASES = ("a", "o0", "o1", "o2", "t1", "t3", "u2", "j0", "root", "select", "order", "Ab", "_x")
_OPTIONAL = 0.4  # the probability of an optional argument
_DEEP = (
    *("unit", "units", "children", "progress", "target", "standing", "ranking", "nodes", "node"),
    *("result", "adjustments"),
)
_INTROSPECTION = (
    "__schema { queryType { name ...T } }",
    '__type(name: "Unit") { kind name fields { name type { name kind } } }',
    '__type(name: "Nothing") { name }',
    "__schema { directives { name args { name defaultValue } } }",
)


@dataclass
class Question:
    """A document with values for its variables."""

    text: str
    variables: dict[str, Any]
    operation: str | None = None

    def __str__(self) -> str:
        """Return a form that can be run by hand."""
        return f"{self.text}\n{json.dumps(self.variables, ensure_ascii=False)}"


@dataclass
class Draft:
    """The parts of an operation so far."""

    fragments: dict[str, str] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)


class Taken:
    """The fields of one object's response names so far, and those of objects below it."""

    def __init__(self) -> None:
        self._meanings: dict[str, tuple[str, str]] = {}
        self.below: defaultdict[str, Taken] = defaultdict(Taken)

    def take(self, name: str, meaning: str, type_: Any) -> bool:
        """Return whether a name may have this field: the same, or one of a type of equal shape."""
        known, shape = self._meanings.setdefault(name, (meaning, str(type_)))
        other_parent = known.split(".")[0] != meaning.split(".", maxsplit=1)[0]
        return known == meaning or (other_parent and shape == str(type_))


class Questions:
    """Draws questions about one world."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self._rng = rng
        self.values = Values(world, rng)
        self._draft = Draft()
        self._budget = 0
        self._cursors = Cursors()

    def draw(self) -> Question:
        """Draw another question."""
        self._draft = Draft()
        self._budget = self._rng.choice((15, 40, 90))
        schema = SCHEMA._schema
        assert schema.query_type is not None
        selection = self._selection(schema.query_type, self._rng.randint(3, 7), Taken())
        declared = ", ".join(f"${name}: {type_}" for name, type_ in self._draft.declared.items())
        head = f"query Q({declared}) " if declared else self._rng.choice(("", "query ", "query Q "))
        parts = [head + selection, *self._draft.fragments.values()]
        if self._rng.random() < 0.5:
            parts.reverse()
        return Question("\n".join(parts), self._draft.variables)

    def remember(self, answer: Any) -> None:
        """Store the cursors of an answer, to query adjacent pages."""
        self._cursors.remember(answer)

    def _often(self, share: float) -> bool:
        return self._rng.random() < share

    def _selection(self, type_: Any, depth: int, taken: "Taken") -> str:
        """Return a selection set; `taken` has the fields of used response names."""
        lines = [
            self._member(type_, depth, taken) for _ in range(self._rng.choice((1, 2, 3, 4, 6)))
        ]
        return "{ " + " ".join(lines) + " }"

    def _member(self, type_: Any, depth: int, taken: "Taken") -> str:
        roll = self._rng.random()
        if roll < 0.08:
            return f"__typename {self._directive()}"
        if roll < 0.16 and depth > 0:
            return self._inline(type_, depth, taken)
        if roll < 0.22 and depth > 0:
            return self._spread(type_, depth, taken)
        if roll < 0.25 and type_.name == "Query":
            return self._introspect()
        if isinstance(type_, GraphQLInterfaceType):
            return self._inline(type_, depth, taken) if self._often(0.9) else "id"
        return self._field(type_, depth, taken)

    def _introspect(self) -> str:
        text = self._rng.choice(_INTROSPECTION)
        if "...T" in text and "T" not in self._draft.fragments:
            include = self._directive()
            self._draft.fragments["T"] = (
                f"fragment T on __Type {{ name kind {include} description }}"
            )
        alias = f"i{self._rng.randrange(10**6)}: "
        return alias + text

    def _inline(self, type_: Any, depth: int, taken: "Taken") -> str:
        on = type_
        condition = ""
        if isinstance(type_, GraphQLInterfaceType):
            possible = SCHEMA._schema.get_possible_types(type_)
            on = self._rng.choice(list(possible))
            condition = f"on {on.name} "
        elif self._often(0.5):
            condition = f"on {type_.name} "
        elif type_.interfaces and self._often(0.5):
            on, condition = SCHEMA._schema.type_map["Node"], "on Node "
            return f"... {condition}{self._directive()} {{ id __typename }}"
        return f"... {condition}{self._directive()} {self._selection(on, depth, taken)}"

    def _spread(self, type_: Any, depth: int, taken: "Taken") -> str:
        name = f"F{len(self._draft.fragments)}"
        self._draft.fragments[name] = ""
        body = self._selection(type_, depth, taken)
        self._draft.fragments[name] = f"fragment {name} on {type_.name} {body}"
        again = f" ...{name}" if self._often(0.3) else ""
        return f"...{name} {self._directive()}{again}"

    def _field(self, type_: GraphQLObjectType, depth: int, taken: "Taken") -> str:
        # The result of `verification` covers the whole database, not a world: test_verification.py.
        names = [name for name in type_.fields if name != "verification"]
        leaves = [n for n in names if is_leaf_type(get_named_type(type_.fields[n].type))]
        if depth <= 0 or self._budget <= 0:
            names = leaves or ["__typename"]
        elif self._often(0.45):
            names = [n for n in names if n not in leaves] or names
            # Root fields get larger selections the rarer their types occur elsewhere.
            names = [n for n in names if n in _DEEP and self._often(0.5)] or names
        name = self._rng.choice(names)
        self._budget -= 1
        if name == "__typename":
            return name
        definition = type_.fields[name]
        arguments = self._arguments(definition)
        alias = self._rng.choice(_ALIASES) if self._often(0.15) else None
        named = get_named_type(definition.type)
        meaning = f"{type_.name}.{name}{arguments}"
        if not taken.take(alias or name, meaning, definition.type):
            alias = f"x{self._rng.randrange(10**6)}"
            taken.take(alias, meaning, definition.type)
        below = taken.below[alias or name]
        text = f"{alias}: {name}{arguments}" if alias else f"{name}{arguments}"
        if is_leaf_type(named):
            return f"{text} {self._directive()}"
        times = 2 if self._often(0.08) else 1
        return " ".join(
            f"{text} {self._directive()} {self._selection(named, depth - 1, below)}"
            for _ in range(times)
        )

    def _arguments(self, definition: GraphQLField) -> str:
        given = []
        named = get_named_type(definition.type).name
        paged = "after" in definition.args
        pages = self.values.page() if paged else {}
        turned = self._cursors.turn(named, self._rng) if paged else {}
        for name, argument in definition.args.items():
            if name in turned:
                given.append(f"{name}: {self._value(argument.type, name, turned[name], sure=True)}")
                continue
            if paged and name in ("first", "last", "after", "before"):
                if name in pages:
                    given.append(f"{name}: {self._value(argument.type, name, pages[name])}")
                continue
            required = is_non_null_type(argument.type) and not _has_default(argument)
            if required or self._often(_OPTIONAL):
                about = f"{named}.{name}" if name == "code" else name
                given.append(f"{name}: {self._value(argument.type, about, ...)}")
        self._rng.shuffle(given)
        return f"({', '.join(given)})" if given else ""

    def _value(self, type_: Any, name: str, value: Any, *, sure: bool = False) -> str:
        """Return an argument as text: a literal, or a variable with a value, default or neither."""
        if value is ...:
            value = self.values.of(type_, name)
        if not self._often(0.35):
            return literal(type_, value)
        variable = f"v{len(self._draft.declared)}"
        declared = str(type_)
        roll = 1.0 if sure else self._rng.random()
        if roll < 0.2:
            declared += f" = {literal(type_, value)}"
        elif roll < 0.3 and not is_non_null_type(type_):
            self._draft.variables[variable] = None
        elif roll < 0.4 and not is_non_null_type(type_):
            pass
        else:
            self._draft.variables[variable] = value
        self._draft.declared[variable] = declared
        return f"${variable}"

    def _directive(self) -> str:
        if not self._often(0.12):
            return ""
        name = self._rng.choice(("skip", "include"))
        value = self._often(0.5)
        if self._often(0.5):
            return f"@{name}(if: {str(value).lower()})"
        variable = f"b{len(self._draft.declared)}"
        self._draft.declared[variable] = "Boolean!"
        self._draft.variables[variable] = value
        return f"@{name}(if: ${variable})"


def _has_default(argument: Any) -> bool:
    default = getattr(argument, "default_value", None)
    return default is not None and "Undefined" not in repr(default)


def literal(type_: Any, value: Any) -> str:
    """Return a value as a literal of a document."""
    if is_non_null_type(type_):
        return literal(type_.of_type, value)
    if value is None:
        return "null"
    if is_list_type(type_):
        return "[" + ", ".join(literal(type_.of_type, item) for item in value) + "]"
    if isinstance(value, dict):
        parts = (f"{key}: {literal(type_.fields[key].type, part)}" for key, part in value.items())
        return "{" + ", ".join(parts) + "}"
    if hasattr(type_, "values") and isinstance(value, str):
        return value
    return json.dumps(value)
