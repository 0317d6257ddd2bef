"""Units, role grants, campaigns with their phases, and initiatives."""

from dataclasses import dataclass, field
from datetime import date

from tests.model.nation import APPLIED, CONFIRMING


@dataclass
class Unit:
    """A unit; `closed` is its last day."""

    level: str
    parent: str | None
    members: int = 10
    first: date = date(2020, 1, 1)
    closed: date | None = None
    merged_into: str | None = None
    version: int = 1


@dataclass
class Grant:
    """A role of an account at a unit, from a day to a day."""

    account: str
    role: str
    unit: str
    first: date = date(2020, 1, 1)
    last: date | None = None
    revoked: bool = False
    id: int | None = None

    def holds_on(self, day: date) -> bool:
        """Return whether it is valid on a day."""
        return not self.revoked and self.first <= day and (self.last is None or day <= self.last)

    def meets(self, first: date, last: date | None) -> bool:
        """Return whether it shares a day with others."""
        return (last is None or self.first <= last) and (self.last is None or first <= self.last)


@dataclass
class Phase:
    """A phase; `results` are the achieved counts of each unit when it was frozen."""

    first: date
    last: date
    version: int = 1
    results: dict[str, int] | None = None
    overrides: dict[str, tuple[date, date, int]] = field(default_factory=dict)
    drives: list[tuple[str, date, date]] = field(default_factory=list)


@dataclass
class Campaign:
    """A campaign of a unit's subtree."""

    owner: str
    counts_from: str = "RECOGNISED"
    confirming: str = CONFIRMING
    rubric: dict[str, int] = field(default_factory=dict)
    rubric_required: bool = False
    applied: tuple[date, date] = APPLIED
    phases: dict[int, Phase] = field(default_factory=dict)
    version: int = 1


@dataclass
class Work:
    """An initiative; `decisions` are the units, accounts, decisions and acting units so far.

    `makers` drafted, edited or submitted it; `sheets` are the scores by account, with the unit, for
    the next decision, and `kept` those of earlier ones. `counted` are the units at which authors
    are counted, `recognised` and `confirmed` the days of these decisions.
    """

    campaign: str
    unit: str
    authors: set[str]
    drafter: str
    applied_on: date
    confidential: bool = False
    state: str = "DRAFT"
    phase: int | None = None
    awaits: str | None = None
    makers: set[str] = field(default_factory=set)
    decisions: list[tuple[str, str, str, str | None]] = field(default_factory=list)
    sheets: dict[str, tuple[str, dict[str, int]]] = field(default_factory=dict)
    kept: list[tuple[str, str, dict[str, int]]] = field(default_factory=list)
    counted: dict[str, str] = field(default_factory=dict)
    recognised: date | None = None
    confirmed: date | None = None
    repeats: str | None = None
    published: bool = False
    version: int = 1
