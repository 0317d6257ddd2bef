"""What each field means that is more than a column: `Type_field(sight, row, **arguments)`.

A function returns a value, a pair of a type's name and a row (None where the caller sees
none), a list of these, or a `Listing` to page through.
"""

import base64
import binascii
import re
from fractions import Fraction
from typing import Any

from db.rules.text import fold
from tests.oracle import listings
from tests.oracle.likeness import THRESHOLD, similarity
from tests.oracle.paging import Listing
from tests.oracle.sight import Sight
from tests.oracle.totals import Totals, claimed, effective, verified
from tests.oracle.world import Row

_TABLES = {
    "Unit": "unit",
    "Campaign": "campaign",
    "Phase": "phase",
    "Initiative": "initiative",
    "Person": "person",
    "Award": "award",
}
One = tuple[str, Any]


def snake(name: str) -> str:
    """Return a GraphQL name as a column's."""
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name)


def seen(sight: Sight, kind: str, key: Any) -> One:
    """Return the row with an id, where the caller sees it."""
    row = sight.world.find(_TABLES[kind], key)
    return kind, row if row is not None and sight.sees(_TABLES[kind], row) else None


def coded(sight: Sight, kind: str, **columns: Any) -> One:
    """Return the row with these values, where the caller sees it."""
    row = sight.world.one(_TABLES[kind], **columns)
    return seen(sight, kind, row.id if row else None)


def actor(sight: Sight, row: Row, **_: Any) -> One:
    """Return the person behind a row's account."""
    account = sight.world.find("account", row.account_id)
    return seen(sight, "Person", account.person_id if account else None)


def unit_of(sight: Sight, row: Row, **_: Any) -> One:
    """Return the unit of a row."""
    return seen(sight, "Unit", row.unit_id)


# Query and Viewer


def Query_viewer(_: Sight, __: Row) -> One:
    return "Viewer", {}


