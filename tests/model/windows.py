"""The windows of phases at a unit: without overlaps, with every drive inside its own phase."""

from datetime import date

from tests.model.world import RefusedError, World


def meet(one: tuple[date, date], other: tuple[date, date]) -> bool:
    """Return whether two spans of days share one."""
    return one[0] <= other[1] and other[0] <= one[1]


class Windows(World):
    """The days of phases, by unit."""

    def standing(self, campaign: str, top: str) -> list[str]:
        """Return the open units of a subtree that the campaign covers."""
        owner = self.campaigns[campaign].owner
        below = [unit for unit in self.below(top) if owner in self.line(unit)]
        return [unit for unit in below if not self.units[unit].closed]

    def check_apart(self, campaign: str, ordinal: int, top: str) -> None:
        """Reject a phase that overlaps another one at `top` or in its subtree."""
        phases = self.campaigns[campaign].phases
        for unit in self.standing(campaign, top):
            own = self.window(campaign, ordinal, unit)
            others = [self.window(campaign, n, unit) for n in phases if n != ordinal]
            if any(meet(own, other) for other in others):
                raise RefusedError("PhaseRejected", "OVERLAP")

    def check_drives(self, campaign: str, ordinal: int, top: str) -> None:
        """Reject a change that leaves a current drive outside its phase."""
        for unit, opens_on, closes_on in self.campaigns[campaign].phases[ordinal].drives:
            first, last = self.window(campaign, ordinal, unit)
            outside = opens_on < first or last < closes_on
            if outside and unit in self.standing(campaign, top) and closes_on >= self.today:
                raise RefusedError("PhaseRejected", "DRIVE_LEFT_OUT")

    def check_moved(self, top: str) -> None:
        """Reject a move whose subtree has windows that conflict with those of its new place."""
        phases = [(code, ordinal) for code, one in self.campaigns.items() for ordinal in one.phases]
        for code, ordinal in phases:
            self.check_apart(code, ordinal, top)
        for code, ordinal in phases:
            self.check_drives(code, ordinal, top)
