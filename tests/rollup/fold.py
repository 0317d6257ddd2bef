"""The totals by a plain fold over the raw rows.

Source: PROGRAMME.md, and the definitions of columns in db/sql/rollup.sql, without using its SQL.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import dict_row

Row = dict[str, Any]
Key = tuple[Any, ...]
Totals = dict[Key, dict[str, int]]

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
STANDING = {"SUBMITTED", "RECOGNISED", "CONFIRMED", "RETURNED", "REJECTED"}
RECOGNISED = {"RECOGNISED", "CONFIRMED"}
WHOLE_CAMPAIGN = 0


@dataclass
class Raw:
    """The raw rows of the totals."""

    units: dict[int, Row]
    campaigns: dict[int, Row]
    phases: dict[int, Row]
    tiers: list[Row]
    people: dict[int, Row]
    initiatives: dict[int, Row]
    authors: list[Row]

    @classmethod
    def read(cls, connection: psycopg.Connection) -> "Raw":
        """Read all of them."""
        cursor = connection.cursor(row_factory=dict_row)

        def table(name: str) -> list[Row]:
            return cursor.execute(f"select * from {name}").fetchall()

        def keyed(name: str) -> dict[int, Row]:
            return {row["id"]: row for row in table(name)}

        return cls(
            units=keyed("unit"),
            campaigns=keyed("campaign"),
            phases=keyed("phase"),
            tiers=table("benefit_tier"),
            people=keyed("person"),
            initiatives=keyed("initiative"),
            authors=table("authorship"),
        )

    def line(self, unit_id: int | None) -> Iterator[int]:
        """Yield a unit and its ancestors."""
        while unit_id is not None:
            yield unit_id
            unit_id = self.units[unit_id]["parent_id"]

    def path(self, unit_id: int) -> str:
        """Return the ids from the root down to a unit."""
        return ".".join(map(str, reversed([*self.line(unit_id)])))

    def above(self, unit_id: int, level: str) -> int | None:
        """Return the ancestor of a level, or the unit itself."""
        return next((u for u in self.line(unit_id) if self.units[u]["level"] == level), None)

    def achieved(self, initiative: Row) -> bool:
        """Return whether the campaign counts an initiative."""
        if initiative["phase_id"] is None:
            return False
        campaign = self.campaigns[self.phases[initiative["phase_id"]]["campaign_id"]]
        counted = {"CONFIRMED"} if campaign["counts_from"] == "CONFIRMED" else RECOGNISED
        return initiative["state"] in counted

    def achieved_at(self, initiative: Row) -> datetime:
        """Return the moment from which the campaign counts an achieved initiative."""
        campaign = self.campaigns[self.phases[initiative["phase_id"]]["campaign_id"]]
        column = "confirmed_at" if campaign["counts_from"] == "CONFIRMED" else "recognised_at"
        moment: datetime = initiative[column]
        return moment

    def places(self, initiative: Row) -> Iterator[tuple[int, int]]:
        """Yield the campaign with the ordinals that an initiative counts in."""
        phase = self.phases[initiative["phase_id"]]
        yield phase["campaign_id"], WHOLE_CAMPAIGN
        yield phase["campaign_id"], phase["ordinal"]

    def floor(self, campaign_id: int, ordinal: int) -> int:
        """Return a grassroots unit's floor in a phase, or in all phases together."""
        floors = [
            phase["floor"]
            for phase in self.phases.values()
            if phase["campaign_id"] == campaign_id and ordinal in {WHOLE_CAMPAIGN, phase["ordinal"]}
        ]
        return sum(floors)


def day_of(moment: datetime) -> date:
    """Return the day of a moment in Vietnam."""
    return moment.astimezone(VIETNAM).date()


def own(raw: Raw) -> Totals:
    """Return each unit's own counts, by unit, campaign and ordinal."""
    totals: Totals = defaultdict(Counter)
    for one in raw.initiatives.values():
        if one["phase_id"] is None:
            continue
        standing, achieved = one["state"] in STANDING, raw.achieved(one)
        production = achieved and one["sector"] == "PRODUCTION"
        for place in raw.places(one):
            unit = totals[one["unit_id"], *place]
            unit["submitted"] += standing
            unit["recognised"] += one["state"] in RECOGNISED
            unit["confirmed"] += one["state"] == "CONFIRMED"
            unit["returned"] += one["state"] == "RETURNED"
            unit["rejected"] += one["state"] == "REJECTED"
            unit["achieved"] += achieved
            unit["achieved_production"] += production
            unit["achieved_public"] += achieved and not production
            unit["benefit_claimed"] += sum(one["claimed"]) * standing
            unit["benefit_verified"] += sum(one["verified"] or []) * achieved
    for (_, campaign, ordinal), parts in participation(raw).items():
        *_, unit_id = min(parts)
        totals[unit_id, campaign, ordinal]["participants"] += 1
    for (unit_id, campaign, ordinal), unit in totals.items():
        if raw.units[unit_id]["level"] == "GRASSROOTS":
            unit["units_reporting"] = int(unit["submitted"] > 0)
            unit["units_meeting_floor"] = int(unit["achieved"] >= raw.floor(campaign, ordinal))
    return totals