def Query_node(sight: Sight, _: Row, id: str) -> One:
    try:
        kind, _, key = base64.b64decode(id, validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        return "Unit", None
    found = kind in _TABLES and re.fullmatch("[0-9]{1,19}", key)
    return seen(sight, kind, int(key)) if found else ("Unit", None)


def Query_nodes(sight: Sight, row: Row, ids: list[str]) -> list[One]:
    return [Query_node(sight, row, id=one) for one in ids]


def Query_unit(sight: Sight, _: Row, code: str) -> One:
    return coded(sight, "Unit", code=code)


def Query_campaign(sight: Sight, _: Row, code: str) -> One:
    return coded(sight, "Campaign", code=code)


def Query_initiative(sight: Sight, _: Row, number: str) -> One:
    return coded(sight, "Initiative", number=number)


def Query_units(sight: Sight, _: Row, **arguments: Any) -> Listing:
    return listings.units(sight, sight.visible("unit"), arguments)


def Query_campaigns(sight: Sight, _: Row, **__: Any) -> Listing:
    return Listing("Campaign", sight.visible("campaign"), "code", lambda row: (row.code,))


def Query_initiatives(sight: Sight, _: Row, **arguments: Any) -> Listing:
    return listings.initiatives(sight, sight.visible("initiative"), arguments)


def Viewer_account(sight: Sight, _: Row) -> One:
    return "Account", sight.account


def Viewer_grants(sight: Sight, _: Row) -> list[One]:
    return [("Grant", grant) for grant in sight.grants()]


def Viewer_units(sight: Sight, _: Row) -> list[One]:
    return [("Unit", unit) for unit in sight.tops()]


def Account_person(sight: Sight, row: Row) -> One:
    return seen(sight, "Person", row.person_id)


Grant_unit = Drive_unit = Person_unit = Initiative_unit = Review_unit = Ranking_unit = unit_of

# Unit


def Unit_depth(sight: Sight, row: Row) -> int:
    return len(sight.world.line(row)) - 1


def Unit_parent(sight: Sight, row: Row) -> One:
    return seen(sight, "Unit", row.parent_id)


def Unit_ancestors(sight: Sight, row: Row) -> list[One]:
    return [("Unit", one) for one in sight.world.line(row)[:-1] if sight.sees("unit", one)]


def Unit_children(sight: Sight, row: Row, **arguments: Any) -> Listing:
    children = [one for one in sight.visible("unit") if one.parent_id == row.id]
    return listings.units(sight, children, arguments)


def Unit_bloc(sight: Sight, row: Row) -> One:
    return "EmulationBloc", sight.world.find("emulation_bloc", row.bloc_id)


def Unit_viewerCan(sight: Sight, row: Row) -> list[str]:
    return sight.can(row)


def Unit_initiatives(sight: Sight, row: Row, **arguments: Any) -> Listing:
    below = [
        one
        for one in sight.visible("initiative")
        if sight.world.below(sight.world.unit_of(one), row)
    ]
    return listings.initiatives(sight, below, arguments)


def Unit_awards(sight: Sight, row: Row, **_: Any) -> Listing:
    found = [one for one in sight.visible("award") if one.recipient_unit_id == row.id]
    return listings.newest("Award", found)


def Unit_awardsIssued(sight: Sight, row: Row, **_: Any) -> Listing:
    found = [one for one in sight.visible("award") if one.issuer_id == row.id]
    return listings.newest("Award", found)


def _phases(sight: Sight, code: str, ordinal: int | None) -> tuple[Row | None, list[Row]]:
    campaign = sight.world.one("campaign", code=code)
    if campaign is None:
        return None, []
    phases = sight.world.where("phase", campaign_id=campaign.id)
    return campaign, [p for p in phases if ordinal is None or p.ordinal == ordinal]


def Unit_progress(sight: Sight, row: Row, campaign: str, phase: int | None = None) -> One:
    found, phases = _phases(sight, campaign, phase)
    if found is None or not (phases or phase is None):
        return "Progress", None
    totals = Totals(sight.world, row, found, phases)
    return "Progress", {**totals.counts(), "totals": totals}


def Unit_target(sight: Sight, row: Row, campaign: str, phase: int) -> One:
    _, phases = _phases(sight, campaign, phase)
    if not phases:
        return "Target", None
    target = sight.world.one("target", unit_id=row.id, phase_id=phases[0].id)
    children = [
        sight.world.one("target", unit_id=child.id, phase_id=phases[0].id)
        for child in sight.world.where("unit", parent_id=row.id)
    ]
    given = [child for child in children if child is not None]
    held, assigned = effective(target), sum(child.assigned or 0 for child in given)
    return "Target", {
        "assigned": target.assigned if target else None,
        "registered": target.registered if target else None,
        "effective": held,
        "childrenAssigned": assigned,
        "childrenRegistered": sum(child.registered or 0 for child in given),
        "unallocated": None if held is None else held - assigned,
        "version": target.version if target else 0,
        "of": (row, phases[0]),
    }


def Target_revisions(sight: Sight, row: dict[str, Any], **_: Any) -> Listing:
    unit, phase = row["of"]
    found = sight.world.where("target_revision", unit_id=unit.id, phase_id=phase.id)
    return listings.newest("TargetRevision", found)


TargetRevision_by = Review_by = actor


def Unit_standing(sight: Sight, row: Row, campaign: str, phase: int) -> One:
    found, phases = _phases(sight, campaign, phase)
    closed = row.valid_to is not None or row.bloc_id is None
    if found is None or not phases or closed or not sight.ranks(row):
        return "Standing", None
    peers = [u for u in sight.world.where("unit", bloc_id=row.bloc_id) if u.valid_to is None]
    shares = {}
    for peer in peers:
        totals = Totals(sight.world, peer, found, phases)
        target = totals.target()
        shares[peer.id] = Fraction(len(totals.achieved()), target) if target else Fraction(-1)
    rank = 1 + sum(share > shares[row.id] for share in shares.values())
    return "Standing", {"rank": rank, "units": len(peers), "unit": row}


def Standing_bloc(sight: Sight, row: dict[str, Any]) -> One:
    return Unit_bloc(sight, row["unit"])


# Progress


def Progress_tiers(_: Sight, row: dict[str, Any]) -> list[One]:
    return [("TierCount", {"tier": tier, "count": count}) for tier, count in row["totals"].tiers()]


def TierCount_tier(_: Sight, row: dict[str, Any]) -> One:
    return "BenefitTier", row["tier"]


def BenefitTier_from(_: Sight, row: Row) -> int:
    return int(row.from_vnd)


def BenefitTier_to(_: Sight, row: Row) -> int | None:
    to: int | None = row.to_vnd
    return to


def Progress_pace(_: Sight, row: dict[str, Any]) -> One:
    found = row["totals"].pace()
    if found is None:
        return "Pace", None
    opens, closes, pace = found
    exact = {name: getattr(pace, snake(name)) for name in _RATES}
    rates = {name: None if rate is None else float(rate) for name, rate in exact.items()}
    days = {name: getattr(pace, snake(name)) for name in _DAYS}
    return "Pace", {"opensOn": opens, "closesOn": closes, **rates, **days}


_RATES = ("expectedByToday", "dailyRate", "requiredRate")
_DAYS = ("day", "days", "projectedTotal", "projectedOn", "status")


def Progress_history(_: Sight, row: dict[str, Any], interval: str) -> list[One]:
    return [("ProgressPoint", point) for point in row["totals"].history(interval)]


# Campaign and Phase


def Campaign_owner(sight: Sight, row: Row) -> One:
    return seen(sight, "Unit", row.owner_id)


def Campaign_phases(sight: Sight, row: Row) -> list[One]:
    phases = sight.world.where("phase", campaign_id=row.id)
    return [("Phase", phase) for phase in sorted(phases, key=lambda phase: phase.ordinal)]


def Campaign_tiers(sight: Sight, row: Row) -> list[One]:
    tiers = sight.world.where("benefit_tier", campaign_id=row.id)
    return [("BenefitTier", tier) for tier in sorted(tiers, key=lambda tier: tier.ordinal)]


def Phase_status(sight: Sight, row: Row) -> str:
    today = sight.world.today
    return "UPCOMING" if today < row.opens_on else "CLOSED" if today > row.closes_on else "ACTIVE"


def Phase_days(_: Sight, row: Row) -> int:
    return int((row.closes_on - row.opens_on).days) + 1


def Phase_day(sight: Sight, row: Row) -> int | None:
    active = Phase_status(sight, row) == "ACTIVE"
    return int((sight.world.today - row.opens_on).days) + 1 if active else None


def Phase_campaign(sight: Sight, row: Row) -> One:
    return seen(sight, "Campaign", row.campaign_id)


def Phase_drives(sight: Sight, row: Row) -> list[One]:
    drives = sight.world.where("drive", phase_id=row.id)
    return [("Drive", one) for one in sorted(drives, key=lambda one: (one.opens_on, one.id))]


def Phase_ranking(sight: Sight, row: Row, **arguments: Any) -> Listing:
    return listings.ranking(sight, row, arguments)


# Initiative, Award and Person


def Initiative_content(sight: Sight, row: Row) -> str | None:
    return row.content if sight.reads(row) else None


def Initiative_benefitClaimed(_: Sight, row: Row) -> int:
    return claimed(row)


def Initiative_benefitVerified(_: Sight, row: Row) -> int | None:
    return verified(row)


Initiative_campaign = Phase_campaign


def Initiative_phase(sight: Sight, row: Row) -> One:
    return seen(sight, "Phase", row.phase_id)


def Initiative_awaits(sight: Sight, row: Row) -> One:
    return seen(sight, "Unit", row.awaits_id)


def Initiative_authors(sight: Sight, row: Row) -> list[One]:
    parts = sight.world.where("authorship", initiative_id=row.id)
    return [
        ("Authorship", one) for one in sorted(parts, key=lambda one: (-one.share, one.person_id))
    ]


def Initiative_reviews(sight: Sight, row: Row) -> list[One]:
    reviews = [one for one in sight.visible("review") if one.initiative_id == row.id]
    return [("Review", one) for one in sorted(reviews, key=lambda one: one.id)]


def Initiative_possibleDuplicates(sight: Sight, row: Row, first: int) -> list[One]:
    if not sight.follows(row):
        return []
    alike = [
        (similarity(_searched(row), _searched(other)), other)
        for other in sight.world.rows["initiative"]
        if other is not row and other.state not in ("DRAFT", "WITHDRAWN")
    ]
    near = [pair for pair in alike if pair[0] >= THRESHOLD]
    near.sort(key=lambda pair: (-pair[0], pair[1].id))
    return [("DuplicateCandidate", {"similarity": s, "other": o}) for s, o in near[:first]]


def _searched(row: Row) -> str:
    return fold(f"{row.title} {row.summary}")


def DuplicateCandidate_federation(sight: Sight, row: dict[str, Any]) -> str | None:
    line = sight.world.line(sight.world.unit_of(row["other"]))
    return next((unit.name for unit in line if unit.level == "FEDERATION"), None)


def DuplicateCandidate_initiative(sight: Sight, row: dict[str, Any]) -> One:
    return seen(sight, "Initiative", row["other"].id)


def Authorship_person(sight: Sight, row: Row) -> One:
    return seen(sight, "Person", row.person_id)


def Award_issuedBy(sight: Sight, row: Row) -> One:
    return seen(sight, "Unit", row.issuer_id)


def Award_recipientUnit(sight: Sight, row: Row) -> One:
    return seen(sight, "Unit", row.recipient_unit_id)


def Award_recipientPerson(sight: Sight, row: Row) -> One:
    return seen(sight, "Person", row.recipient_person_id)


Award_phase = Initiative_phase


def Person_name(sight: Sight, row: Row) -> str:
    return row.name if sight.knows(row) else " ".join(f"{word[0]}." for word in row.name.split())


def Person_code(sight: Sight, row: Row) -> str:
    return row.code if sight.knows(row) else "***"


def Person_email(sight: Sight, row: Row) -> str | None:
    return row.email if sight.knows(row) else _masked(row.email)


def Person_phone(sight: Sight, row: Row) -> str | None:
    return row.phone if sight.knows(row) else _masked(row.phone)


def _masked(value: str | None) -> str | None:
    return None if value is None else "***"
