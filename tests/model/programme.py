"""PROGRAMME.md as plain Python: who may do what, what becomes of it, and what the totals are.

Written from the document and not from the code. An action returns what GraphQL should answer, the
type's name and, of an error, its code; it changes the model only where the answer is a success.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from tests.model.nation import ACCOUNTS, APPLIED, CONFIRMING, PEOPLE, PHASES, UNITS

Answer = tuple[str, str | None]
LEVELS = ("CONFEDERATION", "FEDERATION", "UPPER", "GRASSROOTS")
# Who may do what (PROGRAMME.md), by role: S in the subtree, U at the grant's own unit, O one's own.
MATRIX = {
    "see_unit": {"MEMBER": "U", "SUPPORT": "S", "OFFICER": "S", "COUNCIL": "S", "ADMIN": "S"}
    | {"AUDITOR": "S"},
    "see_work": {"SUPPORT": "S", "OFFICER": "S", "COUNCIL": "S", "ADMIN": "S", "AUDITOR": "S"},
    "see_person": {"SUPPORT": "S", "OFFICER": "S", "ADMIN": "S"},
    "own": {"MEMBER": "O"},
    "write": {"SUPPORT": "S", "OFFICER": "S"},
    "review": {"OFFICER": "U", "COUNCIL": "U", "ADMIN": "U"},
    "assign": {"ADMIN": "S"},
    "register": {"OFFICER": "S", "ADMIN": "S"},
    "curate": {"OFFICER": "S", "ADMIN": "S"},
    "manage_units": {"ADMIN": "S"},
    "manage_grants": {"ADMIN": "S"},
}
STANDING = ("SUBMITTED", "RECOGNISED", "CONFIRMED", "RETURNED", "REJECTED")
FORBIDDEN = ("Forbidden", "FORBIDDEN")
NOT_FOUND = ("NotFound", "NOT_FOUND")


@dataclass
class Work:
    """An initiative; `approved` are the units that approved it, in order."""

    unit: str
    authors: set[str]
    drafter: str
    applied_on: date
    state: str = "DRAFT"
    phase: int | None = None
    awaits: str | None = None
    approved: list[str] = field(default_factory=list)
    published: bool = False
    version: int = 1


class Programme:
    """Everything that there is, and what may be done to it."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.parent = {code: parent for code, (_, parent) in UNITS.items()}
        self.level = {code: level for code, (level, _) in UNITS.items()}
        self.closed: set[str] = set()
        self.home = dict(PEOPLE)
        self.grants = [(name, *grant) for name, who in ACCOUNTS.items() for grant in who.grants]
        self.works: dict[str, Work] = {}
        self.targets: dict[tuple[str, int], dict[str, int | None]] = {}

    # The tree and the matrix

    def line(self, unit: str) -> list[str]:
        """Return a unit and the units above it, upwards."""
        above = self.parent[unit]
        return [unit, *(self.line(above) if above else ())]

    def holds(self, who: str | None, what: str, unit: str) -> bool:
        """Whether somebody may do something at a unit."""
        reach = MATRIX[what]
        return any(
            (reach.get(role) == "S" and place in self.line(unit))
            or (reach.get(role) == "U" and place == unit)
            for role, place in self.roles(who)
        )

    def anywhere(self, who: str | None, *what: str) -> bool:
        """Whether somebody may do one of these at all."""
        return any(role in MATRIX[one] for one in what for role, _ in self.roles(who))

    def roles(self, who: str | None) -> list[tuple[str, str]]:
        """Return somebody's roles with their units."""
        return [(role, unit) for name, role, unit in self.grants if name == who]

    def self_of(self, who: str | None) -> str | None:
        """Return the person whose own initiatives somebody may handle."""
        own = who is not None and self.anywhere(who, "own")
        return ACCOUNTS[who].person if own and who is not None else None

    def sees_unit(self, who: str | None, unit: str) -> bool:
        """Whether somebody sees a unit; everybody sees the root."""
        return self.parent[unit] is None or self.holds(who, "see_unit", unit)

    def sees(self, who: str | None, work: Work) -> bool:
        """Whether somebody sees an initiative."""
        own = self.self_of(who) in work.authors
        return work.published or own or self.holds(who, "see_work", work.unit)

    def stopped(self, who: str | None, *what: str) -> Answer | None:
        """Return why somebody gets no further than the door."""
        if who is None:
            return ("Forbidden", "SIGN_IN")
        if any(role == "AUDITOR" for role, _ in self.roles(who)):
            return ("Forbidden", "AUDITOR")
        return None if self.anywhere(who, *what) else FORBIDDEN

    # Authors

    def draft(self, who: str | None, unit: str, authors: list[str], applied_on: date) -> Answer:
        """Write an initiative down; the caller adds it under its number with `keep`."""
        stopped = self.stopped(who, "own", "write")
        if stopped:
            return stopped
        own = self.self_of(who)
        if not self.sees_unit(who, unit):
            return NOT_FOUND
        on_behalf = self.holds(who, "write", unit)
        if not on_behalf and (own is None or self.home[own] != unit):
            return FORBIDDEN
        if unit in self.closed:
            return ("InitiativeRejected", "UNIT_CLOSED")
        if not all(self.nameable(who, author, unit) for author in authors):
            return ("InvalidInput", "INVALID_INPUT")
        return ("InitiativePayload", None) if on_behalf or own in authors else FORBIDDEN

    def nameable(self, who: str | None, person: str, unit: str) -> bool:
        """Whether somebody may name a person as an author at a unit."""
        own = self.self_of(who)
        colleague = self.home[person] == unit and (
            self.holds(who, "write", unit) or (own is not None and self.home[own] == unit)
        )
        return person == own or colleague or self.holds(who, "see_person", self.home[person])

    def keep(
        self, number: str, who: str, unit: str, authors: Iterable[str], applied_on: date
    ) -> None:
        """Add what `draft` allowed."""
        self.works[number] = Work(unit, set(authors), who, applied_on)

    def reach(self, who: str | None, number: str, version: int | None) -> Answer | None:
        """Return why somebody cannot write an initiative."""
        stopped = self.stopped(who, "own", "write")
        if stopped:
            return stopped
        work = self.works[number]
        if not self.sees(who, work):
            return NOT_FOUND
        own = self.self_of(who)
        mine = own is not None and (own in work.authors or work.drafter == who)
        if not mine and not self.holds(who, "write", work.unit):
            return FORBIDDEN
        return ("Conflict", "STALE") if version not in (None, work.version) else None

    def submit(self, who: str | None, number: str, version: int | None = None) -> Answer:
        """Hand in."""
        refused = self.reach(who, number, version)
        if refused:
            return refused
        work = self.works[number]
        if work.state not in ("DRAFT", "RETURNED"):
            return ("InitiativeRejected", "WRONG_STATE")
        if not APPLIED[0] <= work.applied_on <= APPLIED[1]:
            return ("InitiativeRejected", "APPLIED_OUTSIDE")
        if work.applied_on > self.today:
            return ("InitiativeRejected", "APPLIED_LATER")
        if work.phase is None:
            work.phase = next(
                (n for n, (first, last) in PHASES.items() if first <= self.today <= last), None
            )
        if work.phase is None:
            return ("InitiativeRejected", "OUTSIDE_EVERY_WINDOW")
        work.state, work.awaits, work.version = "SUBMITTED", work.unit, work.version + 1
        work.approved = []
        return ("InitiativePayload", None)

    def withdraw(self, who: str | None, number: str, version: int | None = None) -> Answer:
        """Take back."""
        refused = self.reach(who, number, version)
        if refused:
            return refused
        work = self.works[number]
        if work.state not in ("DRAFT", "SUBMITTED", "RETURNED"):
            return ("InitiativeRejected", "WRONG_STATE")
        work.state, work.awaits, work.version = "WITHDRAWN", None, work.version + 1
        return ("InitiativePayload", None)

    # Deciding

    def chain(self, unit: str) -> list[str]:
        """Return the units that decide on an initiative of a unit, in turn."""
        last = LEVELS.index(CONFIRMING)
        above = [one for one in self.line(unit)[1:] if LEVELS.index(self.level[one]) >= last]
        return [unit, *(one for one in above if one not in self.closed)]

    # Totals

    def totals(self, unit: str, ordinal: int) -> Counter[str]:
        """Return what a unit's subtree has in a phase."""
        counted: Counter[str] = Counter()
        for work in self.works.values():
            if work.phase == ordinal and unit in self.line(work.unit):
                counted["submitted"] += work.state in STANDING
                counted["recognised"] += work.state in ("RECOGNISED", "CONFIRMED")
                counted["confirmed"] += work.state == "CONFIRMED"
                counted["returned"] += work.state == "RETURNED"
                counted["rejected"] += work.state == "REJECTED"
        return counted
