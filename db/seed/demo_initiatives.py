"""The initiatives of the demo, with their authors and the decisions on them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import NamedTuple

from psycopg.types.json import Jsonb

from db.seed.demo_accounts import Staff
from db.seed.demo_benefit import claim, verify
from db.seed.demo_campaign import APPLIED_FROM, CAMPAIGN, RUBRIC
from db.seed.demo_course import Course, Decision, run
from db.seed.demo_quota import Place
from db.seed.demo_units import Node
from db.seed.people import person
from db.seed.rows import LOCAL, Authorship, DuplicateLink, Initiative, Person, Review
from db.seed.text import NOTE, Text, write

_TYPES = ("TECHNICAL", "MANAGEMENT", "OPERATIONAL", "APPLIED_TECHNOLOGY", "RESEARCH")
_TYPE_WEIGHTS = (34, 18, 24, 19, 5)
_OTHER_BENEFIT = "Bảo vệ sức khỏe người lao động trong thời gian dịch bệnh"

_SAME = "Trùng nội dung với sáng kiến đã được công nhận"

# Shares in percent by number of authors.
_SHARES = {
    1: ((100,),),
    2: ((60, 40), (50, 50), (70, 30)),
    3: ((40, 30, 30), (50, 30, 20), (34, 33, 33)),
}


class Draft(NamedTuple):
    """An initiative before it has an id and a number."""

    place: Place
    course: Course
    text: Text
    solution_type: str
    claimed: list[int]
    verified: list[int] | None
    authors: tuple[int, ...]
    confidential: bool


@dataclass
class Works:
    """All rows about initiatives, in the order of their ids."""

    people: list[Person]
    initiatives: list[Initiative] = field(default_factory=list)
    authorships: list[Authorship] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    duplicates: list[DuplicateLink] = field(default_factory=list)


def create(chance: Random, places: Sequence[Place], staff: Staff) -> Works:
    """Return initiatives for all places, numbered by unit in the order of their creation."""
    works = Works(list(staff.people))
    pools = _recruit(chance, places, works.people, staff.member)
    drafts = [_draft(chance, place, pools) for place in places]
    drafts.sort(key=lambda draft: draft.course.created_at)
    _hand_over(drafts, staff.member, works.people[staff.member - 1].unit_id)
    originals = _repeat(chance, drafts)
    numbers: dict[str, int] = defaultdict(int)
    decisions: list[tuple[int, Draft, Decision]] = []
    for identity, draft in enumerate(drafts, 1):
        year = draft.course.created_at.astimezone(LOCAL).year
        key = f"{draft.place.unit.code}-{year}"
        numbers[key] += 1
        row = _initiative(chance, identity, f"{key}-{numbers[key]:05}", draft)
        works.initiatives.append(row._replace(drafted_by_id=_drafter(draft, staff)))
        shares = chance.choice(_SHARES[len(draft.authors)])
        works.authorships += map(Authorship, [identity] * 3, draft.authors, shares)
        decisions += [(identity, draft, decision) for decision in draft.course.decisions]
    decisions.sort(key=lambda item: item[2].at)
    works.reviews = [
        _review(chance, *item, staff)._replace(
            id=identity, decision_number=_number(identity, item[2])
        )
        for identity, item in enumerate(decisions, 1)
    ]
    admin = staff.account("tttt-admin").id
    works.duplicates = [
        _link(identity, drafts[copy], copy, original, admin)
        for identity, (copy, original) in enumerate(originals.items(), 1)
    ]
    return works


def _drafter(draft: Draft, staff: Staff) -> int | None:
    """Return the drafting account if the demo has one, never one that decides."""
    if draft.authors == (staff.member,):
        return staff.account("member").id
    return staff.account("support").id if draft.place.unit.code == "VNPT-HNI" else None


def _hand_over(drafts: list[Draft], member: int, unit_id: int) -> None:
    """Make a person the only author of one initiative in each state, one of them confidential."""
    for state in ("DRAFT", "SUBMITTED", "RETURNED", "RECOGNISED", "CONFIRMED"):
        for n, draft in enumerate(drafts):
            if draft.place.unit.id == unit_id and draft.course.state == state:
                secret = draft.confidential or state == "CONFIRMED"
                drafts[n] = draft._replace(authors=(member,), confidential=secret)
                break


def _repeat(chance: Random, drafts: list[Draft]) -> dict[int, int]:
    """Copy texts of earlier initiatives to duplicates; return the originals, by indices."""
    originals: dict[int, int] = {}
    for n, draft in enumerate(drafts):
        if draft.course.state == "DUPLICATE":
            sector = draft.place.unit.sector
            earlier = [
                k
                for k, other in enumerate(drafts[:n])
                if other.place.unit.sector == sector and other.course.state == "CONFIRMED"
            ]
            originals[n] = chance.choice(earlier)
            text = drafts[originals[n]].text
            drafts[n] = draft._replace(text=text._replace(title=f"{text.title} (áp dụng lại)"))
    return originals


def _link(identity: int, draft: Draft, copy: int, original: int, admin: int) -> DuplicateLink:
    decided = draft.course.submitted_at + timedelta(days=2)
    return DuplicateLink(identity, copy + 1, original + 1, _SAME, decided, admin)


def _recruit(
    chance: Random, places: Sequence[Place], people: list[Person], member: int
) -> dict[int, list[int]]:
    """Create two authors for every three initiatives of a unit; return their ids by unit."""
    counts: dict[int, int] = defaultdict(int)
    units = {place.unit.id: place.unit for place in places}
    for place in places:
        counts[place.unit.id] += 1
    pools: dict[int, list[int]] = {}
    for unit_id, unit in units.items():
        ids = range(len(people) + 1, len(people) + 2 + counts[unit_id] * 2 // 3)
        people += [person(chance, identity, unit_id, unit.sector) for identity in ids]
        pools[unit_id] = [*ids]
    pools[people[member - 1].unit_id].append(member)
    return pools


def _draft(chance: Random, place: Place, pools: dict[int, list[int]]) -> Draft:
    course = run(chance, place.outcome, place.unit, place.phase)
    solution_type = chance.choices(_TYPES, _TYPE_WEIGHTS)[0]
    claimed = claim(chance, place.band)
    checked = course.state == "CONFIRMED" and claimed and chance.random() < 0.7  # noqa: PLR2004 - most
    pool = list(pools[place.unit.id])
    count = min(chance.choices((1, 2, 3), (62, 28, 10))[0], len(pool))
    authors = chance.sample(pool, count)
    if count > 1 and chance.random() < 0.1:  # noqa: PLR2004 - one in ten
        authors[-1] = _neighbour(chance, place.unit, pools) or authors[-1]
    return Draft(
        place,
        course,
        write(chance, solution_type, place.unit.sector),
        solution_type,
        claimed,
        verify(chance, place.band, claimed) if checked else None,
        tuple(authors),
        confidential=chance.random() < 0.02,  # noqa: PLR2004 - two in a hundred
    )


def _neighbour(chance: Random, unit: Node, pools: dict[int, list[int]]) -> int | None:
    """Return an author of another unit under the same parent, if there is one."""
    siblings = unit.parent.children if unit.parent else []
    others = [node.id for node in siblings if node is not unit and node.id in pools]
    return chance.choice(pools[chance.choice(others)]) if others else None


def _initiative(chance: Random, identity: int, number: str, draft: Draft) -> Initiative:
    place, course, text = draft.place, draft.course, draft.text
    earliest = max((course.created_at.date() - APPLIED_FROM).days - 240, 0)
    applied = chance.randint(earliest, (course.created_at.date() - APPLIED_FROM).days)
    draft_still = course.state == "DRAFT"
    confirmed = course.confirmed_at
    published = confirmed and chance.random() < 0.06  # noqa: PLR2004 - six in a hundred
    return Initiative(
        id=identity,
        number=number,
        title=text.title,
        summary=f"{text.summary} {NOTE}",
        content=text.content,
        solution_type=draft.solution_type,
        field=text.field,
        sector=place.unit.sector,
        unit_id=place.unit.id,
        campaign_id=CAMPAIGN,
        phase_id=None if draft_still else place.phase.id,
        state=course.state,
        applied_on=APPLIED_FROM + timedelta(days=applied),
        submitted_at=None if draft_still else course.submitted_at,
        recognised_at=course.recognised_at,
        confirmed_at=confirmed,
        published_at=confirmed if published else None,
        confidential=draft.confidential,
        claimed=draft.claimed,
        verified=draft.verified,
        other_benefit=None if draft.claimed else _OTHER_BENEFIT,
        awaits_id=course.awaits.id if course.awaits else None,
        drafted_by_id=None,
        created_at=course.created_at,
    )


def _review(
    chance: Random, initiative: int, draft: Draft, decision: Decision, staff: Staff
) -> Review:
    approval = decision.decision == "APPROVE"
    scores = {name: chance.randint(highest // 2, highest) for name, highest in RUBRIC.items()}
    last = decision.at == draft.course.confirmed_at
    return Review(
        id=0,
        initiative_id=initiative,
        unit_id=decision.unit.id,
        decision=decision.decision,
        reason=decision.reason,
        scores=Jsonb(scores) if approval else None,
        decision_number=None,
        verified=draft.verified if last else None,
        at=decision.at,
        account_id=staff.deciding[decision.unit.id],
    )


def _number(identity: int, decision: Decision) -> str | None:
    """Return the number of a written decision; only approvals have one."""
    return f"{identity}/QĐ-{decision.unit.code}" if decision.decision == "APPROVE" else None
