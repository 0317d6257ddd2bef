"""Rules of decisions on initiatives, level by level.

Source: PROGRAMME.md, "States and rules". A unit is a `Place`; the line of an initiative is its own
unit and that unit's ancestors. On it the own unit and every open one up to the campaign's
confirming level decide in turn. Which account may decide: PROGRAMME.md, "Separation of duties".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from db.rules.errors import InvalidInputError, Problem, RejectedError

APPROVE, RETURN, REJECT, REVOKE = "APPROVE", "RETURN", "REJECT", "REVOKE"
AWAITING = ("SUBMITTED", "RECOGNISED")
RECOGNISED = ("RECOGNISED", "CONFIRMED")
_RANKS = {"CONFEDERATION": 1, "FEDERATION": 2, "UPPER": 3, "GRASSROOTS": 4}
_ASIDE = {RETURN: "RETURNED", REJECT: "REJECTED", REVOKE: "REVOKED"}


class ReviewRejectedError(RejectedError):
    """NOT_AWAITED, WRONG_STATE or DECIDED_ABOVE, with the state and the awaited unit's code."""


@dataclass(frozen=True)
class Part:
    """The part that the caller's person has had in an initiative, by any of its accounts.

    `tied`: the account belongs to a person; else the other fields are unknown. `made`: the person
    drafted, edited or submitted it; `levels`: the levels for which it has decided on or scored it.
    """

    authored: bool = False
    made: bool = False
    levels: frozenset[str] = frozenset()
    tied: bool = True

    @property
    def hand(self) -> str | None:
        """Return why this person may not decide for any level; None where it may for some."""
        if not self.tied:
            return "NOT_TIED"
        if self.authored:
            return "AUTHORED"
        return "MAKER" if self.made else None

    def bar(self, level: str) -> str | None:
        """Return why this person may not decide for a level; None where it may."""
        return self.hand or ("DECIDED_OTHER_LEVEL" if self.levels - {level} else None)


class Score(Protocol):
    """The score for one criterion of the campaign's rubric."""

    criterion: str
    score: int


@dataclass(frozen=True)
class Verdict:
    """The input of a decision; `unit` is the code of the unit that the caller decides for.

    `verified` is the verified benefit, in VND for each of up to three years.
    """

    number: str
    decision: str
    unit: str | None = None
    reason: str | None = None
    scores: Sequence[Score] = ()
    decision_number: str | None = None
    verified: Sequence[int] | None = None
    version: int | None = None


@dataclass(frozen=True)
class Place:
    """An initiative's own unit or one of its ancestors; `code` is None if hidden from the caller.

    `staffed`: an account there may decide for the unit that the initiative awaits.
    """

    unit_id: int
    level: str
    is_open: bool = True
    path: str = ""
    staffed: bool = True
    code: str | None = None


@dataclass(frozen=True)
class Way:
    """The line of an initiative, its own unit first and the root last."""

    line: Sequence[Place]
    confirming_level: str

    @property
    def chain(self) -> list[Place]:
        """Return the approval chain: the units that decide, in order.

        If that is empty, as the own unit is closed, it is the lowest open unit of the line.
        """
        top = _RANKS[self.confirming_level]
        chain = [
            place
            for number, place in enumerate(self.line)
            if place.is_open and (number == 0 or _RANKS[place.level] >= top)
        ]
        return chain or [place for place in self.line if place.is_open][:1]

    def from_(self, unit_id: int | None, level: str | None = None) -> list[Place]:
        """Return the line from a unit upwards.

        If the unit is not (or no longer) on the line, return the units of its level and above, or
        all of the line if the level is unknown.
        """
        ids = [place.unit_id for place in self.line]
        if unit_id in ids:
            return list(self.line[ids.index(unit_id) :])
        lowest = _RANKS[level] if level else max(_RANKS.values())
        return [place for place in self.line if _RANKS[place.level] <= lowest]


@dataclass(frozen=True)
class Standing:
    """The review status of an initiative: its state, and the ids of awaited and last approver.

    `approved_level` determines which units are above an approver that is no longer on the line.
    """

    state: str
    awaits: int | None = None
    approved: int | None = None
    approved_level: str | None = None


def awaited(standing: Standing, way: Way) -> Place | None:
    """Return the unit whose decision it is; None where none is awaited.

    If the awaited unit no longer decides (it closed, or the campaign lowered its confirming level),
    that is the next one above that does, else the last of the approval chain: it decides a second
    time, as nothing is confirmed without a decision.
    """
    if standing.state not in AWAITING or not way.chain:
        return None
    above = way.from_(standing.awaits)
    return next((place for place in way.chain if place in above), way.chain[-1])


