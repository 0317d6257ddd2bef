"""Targets assigned, registered and distributed; awards."""

from datetime import date
from fractions import Fraction

from tests.model.world import REASON_NEEDED, RefusedError, World


class Pledgers(World):
    """Targets and awards."""

    def assign_targets(
        self,
        who: str,
        *,
        campaign: str,
        phase: int,
        parent: str,
        targets: list[tuple[str, int | None, int | None]],
        reason: str | None = None,
    ) -> str:
        """Assign to units directly below one: to all named ones, or to none."""
        self._at(who, "assign", campaign, phase, parent)
        if any(unit not in self.children(parent) for unit, _, _ in targets):
            raise RefusedError("InvalidInput", "NOT_A_CHILD")
        for unit, _, version in targets:
            self._check_seen(unit, campaign, phase, version)
        wanted = {unit: value for unit, value, _ in targets}
        self._set("assigned", campaign, phase, wanted, reason)
        return "AssignTargetsPayload"

    def register_target(
        self,
        who: str,
        *,
        campaign: str,
        phase: int,
        unit: str,
        registered: int | None,
        version: int | None = None,
        reason: str | None = None,
    ) -> str:
        """Register a unit's own target."""
        self._at(who, "register", campaign, phase, unit)
        self._check_seen(unit, campaign, phase, version)
        self._set("registered", campaign, phase, {unit: registered}, reason)
        return "RegisterTargetPayload"

    def distribute_target(
        self,
        who: str,
        *,
        campaign: str,
        phase: int,
        parent: str,
        by: str,
        total: int | None = None,
        preview: bool = False,
        reason: str | None = None,
    ) -> str:
        """Distribute a total exactly among the open units directly below one."""
        self._at(who, "assign", campaign, phase, parent)
        if total is None:
            assigned, registered, _ = self.targets.get((parent, campaign, phase), (None, None, 0))
            total = assigned if registered is None else registered
        if total is None:
            raise RefusedError("TargetRejected", "NO_TARGET")
        if by == "LAST_PHASE" and not self._before(campaign, phase):
            raise RefusedError("TargetRejected", "NO_LAST_PHASE")
        children = self.children(parent)
        taking = [unit for unit in children if not self.units[unit].closed]
        if not taking:
            raise RefusedError("TargetRejected", "NO_CHILDREN")
        weights = {unit: self._weight(unit, by, campaign, phase) for unit in taking}
        if not any(weights.values()):
            raise RefusedError("TargetRejected", "NO_WEIGHTS")
        wanted: dict[str, int | None] = dict.fromkeys(children) | shares(total, weights)
        if not preview:
            self._set("assigned", campaign, phase, wanted, reason)
        return "DistributeTargetPayload"

    def _weight(self, unit: str, by: str, campaign: str, phase: int) -> int:
        if by == "EQUAL":
            return 1
        if by == "MEMBERS":
            return self.units[unit].members
        (*_, last) = self._before(campaign, phase)
        results = self.campaigns[campaign].phases[last].results or {}
        return results.get(unit, self.totals(unit, campaign, last)["achieved"])

    def _before(self, campaign: str, phase: int) -> list[int]:
        """Return the phases before one, in order."""
        return sorted(ordinal for ordinal in self.campaigns[campaign].phases if ordinal < phase)

    def _at(self, who: str, what: str, campaign: str, phase: int, unit: str) -> None:
        self.enter(who, what)
        self.find_phase(campaign, phase)
        self.find_unit(who, unit)
        self.require(who, what, unit)
        if self.campaigns[campaign].owner not in self.line(unit):
            raise RefusedError("TargetRejected", "OUTSIDE_CAMPAIGN")

    def _check_seen(self, unit: str, campaign: str, phase: int, seen: int | None) -> None:
        *_, version = self.targets.get((unit, campaign, phase), (None, None, 0))
        self.check_version(seen, version)

    def _set(
        self,
        side: str,
        campaign: str,
        phase: int,
        wanted: dict[str, int | None],
        reason: str | None,
    ) -> None:
        """Set one side of targets: what the parent assigns, or what the unit registers."""
        place = ("assigned", "registered").index(side)
        nothing = (None, None, 0)
        changed = {
            unit: value
            for unit, value in wanted.items()
            if value != self.targets.get((unit, campaign, phase), nothing)[place]
        }
        if any(self.units[unit].closed and value is not None for unit, value in changed.items()):
            raise RefusedError("TargetRejected", "UNIT_CLOSED")
        frozen = self.campaigns[campaign].phases[phase].results is not None
        over = [
            unit for unit in changed
            if frozen or self.today > self.window(campaign, phase, unit)[1]
        ]  # fmt: skip
        if over and not reason:
            raise RefusedError(*REASON_NEEDED)
        for unit, value in changed.items():
            *sides, version = self.targets.get((unit, campaign, phase), nothing)
            sides[place] = value
            self.targets[unit, campaign, phase] = (sides[0], sides[1], version + 1)
        for unit in over:
            self.adjust("TARGET", (campaign, phase), unit, reason)

    def grant_award(
        self,
        who: str,
        *,
        issuer: str,
        decision_number: str,
        awarded_on: date,
        unit: str | None = None,
        person: str | None = None,
    ) -> str:
        """Grant an award to a unit or a person of the subtree, once for each decision."""
        self.enter(who, "award")
        if (unit is None) == (person is None):
            raise RefusedError("InvalidInput", "BLANK" if unit is None else "ONE_RECIPIENT")
        giver = self.find_unit(who, issuer)
        self.require(who, "award", issuer)
        if giver.closed:
            raise RefusedError("AwardRejected", "UNIT_CLOSED")
        if awarded_on > self.today:
            raise RefusedError("AwardRejected", "AWARDED_LATER")
        if unit is not None:
            self.find_unit(who, unit)
        else:
            self.find_person(who, str(person))
        homes = [unit] if unit else [self.home[str(person)], *self._achieved_at(str(person))]
        if not any(issuer in self.line(home) for home in homes):
            raise RefusedError("AwardRejected", "OUTSIDE_SUBTREE")
        if unit is not None and self.units[unit].closed:
            raise RefusedError("AwardRejected", "UNIT_CLOSED")
        award = (issuer, decision_number, unit or str(person))
        if award in self.awards:
            raise RefusedError("Conflict", "TAKEN")
        self.awards.add(award)
        return "GrantAwardPayload"

    def _achieved_at(self, person: str) -> list[str]:
        """Return the units of achieved initiatives of an author."""
        return [work.unit for work in self.works.values() if person in work.counted]


def shares(total: int, weights: dict[str, int]) -> dict[str, int]:
    """Split a total in proportion: largest remainders first, ties by code."""
    exact = {
        unit: Fraction(total * weight, sum(weights.values())) for unit, weight in weights.items()
    }
    parts = {unit: int(share) for unit, share in exact.items()}
    by_remainder = sorted(exact, key=lambda unit: (parts[unit] - exact[unit], unit))
    for unit in by_remainder[: total - sum(parts.values())]:
        parts[unit] += 1
    return parts
