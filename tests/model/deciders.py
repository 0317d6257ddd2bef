"""Decisions on initiatives: level by level, as duplicates, publication."""

from typing import Any

from tests.model.duties import Duties
from tests.model.world import FORBIDDEN, REASON_NEEDED, STALE, RefusedError, Work

AWAITING = ("SUBMITTED", "RECOGNISED")
RECOGNISED = ("RECOGNISED", "CONFIRMED")
ASIDE = {"RETURN": "RETURNED", "REJECT": "REJECTED", "REVOKE": "REVOKED"}


class Deciders(Duties):
    """Initiatives after their submission."""

    def chain(self, work: Work) -> list[str]:
        """Return the approval chain: its own unit and the ancestors up to the confirming level.

        Where none of these is open, it is the lowest open unit.
        """
        top = self.campaigns[work.campaign].confirming
        last = ("CONFEDERATION", "FEDERATION", "UPPER", "GRASSROOTS").index(top)
        own, *above = self.line(work.unit)
        found = [own, *(unit for unit in above if self.rank(unit) >= last)]
        deciding = [unit for unit in found if not self.units[unit].closed]
        return deciding or [unit for unit in above if not self.units[unit].closed][:1]

    def deciders(self, work: Work, decision: str) -> list[str]:
        """Return the units of the approval chain that are open now."""
        if decision == "REVOKE":
            return self.undoers(work) if work.state in RECOGNISED else []
        place = self.acting(work, self.turn(work))
        undoes = decision != "APPROVE" and work.state in RECOGNISED
        if place is None or (undoes and place not in self.undoers(work)):
            return []
        return [place]

    def turn(self, work: Work) -> str | None:
        """Return the unit whose decision an initiative awaits."""
        chain = self.chain(work)
        if work.state not in AWAITING or not chain:
            return None
        line = self.line(work.unit)
        above = line[line.index(work.awaits) :] if work.awaits in line else line
        return next((unit for unit in chain if unit in above), chain[-1])

    def undoers(self, work: Work) -> list[str]:
        """Return the units of the level of the last approval and those above."""
        line = self.line(work.unit)
        approved = self.approvals(work)[-1]
        rank = self.rank(approved)
        above = (
            line[line.index(approved) :]
            if approved in line
            else [unit for unit in line if self.rank(unit) <= rank]
        )
        return [unit for unit in above if not self.units[unit].closed]

    def approvals(self, work: Work) -> list[str]:
        """Return the units that have approved, in order."""
        return [unit for unit, _, decision, _ in work.decisions if decision == "APPROVE"]

    def review_initiative(self, who: str, **verdict: Any) -> str:
        """Decide on an initiative."""
        self.enter(who, "review")
        self._decide(who, **verdict)
        return "InitiativePayload"

    def review_initiatives(self, who: str, *, decisions: list[dict[str, Any]], mode: str) -> Any:
        """Decide on all or none, or on each separately; return the errors by position."""
        self.enter(who, "review")
        errors: list[str | None] = []
        for verdict in decisions:
            try:
                self._decide(who, **verdict)
                errors.append(None)
            except RefusedError as refused:
                type_, code = refused.answer
                if mode == "ALL":
                    raise RefusedError(
                        type_ if type_ == "InvalidInput" else "DecisionRefused", code
                    ) from refused
                errors.append(code)
        return "ReviewsPayload", tuple(errors)

    def _decide(
        self,
        who: str,
        *,
        number: str,
        decision: str,
        unit: str | None = None,
        reason: str | None = None,
        version: int | None = None,
        scores: list[dict[str, Any]] | None = None,
    ) -> None:
        work = self.find_work(who, number)
        place = self._place(who, work, decision, unit)
        allowed = self.deciders(work, decision)
        turn = place if decision == "REVOKE" else self.turn(work) or place
        bar = self.bar(who, work, self.units[turn].level)
        if bar and (bar != "DECIDED_OTHER_LEVEL" or place in (turn, *allowed)):
            raise RefusedError("Forbidden", bar)
        if decision != "APPROVE" and not reason:
            raise RefusedError(*REASON_NEEDED)
        self._check_scores(work, scores or [], whole=decision == "APPROVE", with_sheets=True)
        stale = version not in (None, work.version)
        if place not in allowed:
            if stale or self._beaten(who, work, place):
                raise RefusedError("Conflict", "DECIDED")
            if decision == "REVOKE":
                above = work.state in RECOGNISED
                raise RefusedError("ReviewRejected", "DECIDED_ABOVE" if above else "WRONG_STATE")
            if place == self.acting(work, self.turn(work)):
                raise RefusedError("ReviewRejected", "DECIDED_ABOVE")
            raise RefusedError("ReviewRejected", "NOT_AWAITED")
        if stale:
            raise RefusedError(*STALE)
        if self.is_frozen(work) and not reason:
            raise RefusedError(*REASON_NEEDED)
        before = self.counts(work)
        chain = self.chain(work)
        above = chain[chain.index(turn) + 1 :] if decision == "APPROVE" else []
        work.awaits = above[0] if above else None
        work.state = ASIDE.get(decision) or ("RECOGNISED" if above else "CONFIRMED")
        self._note_days(work)
        work.published = work.published and work.state in RECOGNISED
        work.version += 1
        work.decisions.append((turn, who, decision, place if place != turn else None))
        work.kept += [(account, *sheet) for account, sheet in work.sheets.items()]
        work.sheets = {}
        self._note_change(work, reason, before=before)

    def _place(self, who: str, work: Work, decision: str, unit: str | None) -> str:
        """Return the unit that an account decides for."""
        if unit is not None:
            self.find_unit(who, unit)
            acting = self.deciders(work, decision)
            if unit == self.turn(work) and acting and not self.holds(who, "review", unit):
                unit = acting[0] if self.holds(who, "review", acting[0]) else unit
            self.require(who, "review", unit)
            return unit
        held = [place for place in self.line(work.unit) if self.holds(who, "review", place)]
        if not held:
            raise RefusedError(*FORBIDDEN)
        allowed = self.deciders(work, decision)
        return next((place for place in held if place in allowed), held[0])

    def _beaten(self, who: str, work: Work, place: str) -> bool:
        """Return whether another account has just decided for the same unit, as far as known."""
        if not work.decisions:
            return False
        unit, account, _, acting = work.decisions[-1]
        own = self.self_of(who)
        knows = self.holds(who, "see_work", work.unit) or (own is not None and own in work.authors)
        return knows and (acting or unit) == place and account != who

    def link_duplicate(
        self, who: str, *, number: str, original: str, reason: str, version: int | None = None
    ) -> str:
        """Link an initiative as a duplicate, which removes it from the totals."""
        self.enter(who, "curate")
        work, other = self.find_work(who, number), self.find_work(who, original)
        self.require(who, "curate", work.unit)
        self._check_right_to_link(who, work)
        self.check_version(version, work.version)
        for code, wrong in (
            ("SAME_INITIATIVE", number == original),
            ("OTHER_CAMPAIGN", work.campaign != other.campaign),
            ("WRONG_STATE", work.state not in (*AWAITING, "CONFIRMED", "RETURNED")),
            ("NOT_AN_ORIGINAL", other.state in ("DRAFT", "WITHDRAWN", "DUPLICATE")),
            ("HAS_DUPLICATES", any(one.repeats == number for one in self.works.values())),
        ):
            if wrong:
                raise RefusedError("DuplicateRejected", code)
        before = self.counts(work)
        work.state, work.awaits, work.published = "DUPLICATE", None, False
        work.repeats, work.version = original, work.version + 1
        self._note_change(work, reason, before=before)
        return "DuplicatePayload"

    def _check_right_to_link(self, who: str, work: Work) -> None:
        """Reject makers of the initiative; and once it is recognised, accounts below that level."""
        places = self.undoers(work) if work.state in RECOGNISED else self.line(work.unit)
        places = [unit for unit in places if self.holds(who, "curate", unit)]
        bars = [self.bar(who, work, self.units[unit].level) for unit in places]
        hand = self.bar(who, work, "")
        if not places and hand in ("NOT_TIED", "AUTHORED", "MAKER"):
            raise RefusedError("Forbidden", hand)
        if None not in bars:
            raise RefusedError("Forbidden", bars[0] if bars else "DECIDED_ABOVE")

    def score_initiative(
        self, who: str, *, number: str, scores: list[dict[str, Any]], version: int | None = None
    ) -> str:
        """Give scores before the awaited decision."""
        self.enter(who, "review")
        work = self.find_work(who, number)
        held = [unit for unit in self.line(work.unit) if self.holds(who, "review", unit)]
        if not held:
            raise RefusedError(*FORBIDDEN)
        turn = self.turn(work)
        place = self.acting(work, turn)
        bar = self.bar(who, work, self.units[turn or held[0]].level)
        if bar and (bar != "DECIDED_OTHER_LEVEL" or place in held or turn in held):
            raise RefusedError("Forbidden", bar)
        if turn is None or place not in held:
            raise RefusedError("ReviewRejected", "NOT_AWAITED")
        self.check_version(version, work.version)
        self._check_scores(work, scores, whole=True)
        work.sheets[who] = turn, {one["criterion"]: one["score"] for one in scores}
        return "InitiativePayload"

    def _check_scores(
        self, work: Work, scores: list[dict[str, Any]], *, whole: bool, with_sheets: bool = False
    ) -> None:
        """Reject scores beyond the rubric, or incomplete ones where it is required."""
        campaign = self.campaigns[work.campaign]
        given = {one["criterion"] for one in scores}
        sheets = work.sheets.values() if with_sheets else ()
        turn = self.turn(work)
        given |= {criterion for unit, sheet in sheets if unit == turn for criterion in sheet}
        gaps = whole and campaign.rubric_required and campaign.rubric.keys() - given
        wrong = [
            "NO_SUCH_CRITERION" if one["criterion"] not in campaign.rubric else "TOO_LARGE"
            for one in scores
            if one["score"] > campaign.rubric.get(one["criterion"], -1)
        ]
        problems = [*(["NOT_SCORED"] if gaps else []), *wrong]
        if problems:
            raise RefusedError("InvalidInput", problems[0 if with_sheets else -1])

    def publish_initiative(
        self, who: str, *, number: str, published: bool, version: int | None = None
    ) -> str:
        """Publish a recognised initiative that is not confidential, or hide it."""
        self.enter(who, "curate")
        work = self.find_work(who, number)
        self.require(who, "curate", work.unit)
        self.check_version(version, work.version)
        if published and work.state not in RECOGNISED:
            raise RefusedError("PublicationRejected", "NOT_RECOGNISED")
        if published and work.confidential:
            raise RefusedError("PublicationRejected", "CONFIDENTIAL")
        work.version += work.published != published
        work.published = published
        return "InitiativePayload"

    def _note_days(self, work: Work) -> None:
        """Record the days of recognition and confirmation; a return deletes both."""
        if work.state == "RETURNED":
            work.recognised = work.confirmed = None
        if work.state in RECOGNISED:
            work.recognised = work.recognised or self.today
        if work.state == "CONFIRMED":
            work.confirmed = self.today

    def _note_change(self, work: Work, reason: str | None, *, before: bool) -> None:
        if self.is_frozen(work):
            assert work.phase is not None
            gained = self.counts(work) - before
            self.adjust("INITIATIVE", (work.campaign, work.phase), work.unit, reason, gained)

    def send_on(self) -> None:
        """Pass what awaits a unit that is no longer an ancestor to the unit in its place.

        That is the unit of its level, else the next above that decides, else the last that does.
        """
        for work in self.works.values():
            if work.awaits is None or work.awaits in self.line(work.unit):
                continue
            was = self.rank(work.awaits)
            work.awaits = self._from(work, was)
            work.version += 1

    def confirm_elsewhere(self, campaign: str) -> None:
        """Pass initiatives on after a change of the campaign's confirming level.

        What the last level of the chain has approved awaits its approval again; what a level has
        approved that is no longer the last goes up.
        """
        for work in self.works.values():
            if work.campaign != campaign or work.awaits is None:
                continue
            start = self.rank(work.awaits)
            if work.state == "RECOGNISED":
                start = min(start, self.rank(self.approvals(work)[-1]) - 1)
            awaits = self._from(work, start)
            work.version += awaits != work.awaits
            work.awaits = awaits

    def _from(self, work: Work, rank: int) -> str:
        """Return the first deciding unit of a level or above it, else the last one."""
        chain = self.chain(work)
        return next((unit for unit in chain if self.rank(unit) <= rank), chain[-1])