def acting(standing: Standing, way: Way) -> Place | None:
    """Return the unit that decides: the awaited one, or the next above where somebody may.

    None where no unit is awaited, or nobody up to the root may decide.
    """
    place = awaited(standing, way)
    above = [] if place is None else way.from_(place.unit_id)
    return next((one for one in above if one.is_open and one.staffed), None)


def deciders(standing: Standing, decision: str, way: Way) -> list[Place]:
    """Return the units that may make a decision now, the lowest first.

    Only the level of the last approval, or one above, returns or rejects a recognised initiative.
    """
    if decision == REVOKE:
        return undoers(standing, way) if standing.state in RECOGNISED else []
    place = acting(standing, way)
    keeps = decision == APPROVE or standing.state not in RECOGNISED
    return [place] if place and (keeps or place in undoers(standing, way)) else []


def undoers(standing: Standing, way: Way) -> list[Place]:
    """Return the units that may undo an approval, the lowest first.

    These are the unit of the last approval and those above it; if that unit is no longer on the
    line, those of its level and above. Without an approval, every unit of the line.
    """
    if standing.state not in RECOGNISED:
        return list(way.line)
    above = way.from_(standing.approved, standing.approved_level)
    return [place for place in above if place.is_open]


def decided(standing: Standing, decision: str, unit_id: int, way: Way) -> Standing:
    """Return the status after a unit's decision. Raises ReviewRejectedError."""
    if unit_id not in [place.unit_id for place in deciders(standing, decision, way)]:
        raise _rejected(standing, decision, unit_id, way)
    if decision != APPROVE:
        return replace(standing, state=_ASIDE[decision], awaits=None)
    place = awaited(standing, way)
    assert place is not None
    above = way.chain[way.chain.index(place) + 1 :]
    awaits = above[0].unit_id if above else None
    state = "RECOGNISED" if above else "CONFIRMED"
    return Standing(state, awaits, place.unit_id, place.level)


def achieved(state: str, counts_from: str) -> int:
    """Return 1 for an initiative that a campaign counts as achieved, else 0."""
    return int(state in (RECOGNISED if counts_from == "RECOGNISED" else ("CONFIRMED",)))


def check_verdict(
    verdict: Verdict, rubric: Mapping[str, int], *, unscored: Sequence[str] = ()
) -> None:
    """Raise InvalidInputError for a missing reason, or fields that the decision does not allow.

    `rubric` maps each criterion to its highest score; `unscored` are the criteria that an approval
    must score.
    """
    problems = []
    if verdict.decision != APPROVE:
        if not verdict.reason:
            problems.append(Problem(("reason",), "REASON_NEEDED"))
        if verdict.verified is not None:
            problems.append(Problem(("verified",), "ONLY_WITH_APPROVAL"))
    else:
        problems += _unscored(verdict.scores, unscored)
    problems += _wrong(verdict.scores, rubric)
    if problems:
        raise InvalidInputError(*problems)


def check_sheet(scores: Sequence[Score], rubric: Mapping[str, int], *, required: bool) -> None:
    """Raise InvalidInputError for scores outside the rubric or, if `required`, for missing ones."""
    problems = [*_wrong(scores, rubric), *(_unscored(scores, [*rubric]) if required else ())]
    if problems:
        raise InvalidInputError(*problems)


def _wrong(scores: Sequence[Score], rubric: Mapping[str, int]) -> list[Problem]:
    problems = []
    for index, given in enumerate(scores):
        most = rubric.get(given.criterion)
        at = ("scores", str(index))
        if most is None:
            problems.append(Problem((*at, "criterion"), "NO_SUCH_CRITERION"))
        elif given.score < 0:
            problems.append(Problem((*at, "score"), "TOO_SMALL", "0"))
        elif given.score > most:
            problems.append(Problem((*at, "score"), "TOO_LARGE", str(most)))
    return problems


def _unscored(scores: Sequence[Score], needed: Sequence[str]) -> list[Problem]:
    given = {one.criterion for one in scores}
    return [Problem(("scores",), "NOT_SCORED", one) for one in needed if one not in given]


def _rejected(standing: Standing, decision: str, unit_id: int, way: Way) -> ReviewRejectedError:
    turn, place = awaited(standing, way), acting(standing, way)
    code = "NOT_AWAITED"
    if decision == REVOKE:
        code = "DECIDED_ABOVE" if standing.state in RECOGNISED else "WRONG_STATE"
    elif place and place.unit_id == unit_id:
        code = "DECIDED_ABOVE"
    return ReviewRejectedError(code, state=standing.state, awaits=turn and turn.code)
