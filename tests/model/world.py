"""The state of the model: the tree, people, role grants, campaigns, initiatives. Permissions.

Written from the programme, not from the code. A rejection raises `RefusedError` with the expected
result of GraphQL: the type's name and its code; for invalid input, the code of the problem.
"""

from collections import Counter
from datetime import date

from tests.model.nation import ACCOUNTS, CAMPAIGN, PEOPLE, PHASES, RUBRIC, STAFF, UNITS
from tests.model.records import Campaign, Grant, Phase, Unit, Work

LEVELS = ("CONFEDERATION", "FEDERATION", "UPPER", "GRASSROOTS")
# Permissions by role (PROGRAMME.md): S in the subtree, U at the grant's own unit, O one's own.
MATRIX = {
    "see_unit": {"MEMBER": "U", "SUPPORT": "S", "OFFICER": "S", "COUNCIL": "S", "ADMIN": "S"}
    | {"AUDITOR": "S"},
    "see_work": {"SUPPORT": "S", "OFFICER": "S", "COUNCIL": "S", "ADMIN": "S", "AUDITOR": "S"},
    "see_person": {"SUPPORT": "S", "OFFICER": "S", "ADMIN": "S"},
    "see_grants": {"ADMIN": "S", "AUDITOR": "S"},
    "own": {"MEMBER": "O"},
    "write": {"SUPPORT": "S", "OFFICER": "S"},
    "review": {"OFFICER": "U", "COUNCIL": "U", "ADMIN": "U"},
    "assign": {"ADMIN": "S"},
    "register": {"OFFICER": "S", "ADMIN": "S"},
    "manage_campaigns": {"ADMIN": "S"},
    "curate": {"OFFICER": "S", "ADMIN": "S"},
    "award": {"OFFICER": "S", "ADMIN": "S"},
    "manage_units": {"ADMIN": "S"},
    "manage_people": {"OFFICER": "S", "ADMIN": "S"},
    "manage_grants": {"ADMIN": "S"},
}
STANDING = ("SUBMITTED", "RECOGNISED", "CONFIRMED", "RETURNED", "REJECTED")


class RefusedError(Exception):
    """The expected result of GraphQL instead of success."""

    def __init__(self, type_: str, code: str | None = None) -> None:
        super().__init__(type_, code)
        self.answer = (type_, code)


FORBIDDEN = ("Forbidden", "FORBIDDEN")
NOT_FOUND = ("NotFound", "NOT_FOUND")
STALE = ("Conflict", "STALE")
REASON_NEEDED = ("InvalidInput", "REASON_NEEDED")


