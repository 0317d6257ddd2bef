"""Campaigns created and changed, with phases, windows for units, drives, results."""

from collections.abc import Mapping
from datetime import date

from tests.model.deciders import Deciders
from tests.model.windows import Windows, meet
from tests.model.world import NOT_FOUND, Campaign, Phase, RefusedError

REVERSED = ("InvalidInput", "DATES_REVERSED")


class Organisers(Windows, Deciders):
    """Campaigns and their dates."""

    def create_campaign(
        self, who: str, *, code: str, owner: str, counts_from: str, applied: tuple[date, date]
    ) -> str:
        """Create a campaign."""
        self.enter(who, "manage_campaigns")
        unit = self.find_unit(who, owner)
        self.require(who, "manage_campaigns", owner)
        if unit.closed:
            raise RefusedError("CampaignRejected", "UNIT_CLOSED")
        if applied[1] < applied[0]:
            raise RefusedError(*REVERSED)
        if code in self.campaigns:
            raise RefusedError("Conflict", "TAKEN")
        self.campaigns[code] = Campaign(owner, counts_from, applied=applied)
        return "CampaignPayload"

    def update_campaign(
        self,
        who: str,
        *,
        code: str,
        version: int | None = None,
        counts_from: str | None = None,
        confirming_level: str | None = None,
        applied_to: date | None = None,
        rubric_required: bool | None = None,
        reason: str | None = None,
    ) -> str:
        """Update a campaign; a change of what counts changes the totals of settled phases."""
        campaign = self._manage(who, code)
        self.check_version(version, campaign.version)
        first, last = campaign.applied
        campaign.applied = (first, applied_to or last)
        if campaign.applied[1] < first:
            raise RefusedError(*REVERSED)
        if confirming_level not in (None, campaign.confirming):
            assert confirming_level is not None
            campaign.confirming = confirming_level
            self.confirm_elsewhere(code)
        if rubric_required is not None:
            campaign.rubric_required = rubric_required
        campaign.version += 1
        if counts_from not in (None, campaign.counts_from):
            assert counts_from is not None
            self._count_otherwise(code, counts_from, reason)
        return "CampaignPayload"

    def _count_otherwise(self, code: str, counts_from: str, reason: str | None) -> None:
        campaign = self.campaigns[code]
        campaign.counts_from = counts_from
        for ordinal, phase in campaign.phases.items():
            if self._settled(phase, phase.last):
                self.adjust("PHASE", (code, ordinal), campaign.owner, reason)
        sign = 1 if counts_from == "RECOGNISED" else -1
        for ordinal, phase in campaign.phases.items():
            recognised = [
                work.unit
                for work in self.works.values()
                if (work.campaign, work.phase, work.state) == (code, ordinal, "RECOGNISED")
            ]
            for unit in set(recognised if phase.results is not None else ()):
                self.adjust("PHASE", (code, ordinal), unit, reason, sign * recognised.count(unit))

    def add_phase(
        self, who: str, *, campaign: str, opens_on: date, closes_on: date, ordinal: int
    ) -> str:
        """Add a phase that overlaps no other."""
        managed = self._manage(who, campaign)
        self._check_order(opens_on, closes_on)
        if ordinal in managed.phases:
            raise RefusedError("Conflict", "TAKEN")
        self._check_own(managed, (opens_on, closes_on), ordinal)
        managed.phases[ordinal] = Phase(opens_on, closes_on)
        self.check_apart(campaign, ordinal, managed.owner)
        return "PhasePayload"

    def update_phase(
        self,
        who: str,
        *,
        campaign: str,
        phase: int,
        opens_on: date | None = None,
        closes_on: date | None = None,
        version: int | None = None,
        reason: str | None = None,
    ) -> str:
        """Change a phase's days; its initiatives stay in it."""
        managed = self._manage(who, campaign)
        held = self.find_phase(campaign, phase)
        self.check_version(version, held.version)
        before = (held.first, held.last)
        after = (opens_on or held.first, closes_on or held.last)
        self._check_order(*after)
        if after != before:
            self._check_own(managed, after, phase)
        if self._settled(held, held.last):
            self.adjust("PHASE", (campaign, phase), managed.owner, reason)
        (held.first, held.last), held.version = after, held.version + 1
        if after != before:
            self.check_apart(campaign, phase, managed.owner)
            self.check_drives(campaign, phase, managed.owner)
        return "UpdatePhasePayload"

    def override_phase_window(
        self,
        who: str,
        *,
        campaign: str,
        phase: int,
        unit: str,
        opens_on: date | None = None,
        closes_on: date | None = None,
        version: int | None = None,
        reason: str | None = None,
    ) -> str:
        """Set other days of a phase for a unit's subtree; without days, remove them."""
        self._at_unit(who, campaign, unit, closed_too=opens_on is None and closes_on is None)
        held = self.find_phase(campaign, phase)
        _, last = self.window(campaign, phase, unit)
        known = held.overrides.get(unit)
        self.check_version(version, known[2] if known else 0)
        if opens_on is None and closes_on is None:
            if not known:
                raise RefusedError(*NOT_FOUND)
            del held.overrides[unit]
        elif opens_on is None or closes_on is None:
            raise RefusedError("InvalidInput", "BLANK")
        else:
            self._check_order(opens_on, closes_on)
            held.overrides[unit] = (opens_on, closes_on, known[2] + 1 if known else 1)
        if self._settled(held, last):
            self.adjust("WINDOW", (campaign, phase), unit, reason)
        self.check_apart(campaign, phase, unit)
        self.check_drives(campaign, phase, unit)
        return "OverridePhaseWindowPayload"

    def add_drive(
        self,
        who: str,
        *,
        campaign: str,
        phase: int,
        unit: str,
        opens_on: date,
        closes_on: date,
        reason: str | None = None,
    ) -> str:
        """Add a drive within the phase's window at a unit."""
        self.enter(who, "assign")
        self._check_order(opens_on, closes_on)
        self._at_unit(who, campaign, unit)
        held = self.find_phase(campaign, phase)
        first, last = self.window(campaign, phase, unit)
        if opens_on < first or last < closes_on:
            raise RefusedError("PhaseRejected", "OUTSIDE_PHASE")
        held.drives.append((unit, opens_on, closes_on))
        if self._settled(held, last):
            self.adjust("DRIVE", (campaign, phase), unit, reason)
        return "AddDrivePayload"

    def freeze_phase(
        self, who: str, *, campaign: str, phase: int, version: int | None = None
    ) -> str:
        """Freeze a phase that has closed everywhere, once."""
        managed = self._manage(who, campaign)
        held = self.find_phase(campaign, phase)
        self.check_version(version, held.version)
        if held.results is not None:
            raise RefusedError("PhaseRejected", "FROZEN")
        units = self.below(managed.owner)
        counted = [managed.owner, *self.standing(campaign, managed.owner)]
        if self.today <= max(self.window(campaign, phase, unit)[1] for unit in counted):
            raise RefusedError("PhaseRejected", "NOT_CLOSED")
        held.results = {unit: self.totals(unit, campaign, phase)["achieved"] for unit in units}
        held.version += 1
        return "PhasePayload"

    def results(self) -> Mapping[tuple[str, int, str], int]:
        """Return the stored results of frozen phases."""
        return {
            (code, ordinal, unit): achieved
            for code, campaign in self.campaigns.items()
            for ordinal, phase in campaign.phases.items()
            for unit, achieved in (phase.results or {}).items()
        }

    def _manage(self, who: str, code: str) -> Campaign:
        self.enter(who, "manage_campaigns")
        campaign = self.find_campaign(code)
        self.require(who, "manage_campaigns", campaign.owner)
        return campaign

    def _at_unit(self, who: str, campaign: str, unit: str, *, closed_too: bool = False) -> None:
        self.enter(who, "assign")
        owner = self.find_campaign(campaign).owner
        place = self.find_unit(who, unit)
        self.require(who, "assign", unit)
        if place.closed and not closed_too:
            raise RefusedError("PhaseRejected", "UNIT_CLOSED")
        if owner not in self.line(unit):
            raise RefusedError("PhaseRejected", "OUTSIDE_CAMPAIGN")

    def _settled(self, phase: Phase, last: date) -> bool:
        return phase.results is not None or self.today > last

    def _check_own(self, campaign: Campaign, days: tuple[date, date], phase: int) -> None:
        """Reject a phase whose own days overlap another's, wherever these apply."""
        others = [other for ordinal, other in campaign.phases.items() if ordinal != phase]
        if any(meet(days, (one.first, one.last)) for one in others):
            raise RefusedError("PhaseRejected", "OVERLAP")

    def _check_order(self, first: date, last: date) -> None:
        if last < first:
            raise RefusedError(*REVERSED)