def upwards(raw: Raw, totals: Totals) -> Totals:
    """Add every unit's own totals to it and its ancestors, without zeros."""
    sums: Totals = defaultdict(Counter)
    for (unit_id, *rest), cells in totals.items():
        for above in raw.line(unit_id):
            for name, value in cells.items():
                sums[above, *rest][name] += value
    return without_zeros(sums)


def tiers(raw: Raw) -> Totals:
    """Return each unit's own achieved initiatives by benefit tier."""
    totals: Totals = defaultdict(Counter)
    for one in raw.initiatives.values():
        if not raw.achieved(one):
            continue
        benefit = sum(one["claimed"] if one["verified"] is None else one["verified"])
        for campaign, ordinal in raw.places(one):
            for tier in raw.tiers:
                top = benefit if tier["to_vnd"] is None else tier["to_vnd"]
                if tier["campaign_id"] == campaign and tier["from_vnd"] <= benefit <= top:
                    totals[one["unit_id"], campaign, ordinal, tier["id"]]["achieved"] += 1
    return totals


def days(raw: Raw) -> Totals:
    """Return each unit's gains by day and phase."""
    totals: Totals = defaultdict(Counter)
    for one in raw.initiatives.values():
        moments = []
        if one["phase_id"] is not None and one["state"] in STANDING:
            moments.append(("submitted", one["submitted_at"]))
        if one["phase_id"] is not None and one["state"] in RECOGNISED:
            moments.append(("recognised", one["recognised_at"]))
        if one["phase_id"] is not None and one["state"] == "CONFIRMED":
            moments.append(("confirmed", one["confirmed_at"]))
        if raw.achieved(one):
            moments.append(("achieved", raw.achieved_at(one)))
        for name, moment in moments:
            _, (campaign, ordinal) = raw.places(one)
            totals[one["unit_id"], campaign, ordinal, day_of(moment)][name] += 1
    return totals


def participation(raw: Raw) -> dict[tuple[int, int, int], list[tuple[date, int, int]]]:
    """Return the achieved initiatives of each person, by person, campaign and ordinal.

    For each the day, the id, and the unit at which the person is counted if it is the earliest.
    """
    parts = defaultdict(list)
    for author in raw.authors:
        one = raw.initiatives[author["initiative_id"]]
        if raw.achieved(one):
            part = (day_of(raw.achieved_at(one)), one["id"], author["counted_unit_id"])
            for place in raw.places(one):
                parts[author["person_id"], *place].append(part)
    return parts


def without_zeros(totals: Totals) -> Totals:
    """Return the totals without zero cells and rows, which are equal to missing ones."""
    kept = {
        key: {name: int(value) for name, value in cells.items() if value}
        for key, cells in totals.items()
    }
    return {key: cells for key, cells in kept.items() if cells}


def stored(connection: psycopg.Connection, table: str, keys: list[str]) -> Totals:
    """Return the content of a table of totals, summed over slots."""
    cursor = connection.cursor(row_factory=dict_row)
    sums: Totals = defaultdict(Counter)
    for row in cursor.execute(f"select * from {table}"):
        key = tuple(row[name] for name in keys)
        for name, value in row.items():
            if name not in {*keys, "slot", "path"}:
                sums[key][name] += value
    return without_zeros(sums)


def check(connection: psycopg.Connection) -> None:
    """Assert that everything kept by triggers follows from the raw rows."""
    raw = Raw.read(connection)
    keys = ["unit_id", "campaign_id", "ordinal"]
    assert stored(connection, "rollup", keys) == upwards(raw, own(raw))
    assert stored(connection, "rollup_tier", [*keys, "tier_id"]) == upwards(raw, tiers(raw))
    assert stored(connection, "rollup_day", [*keys, "day"]) == upwards(raw, days(raw))
    kept = connection.execute(
        "select person_id, campaign_id, ordinal, initiatives, unit_id from participation "
        "where initiatives <> 0"
    ).fetchall()
    assert {row[:3]: row[3:] for row in kept} == {
        key: (len(parts), min(parts)[-1]) for key, parts in participation(raw).items()
    }
    open_below = Counter(
        above
        for unit in raw.units.values()
        if unit["level"] == "GRASSROOTS" and unit["valid_to"] is None
        for above in raw.line(unit["id"])
    )
    for unit_id, unit in raw.units.items():
        assert (unit["path"], unit["grassroots_count"]) == (raw.path(unit_id), open_below[unit_id])
    for one in raw.initiatives.values():
        assert one["path"] == raw.path(one["unit_id"])
        assert one["federation_id"] == raw.above(one["unit_id"], "FEDERATION")
        assert one["upper_id"] == raw.above(one["unit_id"], "UPPER")
