"""The elements of each connection: filtered, and with the keys of their order."""

import base64
import binascii
from typing import Any

from auth.permissions import Permission
from db.rules.text import fold
from tests.oracle.paging import Listing
from tests.oracle.sight import Sight
from tests.oracle.totals import Totals, benefit, local_day
from tests.oracle.world import Row, key_of


def newest(kind: str, rows: list[Row]) -> Listing:
    """Return rows, newest first."""
    return Listing(kind, rows, "id", lambda row: (key_of(row),), descending=True)


def queue(sight: Sight) -> Listing:
    """Return the caller's work queue, oldest first."""
    found = [
        _entry(row, escalated="INITIATIVE_REVIEW" not in sight.can(_awaited(sight, row)))
        for row in sight.visible("initiative")
        if row.awaits_id is not None and sight.decides(row)
    ]
    return Listing("QueueEntry", found, "awaited_at", lambda row: (row.awaited_at, row.id))


def awaiting(sight: Sight, unit: Row) -> Listing:
    """Return what awaits a unit, as far as the caller reads it by a role, oldest first."""
    found = [
        _entry(row, escalated=False)
        for row in sight.world.where("initiative", awaits_id=unit.id)
        if sight.may(Permission.INITIATIVE_READ, sight.world.unit_of(row))
    ]
    return Listing("QueueEntry", found, "awaited_at", lambda row: (row.awaited_at, row.id))


def _awaited(sight: Sight, row: Row) -> Row:
    unit = sight.world.find("unit", row.awaits_id)
    assert unit is not None
    return unit


def _entry(row: Row, *, escalated: bool) -> Row:
    return Row(**vars(row), escalated=escalated)


def units(sight: Sight, rows: list[Row], arguments: dict[str, Any]) -> Listing:
    """Return units by a filter and an order."""
    wanted = {k: v for k, v in (arguments.get("filter") or {}).items() if v is not None}
    kept = [row for row in rows if all(_unit(sight, row, *part) for part in wanted.items())]
    order = arguments.get("orderBy") or {"field": "CODE", "direction": "ASC"}
    tag, key = {
        "CODE": ("code", lambda row: (row.code,)),
        "NAME": ("search", lambda row: (fold(f"{row.name} {row.code}"), row.id)),
        "MEMBER_COUNT": ("member_count", lambda row: (row.member_count, row.id)),
    }[order["field"]]
    return Listing("Unit", kept, tag, key, order["direction"] == "DESC")


def _unit(sight: Sight, row: Row, name: str, value: Any) -> bool:
    if name == "level":
        return bool(row.level == value)
    if name == "bloc":
        bloc = sight.world.find("emulation_bloc", row.bloc_id)
        return bloc is not None and bloc.code == value
    if name == "under":
        return _under(sight, row, value)
    if name == "closed":
        return (row.valid_to is not None) is value
    if name == "withoutOfficer":
        return any(_is_officer(sight, grant, row) for grant in sight.visible("role_grant")) != value
    if name in ("withoutTarget", "withoutSubmission", "belowFloor"):
        return _lacks(sight, row, name, **value)
    assert name == "text"
    return fold(value) in fold(f"{row.name} {row.code}")


def _is_officer(sight: Sight, grant: Row, unit: Row) -> bool:
    today = sight.world.today
    holds = grant.valid_from <= today and (grant.valid_to is None or grant.valid_to >= today)
    officer = grant.unit_id == unit.id and grant.role == "OFFICER"
    return officer and holds and grant.revoked_at is None


def _lacks(sight: Sight, unit: Row, name: str, campaign: str, phase: int) -> bool:
    found = sight.world.one("campaign", code=campaign)
    phases = sight.world.where("phase", campaign_id=found.id, ordinal=phase) if found else []
    if found is None or not phases:
        return False
    if name == "withoutTarget":
        target = sight.world.one("target", unit_id=unit.id, phase_id=phases[0].id)
        return target is None or (target.assigned is None and target.registered is None)
    counts = Totals(sight.world, unit, found, phases).counts()
    if name == "withoutSubmission":
        return bool(counts["submitted"] == 0)
    open_ = unit.level == "GRASSROOTS" and unit.valid_to is None
    return open_ and bool(counts["achieved"] < phases[0].floor)


def _under(sight: Sight, unit: Row, code: str) -> bool:
    top = sight.world.one("unit", code=code)
    return top is not None and sight.sees("unit", top) and sight.world.below(unit, top)


def people(sight: Sight, rows: list[Row], arguments: dict[str, Any]) -> Listing:
    """Return people by a filter; the text filter finds only people whose names the caller sees."""
    text = (arguments.get("filter") or {}).get("text")
    if text is not None:
        wanted = fold(text)
        rows = [
            row
            for row in rows
            if sight.knows(row)
            and (fold(row.code).startswith(wanted) or f" {wanted}" in f" {fold(row.name)}")
        ]
    return Listing("Person", rows, "id", lambda row: (row.id,))


