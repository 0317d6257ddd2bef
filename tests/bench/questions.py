"""The benchmark's questions in each contender's schema, and normalised answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

_FIELDS = (
    "submitted recognised confirmed achieved target percent benefitVerified participants "
    "unitsReporting unitsTotal"
)
_PROGRESS = f"progress(campaign: $campaign, phase: $phase) {{ {_FIELDS} }}"
_UNIT = f"code name level memberCount {_PROGRESS}"
_INITIATIVE = "number title state appliedOn submittedAt benefitClaimed"
_VARIABLES = "query($code: String!, $campaign: String!, $phase: Int!)"
_NUMBERS = {"memberCount", "share", "benefitClaimed", *_FIELDS.split()}


@dataclass(frozen=True)
class Words:
    """The names of the questions' fields in one contender's schema."""

    unit: str = "unit(code: $code)"
    children: str = "children: children(first: {}) {{ {} }}"
    initiatives: str = "initiatives: initiatives(first: {}) {{ {} }}"
    home: str = "unit"
    authors: str = "authors"
    person: str = "person"
    integer: str = "Int"

    def small(self) -> str:
        """One unit with its progress."""
        return self._document(_UNIT)

    def tree(self, wide: int, each: int) -> str:
        """A unit, its children and their children, all with progress."""
        below = self.children.format(each, _UNIT)
        return self._document(f"{_UNIT} {self.children.format(wide, f'{_UNIT} {below}')}")

    def list(self, size: int) -> str:
        """The newest initiatives of a unit's subtree, with authors and units."""
        item = (
            f"{_INITIATIVE} unit: {self.home} {{ code name }} "
            f"authors: {self.authors} {{ share person: {self.person} {{ name }} }}"
        )
        return (
            "query($code: String!) "
            f"{{ unit: {self.unit} {{ code name {self.initiatives.format(size, item)} }} }}"
        )

    def _document(self, selection: str) -> str:
        variables = _VARIABLES.replace("$phase: Int!", f"$phase: {self.integer}!")
        return f"{variables} {{ unit: {self.unit} {{ {selection} }} }}"


OURS = Words(
    children="children(first: {}) {{ nodes {{ {} }} }}",
    initiatives="initiatives(first: {}) {{ nodes {{ {} }} }}",
)
IDIOMATIC = Words()
POSTGRAPHILE = Words(
    unit="unitByCode(code: $code)",
    children="children: unitsByParentIdList(first: {}, orderBy: CODE_ASC) {{ {} }}",
    initiatives=(
        "initiatives: initiativesByFederationIdList(first: {}, orderBy: ROW_ID_DESC) {{ {} }}"
    ),
    home="unitByUnitId",
    authors="authorshipsByInitiativeIdList",
    person="personByPersonId",
    integer="BigInt",
)


class Subject(NamedTuple):
    """The units and the phase of a generated tree that the questions name."""

    root: str
    federation: str
    campaign: str
    phase: int

    @classmethod
    def of(cls, connection: psycopg.Connection) -> "Subject":
        """Choose the root, a federation of median size, and the phase with most initiatives."""
        found = connection.execute(
            """
            select (select code from unit where parent_id is null),
                (select code from unit where level = 'FEDERATION'
                 order by grassroots_count, code
                 offset (select count(*) / 2 from unit where level = 'FEDERATION') limit 1),
                c.code, r.ordinal
            from rollup r join campaign c on c.id = r.campaign_id
            where r.ordinal > 0
            group by c.code, r.ordinal order by sum(r.submitted) desc limit 1
            """
        ).fetchone()
        assert found is not None
        return cls(*found)


class Question(NamedTuple):
    """A request's body."""

    query: str
    variables: Mapping[str, Any]


def questions(
    words: Words, subject: Subject, wide: int = 100, each: int = 50
) -> dict[str, Question]:
    """Return the questions by name, for one contender's schema."""
    asked = {"campaign": subject.campaign, "phase": subject.phase}
    return {
        "small": Question(words.small(), {"code": subject.federation, **asked}),
        "tree": Question(words.tree(wide, each), {"code": subject.root, **asked}),
        "list": Question(words.list(50), {"code": subject.federation}),
    }


def as_data(answer: Any, name: str = "") -> Any:
    """Return an answer without differences of notation.

    Numbers may be text, moments may have fractions, lists may have `nodes`, and authors any order.
    """
    if isinstance(answer, dict):
        if set(answer) == {"nodes"}:
            return as_data(answer["nodes"], name)
        return {key: as_data(value, key) for key, value in answer.items()}
    if isinstance(answer, list):
        items = [as_data(item, name) for item in answer]
        return sorted(items, key=repr) if name == "authors" else items
    if answer is not None and name in _NUMBERS:
        return float(answer)
    if answer is not None and name == "submittedAt":
        return datetime.fromisoformat(answer)
    return answer
