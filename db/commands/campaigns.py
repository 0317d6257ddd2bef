"""Campaigns: create and change, with their benefit tiers and rubric."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import asyncpg

from db.commands.adjustments import adjust
from db.commands.initiatives import check_version
from db.commands.turns import hold_windows
from db.rules.campaign import Band, CampaignRejectedError, check_bands, check_order
from db.rules.errors import ConflictError, ForbiddenError
from db.rules.phase import is_settled
from db.write_session import WriteSession

MANAGE = "campaign_manage"

_OWNER = "select id, code, path::text, valid_to is not null as closed from unit where code = $1"
_CREATE = """
    insert into campaign (
        code, title, owner_id, counts_from, confirming_level, applied_from, applied_to, rubric,
        rubric_required
    ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    returning id
"""
# The caller may see the campaign and not its owner.
_LOAD = """
    select c.id, c.code, c.version, c.owner_id, u.code as owner, u.path::text, c.counts_from,
        c.applied_from, c.applied_to
    from campaign c left join unit u on u.id = c.owner_id
    where c.code = $1
"""
_EDITED = (
    *("title", "counts_from", "confirming_level", "applied_from", "applied_to", "rubric"),
    "rubric_required",
)

_TIERS = "select id, ordinal, label, from_vnd, to_vnd from benefit_tier where campaign_id = $1"
_DROP_TIERS = "delete from benefit_tier where id = any ($1::bigint[])"
# One statement, because the ordinals are checked for uniqueness at its end.
_PLACE_TIERS = """
    update benefit_tier t set ordinal = placed.ordinal
    from unnest($1::bigint[], $2::bigint[]) as placed (id, ordinal)
    where t.id = placed.id and t.ordinal <> placed.ordinal
"""
_SET_BAND = "update benefit_tier set from_vnd = $2, to_vnd = $3 where id = $1"
_ADD_TIER = """
    insert into benefit_tier (campaign_id, ordinal, label, from_vnd, to_vnd)
    values ($1, $2, $3, $4, $5)
"""

_PHASES = "select id, closes_on, frozen_at is not null as frozen from phase where campaign_id = $1"
# The two ways of counting differ by the initiatives that are recognised and not confirmed.
_RECOUNT = """
    insert into adjustment (phase_id, unit_id, kind, gained, reason, account_id, at)
    select i.phase_id, i.unit_id, 'PHASE', $2::bigint * count(*), $3, $4, $5
    from initiative i
    join phase p on p.id = i.phase_id
    where p.campaign_id = $1 and p.frozen_at is not null and i.state = 'RECOGNISED'
    group by i.phase_id, i.unit_id
"""


class Criterion(Protocol):
    """A criterion of the rubric in an input, with its highest score."""

    criterion: str
    most: int


@dataclass(frozen=True)
class CampaignOutcome:
    """The campaign concerned."""

    campaign_id: int


async def create(
    session: WriteSession,
    *,
    code: str,
    title: str,
    owner: str,
    counts_from: str,
    applied_from: date,
    applied_to: date,
    confirming_level: str = "FEDERATION",
    tiers: Sequence[Band] = (),
    rubric: Sequence[Criterion] = (),
    rubric_required: bool = False,
) -> CampaignOutcome:
    """Create a campaign for the subtree of the unit `owner`, without phases."""
    unit = await session.found("Unit", owner, _OWNER, owner)
    session.require(MANAGE, unit)
    if unit["closed"]:
        raise CampaignRejectedError("UNIT_CLOSED", unit_id=unit["id"])
    check_order(applied_from, applied_to, "appliedTo")
    check_bands(tiers)
    campaign_id: int = await session.value(
        _CREATE,
        *(code, title, unit["id"], counts_from, confirming_level, applied_from, applied_to),
        *(_scores(rubric), rubric_required),
    )
    await _set_tiers(session, campaign_id, tiers)
    return CampaignOutcome(campaign_id)


async def update(
    session: WriteSession,
    *,
    code: str,
    version: int | None = None,
    reason: str | None = None,
    tiers: Sequence[Band] | None = None,
    rubric: Sequence[Criterion] | None = None,
    **changes: Any,
) -> CampaignOutcome:
    """Change the given fields of a campaign; `tiers` and `rubric` replace the lists as a whole.

    New tiers, or another state to count from, change the results of closed phases: that needs a
    reason, and is recorded as an adjustment of each such phase.
    """
    campaign = await manage(session, code)
    check_version(campaign, version)
    first, last = (changes.get(name, campaign[name]) for name in ("applied_from", "applied_to"))
    check_order(first, last, "appliedTo" if "applied_to" in changes else "appliedFrom")
    check_bands(tiers or ())
    if rubric is not None:
        changes["rubric"] = _scores(rubric)
    await _edit(session, campaign, changes)
    retiered = tiers is not None and await _set_tiers(session, campaign["id"], tiers)
    counts_from = changes.get("counts_from", campaign["counts_from"])
    recounted = counts_from != campaign["counts_from"]
    if recounted or retiered:
        await _note_settled(session, campaign, reason)
    if recounted:
        sign = 1 if counts_from == "RECOGNISED" else -1
        await session.execute(
            _RECOUNT,
            *(campaign["id"], sign, reason, session.caller.account_id, session.present),
        )
    return CampaignOutcome(campaign["id"])


async def manage(session: WriteSession, code: str) -> asyncpg.Record:
    """Return a campaign that the caller may manage, with its windows locked until the commit.

    Raises NotFoundError, ForbiddenError.
    """
    campaign = await session.found("Campaign", code, _LOAD, code)
    path = campaign["path"]
    if path is None or not session.caller.may(MANAGE, path):
        raise ForbiddenError("CAMPAIGN_MANAGE", campaign["owner"], unit_id=campaign["owner_id"])
    await hold_windows(session, campaign["id"], alone=True)
    return await session.found("Campaign", code, _LOAD, code)


async def _edit(session: WriteSession, campaign: asyncpg.Record, changes: dict[str, Any]) -> None:
    names = [name for name in _EDITED if name in changes]
    assignments = "".join(f", {name} = ${index}" for index, name in enumerate(names, 3))
    written = await session.execute(
        f"update campaign set version = version + 1{assignments} where id = $1 and version = $2",  # noqa: S608 - the names are those above
        *(campaign["id"], campaign["version"]),
        *(changes[name] for name in names),
    )
    if not written:
        raise ConflictError("STALE", version=campaign["version"] + 1)


async def _set_tiers(session: WriteSession, campaign_id: int, tiers: Sequence[Band]) -> bool:
    """Replace the campaign's tiers, and return whether any of them counts differently now.

    A tier is identified by its label, whatever its ordinal and band.
    """
    held = {row["label"]: row for row in await session.rows(_TIERS, campaign_id)}
    kept = [(held[tier.label], tier) for tier in tiers if tier.label in held]
    gone = held.keys() - {tier.label for tier in tiers}
    await session.execute(_DROP_TIERS, [held[label]["id"] for label in gone])
    places = {tier.label: place for place, tier in enumerate(tiers, 1)}
    await session.execute(
        _PLACE_TIERS,
        [row["id"] for row, _ in kept],
        [places[tier.label] for _, tier in kept],
    )
    moved = [
        (row["id"], tier)
        for row, tier in kept
        if (row["from_vnd"], row["to_vnd"]) != (tier.from_, tier.to)
    ]
    for tier_id, tier in moved:
        await session.execute(_SET_BAND, tier_id, tier.from_, tier.to)
    new = [tier for tier in tiers if tier.label not in held]
    for tier in new:
        await session.execute(
            _ADD_TIER, campaign_id, places[tier.label], tier.label, tier.from_, tier.to
        )
    return bool(gone or moved or new)


async def _note_settled(
    session: WriteSession, campaign: asyncpg.Record, reason: str | None
) -> None:
    """Record an adjustment of every closed phase. Raises InvalidInputError without a reason."""
    for phase in await session.rows(_PHASES, campaign["id"]):
        if is_settled(phase["closes_on"], session.today, frozen=phase["frozen"]):
            await adjust(
                session, "PHASE", phase_id=phase["id"], unit_id=campaign["owner_id"], reason=reason
            )


def _scores(rubric: Sequence[Criterion]) -> dict[str, int]:
    return {line.criterion: line.most for line in rubric}
