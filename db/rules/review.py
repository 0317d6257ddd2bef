"""How an initiative rises level by level, and what a decision on it must be.

Source: PROGRAMME.md, "States and rules". A unit is a `Place` on the line from the initiative's
own unit up to the root. Of that line the own unit and every open one up to the campaign's
confirming level decide in turn.
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
    """NOT_AWAITED, WRONG_STATE or DECIDED_ABOVE, with the state and the code of who is awaited."""


class Score(Protocol):
    """Points given for one criterion of the campaign's rubric."""

    criterion: str
    score: int


@dataclass(frozen=True)
class Verdict:
    """What somebody decides on an initiative; `unit` is the code of the unit that they speak for.

    `verified` is the benefit found to be true, in VND for each of up to three years.
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
    """A unit on an initiative's line; the code is null where whoever asks may not know it."""

    unit_id: int
    level: str
    is_open: bool = True
    path: str = ""
    code: str | None = None


@dataclass(frozen=True)
class Way:
    """The line of an initiative, its own unit first and the root last."""

    line: Sequence[Place]
    confirming_level: str

    @property
    def chain(self) -> list[Place]:
        """Return the units that decide, in turn.

        Where the own unit is closed and no other decides, that is the lowest one that is open.
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

        Where the unit does not stand on it (any more), from its level, or the next above; all of
        the line where that is unknown.
        """
        ids = [place.unit_id for place in self.line]
        if unit_id in ids:
            return list(self.line[ids.index(unit_id) :])
        lowest = _RANKS[level] if level else max(_RANKS.values())
        return [place for place in self.line if _RANKS[place.level] <= lowest]


@dataclass(frozen=True)
class Standing:
    """Where an initiative stands: its state, whom it awaits and who approved it last, by id.

    The level of who approved it last says what is above that unit once it is off the line.
    """

    state: str
    awaits: int | None = None
    approved: int | None = None
    approved_level: str | None = None


def awaited(standing: Standing, way: Way) -> Place | None:
    """Return the unit whose decision it is.

    Where the awaited one no longer decides (closed, or the campaign has lowered its confirming
    level) that is the next one above that does, else the last of the chain: it has decided before,
    and does so again, for nothing is confirmed without a decision.
    """
    if standing.state not in AWAITING or not way.chain:
        return None
    above = way.from_(standing.awaits)
    return next((place for place in way.chain if place in above), way.chain[-1])


def deciders(standing: Standing, decision: str, way: Way) -> list[Place]:
    """Return the units that may take a decision now, the lowest first.

    An approval is revoked by the unit that gave the last one, or by any above it; where that unit
    is no longer on the line, by the one of its level there, or any above.
    """
    if decision == REVOKE:
        recognised = standing.state in RECOGNISED
        above = way.from_(standing.approved, standing.approved_level) if recognised else []
        return [place for place in above if place.is_open]
    place = awaited(standing, way)
    return [] if place is None else [place]


def decided(standing: Standing, decision: str, unit_id: int, way: Way) -> Standing:
    """Return how it stands after a unit's decision. Raises ReviewRejectedError."""
    if unit_id not in [place.unit_id for place in deciders(standing, decision, way)]:
        raise _rejected(standing, decision, way)
    if decision != APPROVE:
        return replace(standing, state=_ASIDE[decision], awaits=None)
    ids = [place.unit_id for place in way.chain]
    at = ids.index(unit_id)
    awaits = next(iter(ids[at + 1 :]), None)
    state = "CONFIRMED" if awaits is None else "RECOGNISED"
    return Standing(state, awaits, unit_id, way.chain[at].level)


def achieved(state: str, counts_from: str) -> int:
    """Return 1 for an initiative that a campaign counts as achieved, else 0."""
    return int(state in (RECOGNISED if counts_from == "RECOGNISED" else ("CONFIRMED",)))


def check_verdict(verdict: Verdict, rubric: Mapping[str, int]) -> None:
    """Refuse a decision without its reason, or with what does not belong to it.

    `rubric` maps each criterion to the most points it gives. Raises InvalidInputError.
    """
    problems = []
    if verdict.decision != APPROVE:
        if not verdict.reason:
            problems.append(Problem(("reason",), "REASON_NEEDED"))
        if verdict.verified is not None:
            problems.append(Problem(("verified",), "ONLY_WITH_APPROVAL"))
    for index, given in enumerate(verdict.scores):
        most = rubric.get(given.criterion)
        at = ("scores", str(index))
        if most is None:
            problems.append(Problem((*at, "criterion"), "NO_SUCH_CRITERION"))
        elif given.score < 0:
            problems.append(Problem((*at, "score"), "TOO_SMALL", "0"))
        elif given.score > most:
            problems.append(Problem((*at, "score"), "TOO_LARGE", str(most)))
    if problems:
        raise InvalidInputError(*problems)


def _rejected(standing: Standing, decision: str, way: Way) -> ReviewRejectedError:
    place = awaited(standing, way)
    code = "NOT_AWAITED"
    if decision == REVOKE:
        code = "DECIDED_ABOVE" if standing.state in RECOGNISED else "WRONG_STATE"
    return ReviewRejectedError(code, state=standing.state, awaits=place and place.code)
