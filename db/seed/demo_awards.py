"""The awards of the demo. Source of the numbers: PROGRAMME.md, "Figures"."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from db.seed.demo_campaign import PHASES
from db.seed.demo_initiatives import Works
from db.seed.demo_units import Node
from db.seed.federations import FEDERATIONS
from db.seed.text import NOTE

COMMENDED_COLLECTIVES = 29
COMMENDED_PEOPLE = 12

_BY_CONFEDERATION = date(2022, 8, 12)
_BY_SECTOR_UNION = date(2022, 9, 20)
_BY_AFFILIATE = date(2022, 9, 28)
_CITATION = "Đã có thành tích xuất sắc trong giai đoạn 1 Chương trình “01 triệu sáng kiến”"


class Award(NamedTuple):
    """A row of `award`."""

    id: int
    form: str
    issuer_id: int
    recipient_unit_id: int | None
    recipient_person_id: int | None
    phase_id: int
    citation: str
    decision_number: str
    awarded_on: date


def commend(chance: Random, root: Node, works: Works) -> list[Award]:
    """Return the awards for phase 1.

    The Confederation awards 13 units, of TTTT's bloc only TTTT; TTTT awards the 29 collectives
    that achieved most; its largest affiliate awards certificates to people.
    """
    nodes = {node.code: node for node in root.subtree()}
    union = nodes["TTTT"]
    first = {plan.code for plan in FEDERATIONS if plan.commended} | {union.code}
    awards = [
        _award("BANG_KHEN", root, node, _BY_CONFEDERATION)
        for node in root.children
        if node.code in first
    ]
    awards += [
        _award("BANG_KHEN", union, node, _BY_SECTOR_UNION)
        for node in _best(union, works)[:COMMENDED_COLLECTIVES]
    ]
    awards += _to_people(chance, nodes["VNPT"], works)
    return [
        award._replace(
            id=identity,
            decision_number=f"{700 + identity}/QĐ-{award.decision_number}",
            awarded_on=award.awarded_on + timedelta(days=identity % 3),
        )
        for identity, award in enumerate(awards, 1)
    ]


def _best(union: Node, works: Works) -> Sequence[Node]:
    """Return the units below the sector union, most achieved initiatives in phase 1 first."""
    achieved: dict[int, int] = defaultdict(int)
    below = {node.id: node for node in union.subtree()}
    for initiative in works.initiatives:
        counted = initiative.state in {"RECOGNISED", "CONFIRMED"}
        if counted and initiative.phase_id == PHASES[0].id and initiative.unit_id in below:
            for node in below[initiative.unit_id].line:
                achieved[node.id] += 1
    ranked = sorted(below.values(), key=lambda node: (-achieved[node.id], node.code))
    return [node for node in ranked if node is not union]


def _to_people(chance: Random, issuer: Node, works: Works) -> list[Award]:
    units = {node.id for node in issuer.subtree()}
    confirmed = [
        initiative.id
        for initiative in works.initiatives
        if initiative.unit_id in units
        and initiative.state == "CONFIRMED"
        and initiative.phase_id == PHASES[0].id
    ]
    authors: dict[int, list[int]] = defaultdict(list)
    for authorship in works.authorships:
        authors[authorship.initiative_id].append(authorship.person_id)
    chosen = {authors[n][0]: None for n in chance.sample(confirmed, COMMENDED_PEOPLE)}
    return [
        _award("GIAY_KHEN", issuer, None, _BY_AFFILIATE)._replace(recipient_person_id=person)
        for person in chosen
    ]


def _award(form: str, issuer: Node, recipient: Node | None, day: date) -> Award:
    return Award(
        id=0,
        form=form,
        issuer_id=issuer.id,
        recipient_unit_id=recipient.id if recipient else None,
        recipient_person_id=None,
        phase_id=PHASES[0].id,
        citation=f"{_CITATION} {NOTE}",
        decision_number=issuer.code,
        awarded_on=day,
    )
