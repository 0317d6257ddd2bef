"""The course of an initiative of the demo: its states through the levels, with the decisions."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import NamedTuple

from db.seed.demo_campaign import TODAY, Phase
from db.seed.demo_units import Node
from db.seed.rows import LOCAL

RETURN_REASONS = (
    "Bổ sung số liệu so sánh trước và sau khi áp dụng",
    "Nêu rõ phần đóng góp của từng đồng tác giả",
    "Bổ sung xác nhận của bộ phận áp dụng",
)
REJECT_REASONS = (
    "Chưa có tính mới trong phạm vi đơn vị",
    "Chưa được áp dụng trong thực tế",
    "Là nhiệm vụ thường xuyên, không phải sáng kiến",
)
REVOKE_REASON = "Kiểm tra sau công nhận: số liệu hiệu quả không đúng thực tế"

_LAST_HOUR = datetime.combine(TODAY, time(17), LOCAL)


class Decision(NamedTuple):
    """A unit's decision."""

    unit: Node
    decision: str
    reason: str | None
    at: datetime


@dataclass(frozen=True)
class Course:
    """An initiative's state, with the times and decisions that led to it.

    For a draft, `submitted_at` is meaningless.
    """

    state: str
    created_at: datetime
    submitted_at: datetime
    recognised_at: datetime | None = None
    confirmed_at: datetime | None = None
    awaits: Node | None = None
    decisions: tuple[Decision, ...] = field(default=())


def levels(unit: Node) -> list[Node]:
    """Return the units that decide, in order: its own, then its ancestors up to the federation."""
    return [node for node in unit.line if node.level != "CONFEDERATION"]


def run(chance: Random, outcome: str, unit: Node, phase: Phase) -> Course:
    """Return a course with a given outcome.

    The outcome is a state; RECOGNISED means at least recognised, possibly confirmed.
    """
    submitted = _hour(chance, _submission_day(chance, outcome, phase))
    if chance.random() < 0.03:  # noqa: PLR2004 - three in a hundred work at night
        # At this hour it is still the day before in UTC.
        submitted = submitted.replace(hour=chance.randint(0, 6))
    course = Course(outcome, submitted - timedelta(hours=chance.randint(2, 30)), submitted)
    own, last = levels(unit)[0], levels(unit)[-1]
    match outcome:
        case "DRAFT":
            return course
        case "SUBMITTED":
            return replace(course, awaits=own)
        case "RECOGNISED":
            return _rise(chance, course, unit, phase)
        case "RETURNED" | "REJECTED":
            reasons = RETURN_REASONS if outcome == "RETURNED" else REJECT_REASONS
            verdict = outcome.removesuffix("ED")
            at = _later(chance, submitted, 6)
            return replace(course, decisions=(Decision(own, verdict, chance.choice(reasons), at),))
        case "REVOKED":
            approved = _later(chance, submitted, 6)
            revoked = _later(chance, approved, min(30, (_LAST_HOUR - approved).days))
            return replace(
                course,
                decisions=(
                    Decision(own, "APPROVE", None, approved),
                    Decision(last, "REVOKE", REVOKE_REASON, revoked),
                ),
            )
    return course


def _rise(chance: Random, course: Course, unit: Node, phase: Phase) -> Course:
    """Add the approvals of the levels in order, as far as time and chance allow by today."""
    course = _perhaps_resubmitted(chance, course, unit, phase)
    at = course.submitted_at
    # In a phase long over, a few still await a level that is late.
    patience = chance.random() < 0.93  # noqa: PLR2004 - ninety-three in a hundred
    for days, node in zip((6, 12, 20), levels(unit), strict=False):
        at = _later(chance, at, days)
        if course.recognised_at is not None and (at > _LAST_HOUR or not patience):
            return replace(course, awaits=node)
        course = replace(
            course,
            recognised_at=course.recognised_at or at,
            decisions=(*course.decisions, Decision(node, "APPROVE", None, at)),
        )
    return replace(course, state="CONFIRMED", confirmed_at=at)


def _perhaps_resubmitted(chance: Random, course: Course, unit: Node, phase: Phase) -> Course:
    """Return four in a hundred once for changes, if time is left to resubmit them."""
    returned = _later(chance, course.submitted_at, 2)
    again = _later(chance, returned, 3)
    latest = min(phase.closes_on, TODAY - timedelta(days=9))
    if again.date() > latest or chance.random() >= 0.04:  # noqa: PLR2004 - four in a hundred
        return course
    reason = chance.choice(RETURN_REASONS)
    return replace(
        course, submitted_at=again, decisions=(Decision(unit, "RETURN", reason, returned),)
    )


def _submission_day(chance: Random, outcome: str, phase: Phase) -> date:
    """Draw a day: with rising density towards the end of phase 1, evenly in phase 2."""
    days = phase.days_by(TODAY)
    if phase.closes_on < TODAY:
        day = int(days * chance.random() ** 0.45)
    elif outcome in {"SUBMITTED", "DRAFT"}:
        day = chance.randrange(days - 24, days)
    else:
        # Early enough for the own unit to decide by today.
        day = chance.randrange(days - 9)
    return phase.opens_on + timedelta(days=day)


def _hour(chance: Random, day: date) -> datetime:
    return datetime.combine(day, time(7), LOCAL) + timedelta(seconds=chance.randint(1800, 36000))


def _later(chance: Random, since: datetime, days: int) -> datetime:
    """Return a time in working hours, one to `days` days later."""
    return _hour(chance, since.astimezone(LOCAL).date() + timedelta(days=chance.randint(1, days)))
