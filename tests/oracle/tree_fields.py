"""The fields of the tree that are more than a column.

A function `Type_field(sight, row, **arguments)` returns a value, a pair of a type's name and a row
(None if the caller sees none), a list of these, or a `Listing` to page through.
"""

# ruff: noqa: A002, N802 - functions and arguments have the names of the schema

import base64
import binascii
import re
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from tests.oracle import listings
from tests.oracle.paging import Listing
from tests.oracle.seen import TABLES, One, actor, behind, coded, seen, snake, unit_of
from tests.oracle.sight import Sight
from tests.oracle.totals import Totals, effective, local_day
from tests.oracle.world import Row

# Query and Viewer


def Query_viewer(_: Sight, __: Row) -> One:
    return "Viewer", {}


def Query_node(sight: Sight, _: Row, id: str) -> One:
    try:
        kind, _, key = base64.b64decode(id, validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        return "Unit", None
    found = kind in TABLES and re.fullmatch("[0-9]{1,19}", key)
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


def Query_auditEvents(sight: Sight, _: Row, **arguments: Any) -> Listing:
    return listings.audit_events(sight, sight.visible("audit_event"), arguments)


def Query_initiatives(sight: Sight, _: Row, **arguments: Any) -> Listing:
    return listings.initiatives(sight, sight.visible("initiative"), arguments)


def Viewer_account(sight: Sight, _: Row) -> One:
    return "Account", sight.account


def Viewer_grants(sight: Sight, _: Row) -> list[One]:
    return [("Grant", grant) for grant in sight.grants() if grant.revoked_at is None]


def Viewer_units(sight: Sight, _: Row) -> list[One]:
    return [("Unit", unit) for unit in sight.tops()]


def Viewer_accessTokens(sight: Sight, _: Row, **__: Any) -> Listing:
    return listings.newest("AccessToken", sight.visible("access_token"))


def AccessToken_everywhere(_: Sight, row: Row) -> bool:
    return row.unit_id is None


def AccessToken_unit(sight: Sight, row: Row) -> One:
    return seen(sight, "Unit", row.unit_id)


def Viewer_queue(sight: Sight, _: Row, **__: Any) -> Listing:
    return listings.queue(sight)


def QueueEntry_since(_: Sight, row: Row) -> datetime:
    since: datetime = row.awaited_at
    return since


def QueueEntry_days(sight: Sight, row: Row) -> int:
    return int((sight.world.today - local_day(row.awaited_at)).days)


def QueueEntry_initiative(sight: Sight, row: Row) -> One:
    return seen(sight, "Initiative", row.id)


def QueueEntry_unit(sight: Sight, row: Row) -> One:
    return seen(sight, "Unit", row.awaits_id)


def Query_person(sight: Sight, _: Row, code: str) -> One:
    person = sight.world.one("person", code=code)
    return "Person", person if person is not None and sight.names(person) else None


def Query_people(sight: Sight, _: Row, under: str, **arguments: Any) -> Listing:
    top = sight.world.one("unit", code=under)
    within = [
        one
        for one in sight.visible("person")
        if top is not None
        and sight.sees("unit", top)
        and sight.sees("unit", sight.world.unit_of(one))
        and sight.world.below(sight.world.unit_of(one), top)
    ]
    return listings.people(sight, within, arguments)


def Person_memberships(sight: Sight, row: Row, **_: Any) -> Listing:
    found = [one for one in sight.visible("membership") if one.person_id == row.id]
    return listings.newest("Membership", found)


def Person_account(sight: Sight, row: Row) -> One:
    account = sight.world.one("account", person_id=row.id)
    return seen(sight, "Account", account.id if account else None)


def Unit_accounts(sight: Sight, row: Row, **_: Any) -> Listing:
    people = {one.id for one in sight.visible("person") if one.unit_id == row.id}
    found = [one for one in sight.visible("account") if one.person_id in people]
    return Listing("Account", found, "id", lambda account: (account.id,))


def Account_grants(sight: Sight, row: Row, **_: Any) -> Listing:
    found = [one for one in sight.visible("role_grant") if one.account_id == row.id]
    return listings.newest("Grant", found)


def Account_invitedUntil(_: Sight, __: Row) -> None:
    """Worlds have no invitations."""


def Account_person(sight: Sight, row: Row) -> One:
    return seen(sight, "Person", row.person_id)


Grant_unit = Ranking_unit = Membership_unit = unit_of
Grant_person = UnitHistory_by = actor


def Grant_username(sight: Sight, row: Row) -> str:
    account = sight.world.find("account", row.account_id)
    assert account is not None
    return str(account.username)


def Grant_grantedBy(sight: Sight, row: Row) -> One:
    return behind(sight, row.granted_by_id)


def Grant_revokedBy(sight: Sight, row: Row) -> One:
    return behind(sight, row.revoked_by_id)


# AuditEvent


def AuditEvent_actor(sight: Sight, row: Row) -> str | None:
    return listings.actor_of(sight, row)


def AuditEvent_account(sight: Sight, row: Row) -> One:
    account = sight.world.find("account", row.account_id)
    return "Account", account if account and sight.sees("account", account) else None


def AuditEvent_unit(sight: Sight, row: Row) -> One:
    return seen(sight, "Unit", row.unit_id)


def AuditEvent_objectId(_: Sight, row: Row) -> str | None:
    return listings.object_id(row)


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


def Query_emulationBlocs(sight: Sight, _: Row, **__: Any) -> Listing:
    blocs = sight.visible("emulation_bloc")
    return Listing("EmulationBloc", blocs, "code", lambda row: (row.code,))


def EmulationBloc_units(sight: Sight, row: Row, **arguments: Any) -> Listing:
    within = [one for one in sight.visible("unit") if one.bloc_id == row.id]
    return listings.units(sight, within, arguments)


def Unit_people(sight: Sight, row: Row, **arguments: Any) -> Listing:
    within = [one for one in sight.visible("person") if one.unit_id == row.id]
    return listings.people(sight, within, arguments)


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


def Unit_mergedInto(sight: Sight, row: Row) -> One:
    return seen(sight, "Unit", row.merged_into_id)


def Unit_grants(sight: Sight, row: Row, **_: Any) -> Listing:
    found = [one for one in sight.visible("role_grant") if one.unit_id == row.id]
    return listings.newest("Grant", found)


def Unit_history(sight: Sight, row: Row, **_: Any) -> Listing:
    found = [one for one in sight.visible("unit_history") if one.unit_id == row.id]
    return listings.newest("UnitHistory", found)


def UnitHistory_before(_: Sight, row: Row) -> One:
    return _state(row.before)


def UnitHistory_after(_: Sight, row: Row) -> One:
    return _state(row.after)


def _state(facts: dict[str, Any] | None) -> One:
    names = ("parent_id", "bloc_id", "merged_into_id", "name", "level", "member_count")
    told = None if facts is None else Row(**dict.fromkeys((*names, *_SPAN)) | facts)
    for name in _SPAN:
        if told is not None and getattr(told, name) is not None:
            setattr(told, name, date.fromisoformat(getattr(told, name)))
    return "UnitState", told


_SPAN = ("valid_from", "valid_to")
UnitState_parent = Unit_parent
UnitState_bloc = Unit_bloc
UnitState_mergedInto = Unit_mergedInto


def phases_of(sight: Sight, code: str, ordinal: int | None) -> tuple[Row | None, list[Row]]:
    """Return a campaign by its code, with one phase by its ordinal or with all."""
    campaign = sight.world.one("campaign", code=code)
    if campaign is None:
        return None, []
    phases = sight.world.where("phase", campaign_id=campaign.id)
    return campaign, [p for p in phases if ordinal is None or p.ordinal == ordinal]


def Unit_progress(sight: Sight, row: Row, campaign: str, phase: int | None = None) -> One:
    found, phases = phases_of(sight, campaign, phase)
    if found is None or not (phases or phase is None):
        return "Progress", None
    totals = Totals(sight.world, row, found, phases)
    return "Progress", {**totals.counts(), "totals": totals}


def Unit_target(sight: Sight, row: Row, campaign: str, phase: int) -> One:
    _, phases = phases_of(sight, campaign, phase)
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
    found = [
        one
        for one in sight.visible("target_revision")
        if (one.unit_id, one.phase_id) == (unit.id, phase.id)
    ]
    return listings.newest("TargetRevision", found)


TargetRevision_by = actor


def Unit_standing(sight: Sight, row: Row, campaign: str, phase: int) -> One:
    found, phases = phases_of(sight, campaign, phase)
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
