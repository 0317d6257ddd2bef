"""Separation of duties: an account that worked on an initiative does not decide on it."""

from tests.model.world import Work, World


class Duties(World):
    """The accounts that may decide, and the unit that decides where none may."""

    def staff(self, unit: str) -> set[str]:
        """Return the accounts that decide at a unit today; an auditor only reads."""
        if self.units[unit].closed:
            return set()
        today = {grant.account for grant in self.grants if grant.holds_on(self.today)}
        return {
            who
            for who in today
            if "AUDITOR" not in [role for role, _ in self.roles(who)]
            and self.holds(who, "review", unit)
        }

    def bar(self, who: str, work: Work, level: str) -> str | None:
        """Return why an account does not decide on an initiative for a level."""
        if self.person[who] is None:
            return "NOT_TIED"
        if self.person[who] in work.authors:
            return "AUTHORED"
        if who in work.makers:
            return "MAKER"
        decided = {unit for unit, account, *_ in work.decisions if account == who}
        decided |= {unit for account, unit, _ in work.kept if account == who}
        decided |= {unit for account, (unit, _) in work.sheets.items() if account == who}
        levels = {self.units[unit].level for unit in decided}
        return "DECIDED_OTHER_LEVEL" if levels - {level} else None

    def acting(self, work: Work, turn: str | None) -> str | None:
        """Return the unit that decides for an awaited one: itself, or the next above that can."""
        if turn is None:
            return None
        level = self.units[turn].level
        return next(
            (
                unit
                for unit in self.line(turn)
                if any(self.bar(who, work, level) is None for who in self.staff(unit))
            ),
            None,
        )
