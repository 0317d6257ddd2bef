"""The targets of the demo: assigned exactly from level to level, and registered."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from db.seed.demo_accounts import Staff
from db.seed.demo_campaign import PHASES, Phase
from db.seed.demo_units import Node
from db.seed.rows import LOCAL, Target, TargetRevision
from db.seed.shares import apportion_above

# The sector union's assigned and registered targets in each phase. Source: PROGRAMME.md.
_SECTOR_UNION = {1: (3000, 3000), 2: (5000, 5191)}

# The assigned target of other federations per hundred members, in each phase.
_PER_HUNDRED = {1: 2.0, 2: 3.4}

# When targets were assigned: by the root on this day, then a week later at each level.
_ASSIGNED_ON = {1: date(2022, 1, 10), 2: date(2022, 5, 16)}

_PLEDGED_MORE = "Đăng ký bổ sung sau hội nghị phát động tại đơn vị"
_PLEDGED_LESS = "Điều chỉnh theo số đoàn viên thực tế tham gia"
_ADDED_UP = "Tổng hợp đăng ký bổ sung của các đơn vị trực thuộc"


@dataclass(frozen=True)
class Aim:
    """A unit's target in a phase; `effective` is the registered one, else the assigned."""

    assigned: int | None
    registered: int | None

    @property
    def effective(self) -> int:
        """The effective target."""
        return (self.assigned or 0) if self.registered is None else self.registered


Aims = dict[tuple[int, int], Aim]
"""By unit and phase."""


def aim(chance: Random, root: Node) -> Aims:
    """Return every unit's target; the children's assigned targets sum to the unit's own."""
    aims: Aims = {}
    for phase in PHASES:
        federations = {node.id: _federation(chance, node, phase) for node in root.children}
        total = sum(own.assigned or 0 for own in federations.values())
        aims[root.id, phase.id] = Aim(None, total)
        for node in root.children:
            aims[node.id, phase.id] = federations[node.id]
            for above in node.subtree():
                _hand_down(chance, above, phase, aims)
    return aims


def rows(aims: Aims) -> list[Target]:
    """Return the targets as rows."""
    return [
        Target(unit_id, phase_id, own.assigned, own.registered)
        for (unit_id, phase_id), own in aims.items()
    ]


def revisions(root: Node, aims: Aims, staff: Staff) -> list[TargetRevision]:
    """Return all revisions of the targets, in the order of time."""
    changes: list[TargetRevision] = []
    admin, sector_admin = (staff.account(name).id for name in ("confed-admin", "tttt-admin"))
    for node in root.subtree():
        in_sector = any(above.code == "TTTT" for above in node.line[1:])
        for phase in PHASES:
            own = aims[node.id, phase.id]
            day = _ASSIGNED_ON[phase.id] + timedelta(weeks=len(node.line) - 2)
            giver = sector_admin if in_sector else admin
            if own.assigned is not None:
                changes.append(_change(node, phase, "ASSIGNED", own.assigned, (day, giver)))
            taker = sector_admin if node.code == "TTTT" else staff.deciding[node.id]
            changes += _pledges(node, phase, own, (day + timedelta(days=3), taker))
    changes.sort(key=lambda change: change.at)
    return [change._replace(id=identity) for identity, change in enumerate(changes, 1)]


def _federation(chance: Random, node: Node, phase: Phase) -> Aim:
    if node.code == "TTTT":
        return Aim(*_SECTOR_UNION[phase.id])
    assigned = round(node.members * _PER_HUNDRED[phase.id] / 100)
    return Aim(assigned, round(assigned * chance.uniform(1, 1.8)))


def _hand_down(chance: Random, node: Node, phase: Phase, aims: Aims) -> None:
    if not node.children:
        return
    parts = apportion_above(
        aims[node.id, phase.id].effective,
        [phase.floor * len(child.grassroots()) for child in node.children],
        [child.members for child in node.children],
    )
    for child, assigned in zip(node.children, parts, strict=True):
        least = phase.floor * len(child.grassroots())
        aims[child.id, phase.id] = Aim(assigned, _pledge(chance, assigned, least))


def _pledge(chance: Random, assigned: int, least: int) -> int | None:
    """Return a registered target: mostly the assigned number, for some none or another number."""
    lot = chance.random()
    if lot < 0.15:  # noqa: PLR2004 - fifteen in a hundred
        return None
    if lot < 0.75:  # noqa: PLR2004 - sixty in a hundred
        return assigned
    return max(least, round(assigned * chance.uniform(0.9, 1.25)))


def _pledges(node: Node, phase: Phase, own: Aim, by: tuple[date, int]) -> list[TargetRevision]:
    if own.registered is None:
        return []
    first = own.registered if own.assigned is None else own.assigned
    changes = [_change(node, phase, "REGISTERED", first, by)]
    if own.registered != first:
        more = _ADDED_UP if node.code == "TTTT" else _PLEDGED_MORE
        reason = more if own.registered > first else _PLEDGED_LESS
        later = (by[0] + timedelta(days=18), by[1])
        change = _change(node, phase, "REGISTERED", own.registered, later)
        changes.append(change._replace(previous=first, reason=reason))
    return changes


def _change(
    node: Node, phase: Phase, kind: str, value: int, by: tuple[date, int]
) -> TargetRevision:
    at = datetime.combine(by[0], time(9), LOCAL) + timedelta(minutes=node.id)
    return TargetRevision(0, node.id, phase.id, kind, value, None, None, at, by[1])
