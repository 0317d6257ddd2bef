"""People who move from unit to unit, while counted figures stay where they were."""

from datetime import date

from tests.model.world import FORBIDDEN, RefusedError, World


class Movers(World):
    """The roll of members."""

    def move_person(
        self, who: str, *, person: str, unit: str, reason: str, version: int | None = None
    ) -> str:
        """Move a person to another unit; the caller manages the people of both."""
        self.enter(who, "manage_people")
        self.find_person(who, person)
        home = self.home[person]
        if not self.sees_unit(who, home):
            raise RefusedError(*FORBIDDEN)
        self.check_version(version, self.person_version[person])
        place = self.find_unit(who, unit)
        if unit == home:
            return "PersonPayload"
        for at in (unit, home):
            if not self.holds(who, "manage_people", at):
                raise RefusedError(*FORBIDDEN)
        if place.closed:
            raise RefusedError("PersonRejected", "UNIT_CLOSED")
        self.settle(person, unit)
        return "PersonPayload"

    def settle(self, person: str, unit: str) -> None:
        """Set a person's unit from today on."""
        self.home[person] = unit
        self.person_version[person] += 1
        spans = self.homes[person]
        if spans[-1][0] == self.today:
            spans.pop()
        if not spans or spans[-1][1] != unit:
            spans.append((self.today, unit))

    def belonged(self, person: str, day: date) -> str:
        """Return the unit of a person on a day, or the unit that it was merged into."""
        unit = [unit for since, unit in self.homes[person] if since is None or since <= day][-1]
        while after := self.units[unit].merged_into:
            unit = after
        return unit

    def count_people(self) -> None:
        """Count authors of achieved initiatives at their unit of that day, once and for ever."""
        for work in self.works.values():
            work.counted = {one: at for one, at in work.counted.items() if one in work.authors}
            if self.counts(work):
                day = self.achieved_on(work)
                for one in work.authors - work.counted.keys():
                    work.counted[one] = self.belonged(one, day)