def initiatives(sight: Sight, rows: list[Row], arguments: dict[str, Any]) -> Listing:
    """Return initiatives by a filter and an order; newest first by default."""
    wanted = {k: v for k, v in (arguments.get("filter") or {}).items() if v is not None}
    kept = [row for row in rows if all(_initiative(sight, row, *part) for part in wanted.items())]
    order = arguments.get("orderBy") or {"field": "CREATED", "direction": "DESC"}
    tag, key = {
        "CREATED": ("id", lambda row: (row.id,)),
        "NUMBER": ("number", lambda row: (row.number,)),
        "SUBMITTED_AT": (
            "sort_submitted",
            lambda row: (row.submitted_at or row.created_at, row.id),
        ),
        "APPLIED_ON": ("applied_on", lambda row: (row.applied_on, row.id)),
        "BENEFIT": ("sort_benefit", lambda row: (benefit(row), row.id)),
    }[order["field"]]
    return Listing("Initiative", kept, tag, key, order["direction"] == "DESC")


def _initiative(sight: Sight, row: Row, name: str, value: Any) -> bool:
    submitted = None if row.submitted_at is None else local_day(row.submitted_at)
    holds = {
        "state": lambda: row.state in value,
        "campaign": lambda: sight.world.find("campaign", row.campaign_id).code == value,
        "phase": lambda: (
            row.phase_id is not None and sight.world.find("phase", row.phase_id).ordinal == value
        ),
        "sector": lambda: row.sector == value,
        "solutionType": lambda: row.solution_type in value,
        "under": lambda: _under(sight, sight.world.unit_of(row), value),
        "author": lambda: _author(sight, row, value),
        "confidential": lambda: row.confidential is value,
        "submittedFrom": lambda: submitted is not None and submitted >= value,
        "submittedTo": lambda: submitted is not None and submitted <= value,
        "appliedFrom": lambda: row.applied_on >= value,
        "appliedTo": lambda: row.applied_on <= value,
        "benefitFrom": lambda: benefit(row) >= value,
        "benefitTo": lambda: benefit(row) <= value,
        "text": lambda: fold(value) in fold(f"{row.title} {row.summary}"),
    }
    return bool(holds[name]())


def actor_of(sight: Sight, event: Row) -> str | None:
    """Return the username of an event's actor."""
    account = sight.world.find("account", event.account_id)
    return "public" if event.account_id == 0 else account.username if account else None


def object_id(event: Row) -> str | None:
    """Return the global id of an event's object."""
    if event.object_type is None or event.object_id is None:
        return None
    return base64.b64encode(f"{event.object_type}:{event.object_id}".encode()).decode()


def audit_events(sight: Sight, rows: list[Row], arguments: dict[str, Any]) -> Listing:
    """Return events by a filter, newest first."""
    wanted = {k: v for k, v in (arguments.get("filter") or {}).items() if v is not None}
    kept = [row for row in rows if all(_event(sight, row, *part) for part in wanted.items())]
    return newest("AuditEvent", kept)


def _event(sight: Sight, row: Row, name: str, value: Any) -> bool:
    world = sight.world
    unit = world.find("unit", row.unit_id)
    top = world.one("unit", code=value) if name in ("unit", "under") else None
    holds = {
        "actor": lambda: value == actor_of(sight, row),
        "unit": lambda: top is not None and unit is top and sight.sees("unit", top),
        "under": lambda: (
            top is not None
            and sight.sees("unit", top)
            and (top is sight.root if unit is None else world.below(unit, top))
        ),
        "objectType": lambda: row.object_type == value,
        "object": lambda: object_id(row) == value,
        "kind": lambda: row.kind in value,
        "action": lambda: row.action == value,
        "from": lambda: row.at >= value,
        "to": lambda: row.at <= value,
    }
    return bool(holds[name]())


def _author(sight: Sight, row: Row, global_id: str) -> bool:
    try:
        decoded = base64.b64decode(global_id, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return False
    return any(
        decoded == f"Person:{person.id}"
        for person in sight.visible("person")
        if sight.world.where("authorship", initiative_id=row.id, person_id=person.id)
    )


def ranking(sight: Sight, phase: Row, arguments: dict[str, Any]) -> Listing:
    """Return the open units that the caller sees, ranked; equals share a rank."""
    campaign = sight.world.find("campaign", phase.campaign_id)
    assert campaign is not None
    wanted = {k: arguments[k] for k in ("level", "bloc", "under") if arguments.get(k) is not None}
    ranked = []
    for unit in sight.visible("unit"):
        if unit.valid_to is None and all(_unit(sight, unit, *part) for part in wanted.items()):
            totals = Totals(sight.world, unit, campaign, [phase])
            ranked.append({**totals.counts(), "unit_id": unit.id})
    by = {
        "PERCENT": lambda row: -1 if row["percent"] is None else row["percent"],
        "ACHIEVED": lambda row: row["achieved"],
        "BENEFIT": lambda row: row["benefitVerified"],
        "PARTICIPANTS": lambda row: row["participants"],
    }[arguments["by"]]
    for row in ranked:
        row["rank"] = 1 + sum(by(other) > by(row) for other in ranked)
    rows = [Row(**{_column(name): value for name, value in row.items()}) for row in ranked]
    return Listing("Ranking", rows, "rank", lambda row: (row.rank, row.unit_id))


def _column(name: str) -> str:
    return {"benefitVerified": "benefit_verified"}.get(name, name)
