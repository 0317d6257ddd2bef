"""Actions of authors, and of others on their behalf: draft, edit, submit, withdraw."""

from datetime import date

from tests.model.world import FORBIDDEN, RefusedError, Work, World

EDITABLE = ("DRAFT", "RETURNED")
MISSING = "InvalidInput", "NO_SUCH_PERSON"


class Authors(World):
    """Initiatives until they are decided on."""

    def draft_initiative(
        self,
        who: str,
        *,
        campaign: str,
        unit: str,
        authors: list[str],
        applied_on: date,
        confidential: bool = False,
    ) -> str:
        """Draft an initiative."""
        self.enter(who, "own", "write")
        owner = self.find_campaign(campaign).owner
        own = self.self_of(who)
        place = self.find_unit(who, unit)
        on_behalf = self.holds(who, "write", unit)
        if not on_behalf and (own is None or self.home[own] != unit):
            raise RefusedError(*FORBIDDEN)
        if place.closed:
            raise RefusedError("InitiativeRejected", "UNIT_CLOSED")
        if owner not in self.line(unit):
            raise RefusedError("InitiativeRejected", "OUTSIDE_CAMPAIGN")
        self._name(who, unit, authors)
        if not on_behalf and own not in authors:
            raise RefusedError(*FORBIDDEN)
        self.numbers[unit, self.today.year] += 1
        number = f"{unit}-{self.today.year}-{self.numbers[unit, self.today.year]:05d}"
        self.works[number] = Work(
            campaign, unit, set(authors), who, applied_on, confidential, makers={who}
        )
        return "InitiativePayload"

    def edit_initiative(
        self,
        who: str,
        *,
        number: str,
        version: int | None = None,
        applied_on: date | None = None,
        authors: list[str] | None = None,
        leave: bool = False,
        confidential: bool | None = None,
    ) -> str:
        """Edit an initiative that is not submitted."""
        work = self._write(who, number, version)
        if work.state not in EDITABLE:
            raise RefusedError("InitiativeRejected", "WRONG_STATE")
        before = set(work.authors)
        if leave:
            self._leave(who, work, authors)
        elif authors is not None:
            self._name(who, work.unit, authors)
            self._keep(who, work, authors)
            work.authors = set(authors)
        if work.authors != before or applied_on is not None or confidential is not None:
            work.makers.add(who)
        work.applied_on = applied_on or work.applied_on
        work.confidential = work.confidential if confidential is None else confidential
        work.version += 1
        return "InitiativePayload"

    def submit_initiative(
        self, who: str, *, number: str, version: int | None = None, reason: str | None = None
    ) -> str:
        """Submit: it counts in the phase whose window at its unit contains today."""
        work = self._write(who, number, version)
        if work.state not in EDITABLE:
            raise RefusedError("InitiativeRejected", "WRONG_STATE")
        first, last = self.campaigns[work.campaign].applied
        if not first <= work.applied_on <= last:
            raise RefusedError("InitiativeRejected", "APPLIED_OUTSIDE")
        if work.applied_on > self.today:
            raise RefusedError("InitiativeRejected", "APPLIED_LATER")
        if work.phase is None:
            work.phase = self._phase_of_today(work)
        if self.units[work.unit].closed:
            raise RefusedError("InitiativeRejected", "UNIT_CLOSED")
        work.state, work.awaits, work.version = "SUBMITTED", work.unit, work.version + 1
        work.makers.add(who)
        self._note_frozen(work, reason)
        return "InitiativePayload"

    def withdraw_initiative(
        self, who: str, *, number: str, version: int | None = None, reason: str | None = None
    ) -> str:
        """Withdraw an initiative that no level has recognised."""
        work = self._write(who, number, version)
        if work.state not in ("DRAFT", "SUBMITTED", "RETURNED"):
            raise RefusedError("InitiativeRejected", "WRONG_STATE")
        work.state, work.awaits, work.version = "WITHDRAWN", None, work.version + 1
        self._note_frozen(work, reason)
        return "InitiativePayload"

    def _write(self, who: str, number: str, version: int | None) -> Work:
        self.enter(who, "own", "write")
        work = self.find_work(who, number)
        own = self.self_of(who)
        mine = own is not None and (own in work.authors or work.drafter == who)
        if not mine and not self.holds(who, "write", work.unit):
            raise RefusedError(*FORBIDDEN)
        self.check_version(version, work.version)
        return work

    def _name(self, who: str, unit: str, authors: list[str]) -> None:
        """Reject authors who may not be named."""
        own = self.self_of(who)
        on_behalf = self.holds(who, "write", unit)
        for person in authors:
            home = self.home.get(person)
            colleague = home == unit and (on_behalf or (own and self.home[own] == unit))
            if home is None or not (
                person == own or colleague or self.holds(who, "see_person", home)
            ):
                raise RefusedError(*MISSING)

    def _keep(self, who: str, work: Work, authors: list[str]) -> None:
        """Reject removing others or lowering their shares; all authors have equal shares."""
        own = self.person[who]
        on_behalf = self.holds(who, "write", work.unit)
        if on_behalf and own not in authors:
            return
        joined = set(authors) - work.authors
        if not on_behalf and own not in authors and (own not in work.authors or joined):
            raise RefusedError(*FORBIDDEN)
        others = work.authors - {own}
        if not others <= set(authors) or (others and len(authors) > len(work.authors)):
            raise RefusedError("Forbidden", "OTHERS_SHARE")

    def _leave(self, who: str, work: Work, authors: list[str] | None) -> None:
        if authors is not None:
            raise RefusedError("InvalidInput", "REPEATED")
        if self.person[who] not in work.authors or len(work.authors) == 1:
            raise RefusedError("InvalidInput", "TOO_FEW")
        work.authors = work.authors - {self.person[who]}

    def _phase_of_today(self, work: Work) -> int:
        phases = self.campaigns[work.campaign].phases
        if not phases:
            raise RefusedError("InitiativeRejected", "NO_PHASE")
        windows = {ordinal: self.window(work.campaign, ordinal, work.unit) for ordinal in phases}
        holding = [n for n, (first, last) in windows.items() if first <= self.today <= last]
        if not holding:
            raise RefusedError("InitiativeRejected", "OUTSIDE_EVERY_WINDOW")
        return min(holding, key=lambda ordinal: windows[ordinal][0])

    def _note_frozen(self, work: Work, reason: str | None) -> None:
        if self.is_frozen(work):
            assert work.phase is not None
            self.adjust("INITIATIVE", (work.campaign, work.phase), work.unit, reason)