class World:
    """The whole state."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.units = {code: Unit(level, parent) for code, (level, parent) in UNITS.items()}
        self.home = PEOPLE | STAFF
        self.person_version = Counter(dict.fromkeys(self.home, 1))
        # The units of each person so far, each with its first day; of the first unit it is unknown.
        self.homes: dict[str, list[tuple[date | None, str]]] = {
            person: [(None, unit)] for person, unit in self.home.items()
        }
        self.person = {name: who.person for name, who in ACCOUNTS.items()}
        self.grants = [
            Grant(name, *grant) for name, who in ACCOUNTS.items() for grant in who.grants
        ]
        phases = {ordinal: Phase(*days) for ordinal, days in PHASES.items()}
        self.campaigns = {CAMPAIGN: Campaign("R", phases=phases, rubric=dict(RUBRIC))}
        self.works: dict[str, Work] = {}
        self.numbers: Counter[tuple[str, int]] = Counter()
        # Unit, campaign, phase: assigned, registered, version.
        self.targets: dict[tuple[str, str, int], tuple[int | None, int | None, int]] = {}
        self.awards: set[tuple[str, str, str]] = set()
        # Kind, campaign, phase, unit, gained.
        self.adjustments: Counter[tuple[str, str, int, str, int]] = Counter()

    # The tree

    def line(self, unit: str) -> list[str]:
        """Return a unit and its ancestors, upwards."""
        above = self.units[unit].parent
        return [unit, *(self.line(above) if above else ())]

    def below(self, top: str) -> list[str]:
        """Return a unit and its subtree."""
        return [code for code in self.units if top in self.line(code)]

    def children(self, unit: str) -> list[str]:
        """Return the units directly below one, by code."""
        return sorted(code for code, one in self.units.items() if one.parent == unit)

    def rank(self, unit: str) -> int:
        """Return 0 for the top level, and more for lower ones."""
        return LEVELS.index(self.units[unit].level)

    def members(self) -> dict[str, str]:
        """Return the units of the people who write initiatives."""
        return {person: self.home[person] for person in PEOPLE}

    # Permissions

    def roles(self, who: str | None) -> list[tuple[str, str]]:
        """Return an account's roles with their units, as of today."""
        return [
            (grant.role, grant.unit)
            for grant in self.grants
            if grant.account == who and grant.holds_on(self.today)
        ]

    def holds(self, who: str | None, what: str, unit: str) -> bool:
        """Return whether an account has a permission at a unit."""
        reach = MATRIX[what]
        return any(
            (reach.get(role) == "S" and place in self.line(unit))
            or (reach.get(role) == "U" and place == unit)
            for role, place in self.roles(who)
        )

    def enter(self, who: str | None, *what: str) -> None:
        """Reject a caller who has none of these permissions at any unit."""
        if who is None:
            raise RefusedError("Forbidden", "SIGN_IN")
        roles = [role for role, _ in self.roles(who)]
        if "AUDITOR" in roles:
            raise RefusedError("Forbidden", "AUDITOR")
        if not any(role in MATRIX[one] for one in what for role in roles):
            raise RefusedError(*FORBIDDEN)

    def require(self, who: str | None, what: str, unit: str) -> None:
        """Reject a caller who lacks a permission at a unit."""
        if not self.holds(who, what, unit):
            raise RefusedError(*FORBIDDEN)

    def check_version(self, seen: int | None, version: int) -> None:
        """Reject a stale version."""
        if seen not in (None, version):
            raise RefusedError(*STALE)

    def self_of(self, who: str | None) -> str | None:
        """Return the person whose own initiatives an account may handle."""
        own = any(role in MATRIX["own"] for role, _ in self.roles(who))
        return self.person[who] if own and who is not None else None

    def find_unit(self, who: str | None, unit: str) -> Unit:
        """Return a unit that the caller sees; everybody sees the root."""
        if unit not in self.units or not self.sees_unit(who, unit):
            raise RefusedError(*NOT_FOUND)
        return self.units[unit]

    def sees_unit(self, who: str | None, unit: str) -> bool:
        """Return whether the caller sees an existing unit."""
        return self.units[unit].parent is None or self.holds(who, "see_unit", unit)

    def find_person(self, who: str | None, person: str) -> None:
        """Reject a caller who does not see a person: at their unit, or as a co-author."""
        places = [work.unit for work in self.works.values() if person in work.authors]
        if person not in self.home or not (
            person == self.self_of(who)
            or any(self.holds(who, "see_person", unit) for unit in [self.home[person], *places])
        ):
            raise RefusedError(*NOT_FOUND)

    def sees_work(self, who: str | None, work: Work) -> bool:
        """Return whether the caller sees an initiative."""
        own = self.self_of(who)
        return (
            work.published
            or (own is not None and own in work.authors)
            or self.holds(who, "see_work", work.unit)
        )

    def find_work(self, who: str | None, number: str) -> Work:
        """Return an initiative that the caller sees."""
        if number not in self.works or not self.sees_work(who, self.works[number]):
            raise RefusedError(*NOT_FOUND)
        return self.works[number]

    def find_campaign(self, code: str) -> Campaign:
        """Return a campaign; everybody sees all."""
        if code not in self.campaigns:
            raise RefusedError(*NOT_FOUND)
        return self.campaigns[code]

    def find_phase(self, campaign: str, ordinal: int) -> Phase:
        """Return a phase; everybody sees all."""
        if ordinal not in self.find_campaign(campaign).phases:
            raise RefusedError(*NOT_FOUND)
        return self.campaigns[campaign].phases[ordinal]

    # Windows of phases at a unit

    def window(self, campaign: str, ordinal: int, unit: str) -> tuple[date, date]:
        """Return a phase's days at a unit: those of the nearest override, else its own."""
        phase = self.campaigns[campaign].phases[ordinal]
        for place in self.line(unit):
            if place in phase.overrides:
                return phase.overrides[place][:2]
        return phase.first, phase.last

    def adjust(
        self, kind: str, at: tuple[str, int], unit: str, reason: str | None, gained: int = 0
    ) -> None:
        """Record an adjustment of a settled phase, which needs a reason."""
        if not reason:
            raise RefusedError(*REASON_NEEDED)
        self.adjustments[kind, *at, unit, gained] += 1

    def is_frozen(self, work: Work) -> bool:
        """Return whether the results of an initiative's phase are frozen."""
        return (
            work.phase is not None
            and self.campaigns[work.campaign].phases[work.phase].results is not None
        )

    # Totals

    def counts(self, work: Work) -> bool:
        """Return whether an initiative counts as achieved."""
        counting = self.campaigns[work.campaign].counts_from
        return work.state == "CONFIRMED" or (counting, work.state) == ("RECOGNISED", "RECOGNISED")

    def achieved_on(self, work: Work) -> date:
        """Return the day from which an initiative counts as achieved."""
        counting = self.campaigns[work.campaign].counts_from
        day = work.confirmed if counting == "CONFIRMED" else work.recognised
        assert day is not None
        return day

    def totals(self, unit: str, campaign: str, ordinal: int) -> Counter[str]:
        """Return the totals of a unit's subtree in a phase, without zeros."""
        counted: Counter[str] = Counter()
        earliest: dict[str, tuple[date, int, str]] = {}
        for turn, work in enumerate(self.works.values()):
            if (work.campaign, work.phase) != (campaign, ordinal):
                continue
            for one in work.authors if self.counts(work) else ():
                part = (self.achieved_on(work), turn, work.counted[one])
                earliest[one] = min(part, earliest.get(one, part))
            if unit in self.line(work.unit):
                counted["submitted"] += work.state in STANDING
                counted["recognised"] += work.state in ("RECOGNISED", "CONFIRMED")
                counted["confirmed"] += work.state == "CONFIRMED"
                counted["returned"] += work.state == "RETURNED"
                counted["rejected"] += work.state == "REJECTED"
                counted["achieved"] += self.counts(work)
        counted["participants"] = sum(unit in self.line(at) for *_, at in earliest.values())
        return +counted
