"""Phases as they hold at a unit: apart from one another, with every drive inside its own."""

from datetime import date

from tests.model.world import RefusedError, World


def meet(one: tuple[date, date], other: tuple[date, date]) -> bool:
    """Whether two spans of days share one."""
    return one[0] <= other[1] and other[0] <= one[1]


class Windows(World):
    """The days of phases, unit by unit."""

    def standing(self, campaign: str, top: str) -> list[str]:
        """Return the units at or below one that the campaign is for and that are open."""
        owner = self.campaigns[campaign].owner
        below = [unit for unit in self.below(top) if owner in self.line(unit)]
        return [unit for unit in below if not self.units[unit].closed]

    def check_apart(self, campaign: str, ordinal: int, top: str) -> None:
        """Refuse a phase that meets another one at a unit below `top` or there."""
        phases = self.campaigns[campaign].phases
        for unit in self.standing(campaign, top):
            own = self.window(campaign, ordinal, unit)
            others = [self.window(campaign, n, unit) for n in phases if n != ordinal]
            if any(meet(own, other) for other in others):
                raise RefusedError("PhaseRejected", "OVERLAP")

    def check_drives(self, campaign: str, ordinal: int, top: str) -> None:
        """Refuse to leave a drive outside its phase that is not over."""
        for unit, opens_on, closes_on in self.campaigns[campaign].phases[ordinal].drives:
            first, last = self.window(campaign, ordinal, unit)
            outside = opens_on < first or last < closes_on
            if outside and unit in self.standing(campaign, top) and closes_on >= self.today:
                raise RefusedError("PhaseRejected", "DRIVE_LEFT_OUT")

    def check_moved(self, top: str) -> None:
        """Refuse what has come to stand at or below a unit where windows there do not let it."""
        phases = [(code, ordinal) for code, one in self.campaigns.items() for ordinal in one.phases]
        for code, ordinal in phases:
            self.check_apart(code, ordinal, top)
        for code, ordinal in phases:
            self.check_drives(code, ordinal, top)
