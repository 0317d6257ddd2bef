"""Exhaustive questions: every field of every object, every filter, every nested list."""

from typing import Any

from graphql import get_named_type, is_leaf_type

from schema.build import SCHEMA
from tests.oracle.queries import Draft, Question, Questions, literal


class Surveys(Questions):
    """Draws questions about one world, also broad ones."""

    def everything(self, root: str) -> Question:
        """Return a question for every field of all elements of a root list."""
        self._draft = Draft()
        definition = _type("Query").fields[root]
        page = "(first: 100)" if "first" in definition.args else ""
        selection = self._all(get_named_type(definition.type), 4 if page else 3)
        declared = ", ".join(f"${name}: {type_}" for name, type_ in self._draft.declared.items())
        head = f"query Q({declared}) " if declared else ""
        return Question(f"{head}{{ {root}{page} {selection} }}", self._draft.variables)

    def sifting(self) -> Question:
        """Return a question of lists by filters with one condition or two, and of paces."""
        self._draft = Draft()
        roots = _type("Query").fields
        parts = []
        for number in range(8):
            root = self._rng.choice(("initiatives", "initiatives", "units", "auditEvents"))
            wanted = self.values.filter(roots[root].args["filter"].type)
            written = literal(roots[root].args["filter"].type, wanted)
            parts.append(f"s{number}: {root}(filter: {written}) {{ totalCount nodes {{ id }} }}")
        progress = _type("Unit").fields["progress"]
        pace = "pace { opensOn closesOn day projectedOn requiredRate status }"
        paced = f"progress{self._arguments(progress)} {{ achieved percent {pace} }}"
        # Behind two connections: `everything` does not reach this depth.
        given = "awards { edges { cursor node " + self._all(_type("Award"), 2) + " } }"
        given += " history { edges { cursor node " + self._all(_type("UnitHistory"), 3) + " } }"
        given += " grants { edges { cursor node " + self._all(_type("Grant"), 2) + " } }"
        given += " clients { edges { cursor node " + self._all(_type("Client"), 3) + " } }"
        given += f" people{self._arguments(_type('Unit').fields['people'])} {{ totalCount edges "
        given += "{ cursor node " + self._all(_type("Person"), 1) + " } }"
        target = f"target{self._arguments(_type('Unit').fields['target'])} {{ assigned revisions "
        target += "{ edges { cursor node " + self._all(_type("TargetRevision"), 2) + " } } }"
        parts.append(f"units(first: 100) {{ nodes {{ {paced} {given} {target} }} }}")
        text = " ".join(parts)
        declared = ", ".join(f"${name}: {type_}" for name, type_ in self._draft.declared.items())
        head = f"query Q({declared}) " if declared else ""
        return Question(f"{head}{{ {text} }}", self._draft.variables)

    def _all(self, type_: Any, depth: int) -> str:
        lines = ["__typename"]
        for name, definition in type_.fields.items():
            named = get_named_type(definition.type)
            if is_leaf_type(named):
                lines.append(name + self._arguments(definition))
            elif depth > 1:
                lines.append(f"{name}{self._arguments(definition)} {self._all(named, depth - 1)}")
        return "{ " + " ".join(lines) + " }"


def _type(name: str) -> Any:
    return SCHEMA._schema.type_map[name]
