"""Units created, changed, moved, merged and closed; roles granted and revoked."""

from datetime import date, timedelta

from tests.model.deciders import Deciders
from tests.model.movers import Movers
from tests.model.windows import Windows
from tests.model.world import FORBIDDEN, NOT_FOUND, Grant, RefusedError, Unit

OWN_GRANT = ("Forbidden", "OWN_GRANT")
AHEAD = ("InvalidInput", "STILL_AHEAD")
DAY = timedelta(days=1)


def rejected(code: str) -> RefusedError:
    """Return the rejection of an action that the tree does not allow."""
    return RefusedError("UnitRejected", code)


class Keepers(Windows, Deciders, Movers):
    """The tree and the role grants."""

    def create_unit(
        self,
        who: str,
        *,
        code: str,
        level: str,
        parent: str,
        member_count: int,
        valid_from: date | None = None,
    ) -> str:
        """Create a unit below one of a higher level."""
        self.enter(who, "manage_units")
        self.find_unit(who, parent)
        self.require(who, "manage_units", parent)
        if valid_from is not None and valid_from > self.today:
            raise RefusedError(*AHEAD)
        self._check_open(parent)
        new = Unit(level, parent, member_count, valid_from or self.today)
        self._check_below(new, parent)
        if code in self.units:
            raise RefusedError("Conflict", "TAKEN")
        self.units[code] = new
        return "UnitPayload"

    def update_unit(
        self, who: str, *, unit: str, member_count: int, version: int | None = None
    ) -> str:
        """Update a unit's members."""
        found = self._manage_unit(who, unit)
        self.check_version(version, found.version)
        self._check_open(unit)
        found.version += found.members != member_count
        found.members = member_count
        return "UnitPayload"

    def move_unit(
        self, who: str, *, unit: str, parent: str, reason: str, version: int | None = None
    ) -> str:
        """Move a unit with its subtree below another; the caller manages it and both parents."""
        self.enter(who, "manage_units")
        found = self.find_unit(who, unit)
        self.find_unit(who, parent)
        for place in (unit, found.parent, parent):
            if place is not None:
                self.require(who, "manage_units", place)
        self.check_version(version, found.version)
        self._check_open(unit, parent)
        if unit in self.line(parent):
            raise rejected("CYCLE")
        self._check_below(found, parent)
        if found.parent == parent:
            raise rejected("THERE_ALREADY")
        self._check_gives(who, unit, parent)
        found.parent, found.version = parent, found.version + 1
        self.send_on()
        self.check_moved(unit)
        return "UnitPayload"

    def merge_units(self, who: str, *, units: list[str], into: str, reason: str) -> str:
        """Close units and continue with another of their level."""
        self.enter(who, "manage_units")
        for code in (into, *units):
            self.find_unit(who, code)
        for code in (*units, into):
            self.require(who, "manage_units", code)
        self._check_open(*units, into)
        for code in units:
            if code in self.line(into):
                raise rejected("CYCLE")
            if self.units[code].level != self.units[into].level:
                raise rejected("LEVELS_DIFFER")
        for code in units:
            self._check_gives(who, code, into)
            if self._beyond(who, into, code, exactly=True):
                raise RefusedError(*OWN_GRANT)
        for code in units:
            self._merge(code, into)
        self.check_moved(into)
        return "MergeUnitsPayload"

    def _merge(self, code: str, into: str) -> None:
        merged = self.units[code]
        merged.merged_into, merged.version = into, merged.version + 1
        merged.closed = max(self.today, merged.first)
        for unit in self.units.values():
            if unit.parent == code:
                unit.parent, unit.version = into, unit.version + 1
        for person, unit_ in self.home.items():
            if unit_ == code:
                self.settle(person, into)
        for work in self.works.values():
            work.counted = {one: into if at == code else at for one, at in work.counted.items()}
            if work.unit == code:
                work.unit, work.version = into, work.version + 1
        self.send_on()
        for campaign in self.campaigns.values():
            if campaign.owner == code:
                campaign.owner, campaign.version = into, campaign.version + 1
        for coming in [one for one in self.grants if one.unit == code and not one.revoked]:
            self._follow(coming, into)

    def _follow(self, coming: Grant, into: str) -> None:
        """Move a role grant to another unit; one of the same role there covers the days of both."""
        same = [
            one
            for one in self.grants
            if (one.account, one.role, one.unit) == (coming.account, coming.role, into)
            and not one.revoked
            and one.meets(coming.first, coming.last)
        ]
        if not same:
            coming.unit = into
            return
        there = min(same, key=lambda one: one.first)
        coming.revoked = True
        there.first = min(there.first, coming.first)
        ends = [there.last, coming.last]
        there.last = None if None in ends else max(day for day in ends if day)

    def close_unit(
        self,
        who: str,
        *,
        unit: str,
        reason: str,
        on: date | None = None,
        version: int | None = None,
    ) -> str:
        """Close a unit without open business."""
        found = self._manage_unit(who, unit)
        self.check_version(version, found.version)
        last = on or self.today
        if last > self.today:
            raise RefusedError(*AHEAD)
        if last < found.first:
            raise RefusedError("InvalidInput", "DATES_REVERSED")
        self._check_open(unit)
        owned = [one.phases.values() for one in self.campaigns.values() if one.owner == unit]
        for code, stands in (
            ("ROOT", found.parent is None),
            ("HAS_CHILDREN", any(not self.units[one].closed for one in self.children(unit))),
            ("AWAITED", any(work.awaits == unit for work in self.works.values())),
            ("HAS_MEMBERS", unit in self.home.values()),
            (
                "HAS_RETURNED",
                any((work.unit, work.state) == (unit, "RETURNED") for work in self.works.values()),
            ),
            ("OWNS_CAMPAIGN", any(one.last >= self.today for all_ in owned for one in all_)),
        ):
            if stands:
                raise rejected(code)
        found.closed, found.version = last, found.version + 1
        return "UnitPayload"

    def _manage_unit(self, who: str, code: str) -> Unit:
        self.enter(who, "manage_units")
        found = self.find_unit(who, code)
        self.require(who, "manage_units", code)
        return found

    def _check_open(self, *codes: str) -> None:
        if any(self.units[code].closed for code in codes):
            raise rejected("CLOSED")

    def _check_below(self, unit: Unit, parent: str) -> None:
        levels = ("CONFEDERATION", "FEDERATION", "UPPER", "GRASSROOTS")
        if levels.index(unit.level) <= self.rank(parent):
            raise rejected("LEVEL_ORDER")

    # Role grants

    def grant_role(
        self,
        who: str,
        *,
        username: str,
        role: str,
        unit: str,
        valid_from: date | None = None,
        valid_to: date | None = None,
    ) -> str:
        """Grant a role; the root always keeps an ADMIN, and an auditor only reads."""
        self.enter(who, "manage_grants")
        at = self.find_unit(who, unit)
        self.require(who, "manage_grants", unit)
        first = valid_from or self.today
        if valid_to is not None and valid_to < first:
            raise RefusedError("InvalidInput", "DATES_REVERSED")
        if valid_to is not None and valid_to < self.today:
            raise RefusedError("InvalidInput", "OVER")
        if username not in self.person:
            raise RefusedError(*NOT_FOUND)
        self._check_others(who, username)
        if at.closed:
            raise RefusedError("GrantRejected", "UNIT_CLOSED")
        held = [one for one in self.grants if one.account == username and self._lasts(one)]
        if role == "AUDITOR":
            if any(
                one.role != "AUDITOR" and not self.holds(who, "manage_grants", one.unit)
                for one in held
            ):
                raise RefusedError("GrantRejected", "HAS_OTHER_TASKS")
            self._keep_root([one for one in self.grants if one.account != username])
        if any(
            (one.role, one.unit, one.revoked) == (role, unit, False) and one.meets(first, valid_to)
            for one in self.grants
            if one.account == username
        ):
            raise RefusedError("Conflict", "TAKEN")
        self.grants.append(Grant(username, role, unit, first, valid_to))
        return "GrantPayload"

    def revoke_role(self, who: str, *, index: int, reason: str) -> str:
        """Revoke a role grant; the root always keeps an ADMIN."""
        self.enter(who, "manage_grants")
        grant = self.grants[index]
        if grant.account != who and not self.holds(who, "see_grants", grant.unit):
            raise RefusedError(*NOT_FOUND)
        if not self.holds(who, "manage_grants", grant.unit):
            raise RefusedError(*FORBIDDEN)
        self._check_others(who, grant.account)
        if grant.revoked:
            raise RefusedError("Conflict", "ALREADY_REVOKED")
        if grant.role == "ADMIN" and self.units[grant.unit].parent is None:
            self._keep_root([one for one in self.grants if one is not grant])
        grant.revoked = True
        return "GrantPayload"

    def _check_others(self, who: str, account: str) -> None:
        """Reject a role of the caller's own account, or of another of the same person."""
        if account in self._own(who):
            raise RefusedError(*OWN_GRANT)

    def _own(self, who: str) -> set[str]:
        person = self.person[who]
        return {who} | {name for name, one in self.person.items() if person and one == person}

    def _check_gives(self, who: str, unit: str, to: str) -> None:
        """Reject moving a unit under a role of the caller that does not cover it already."""
        if self._beyond(who, unit, to):
            raise RefusedError(*OWN_GRANT)

    def _beyond(self, who: str, here: str, there: str, *, exactly: bool = False) -> bool:
        """Return whether a role of the caller, other than MEMBER, covers one unit only."""
        own = [one for one in self.grants if one.account in self._own(who) and self._lasts(one)]
        over = [there] if exactly else self.line(there)
        return any(
            grant.role != "MEMBER"
            and grant.unit in over
            and not any(
                (one.account, one.role) == (grant.account, grant.role)
                and one.unit in self.line(here)
                and one.first <= max(grant.first, self.today)
                and (one.last or date.max) >= (grant.last or date.max)
                for one in own
            )
            for grant in own
        )

    def _lasts(self, grant: Grant) -> bool:
        return not grant.revoked and (grant.last is None or grant.last >= self.today)

    def _keep_root(self, left: list[Grant]) -> None:
        if self._without_root(left) < self._without_root(self.grants):
            raise RefusedError("GrantRejected", "LAST_ADMIN")

    def _without_root(self, grants: list[Grant]) -> date:
        """Return the first day from today on without an ADMIN of the root."""
        auditors = {
            one.account for one in self.grants if one.role == "AUDITOR" and self._lasts(one)
        }
        admins = [
            one
            for one in grants
            if one.role == "ADMIN"
            and self.units[one.unit].parent is None
            and one.account not in auditors
        ]
        day = self.today
        while holding := [one for one in admins if one.holds_on(day)]:
            if any(one.last is None for one in holding):
                return date.max
            day = max(one.last for one in holding if one.last) + DAY
        return day
