"""The fields of campaigns, initiatives and people that are more than a column.

A function `Type_field(sight, row, **arguments)` returns a value, a pair of a type's name and a row
(None if the caller sees none), a list of these, or a `Listing` to page through.
"""

# ruff: noqa: N802 - functions have the names of fields

from typing import Any

from db.rules.text import fold
from tests.oracle import listings
from tests.oracle.likeness import THRESHOLD, VERY, similarity
from tests.oracle.paging import Listing
from tests.oracle.seen import One, actor, seen, unit_of
from tests.oracle.sight import Sight
from tests.oracle.sketch import finds
from tests.oracle.totals import claimed, verified
from tests.oracle.world import Row

Drive_unit = Person_unit = Initiative_unit = Review_unit = unit_of
Review_by = actor

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


def Initiative_viewerCan(sight: Sight, row: Row) -> list[str]:
    return sight.can_with(row)


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
        if other is not row
        and other.state not in ("DRAFT", "WITHDRAWN")
        and finds(_searched(row), _searched(other))
    ]
    tells = row.state not in ("DRAFT", "RETURNED", "WITHDRAWN")
    near = []
    for value, other in alike:
        seen_ = sight.sees("initiative", other)
        if value >= THRESHOLD and (seen_ or (tells and not other.confidential)):
            closeness = "VERY_SIMILAR" if value >= VERY else "SIMILAR"
            place = (closeness == "SIMILAR", not seen_, -value if seen_ else 0, other.id)
            shown = {"closeness": closeness, "similarity": value if seen_ else None}
            near.append((place, shown | {"other": other}))
    near.sort(key=lambda pair: pair[0])
    return [("DuplicateCandidate", candidate) for _, candidate in near[:first]]


def _searched(row: Row) -> str:
    return fold(f"{row.title} {row.summary}")


def DuplicateCandidate_federation(sight: Sight, row: dict[str, Any]) -> str | None:
    line = sight.world.line(sight.world.unit_of(row["other"]))
    return next((unit.name for unit in line if unit.level == "FEDERATION"), None)


def DuplicateCandidate_initiative(sight: Sight, row: dict[str, Any]) -> One:
    return seen(sight, "Initiative", row["other"].id)


def Review_scores(_: Sight, row: Row) -> list[One]:
    given = sorted((row.scores or {}).items())
    return [("Score", {"criterion": criterion, "score": score}) for criterion, score in given]


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
    return row.name if sight.names(row) else " ".join(f"{word[0]}." for word in row.name.split())


def Person_code(sight: Sight, row: Row) -> str:
    return row.code if sight.names(row) else "***"


def Person_email(sight: Sight, row: Row) -> str | None:
    return row.email if sight.knows(row) else _masked(row.email)


def Person_phone(sight: Sight, row: Row) -> str | None:
    return row.phone if sight.knows(row) else _masked(row.phone)


def _masked(value: str | None) -> str | None:
    return None if value is None else "***"
