"""Changes of the rules by which campaigns count."""

from datetime import date, timedelta

from tests.rollup.rows import Rows


class Rules(Rows):
    """Changes of campaigns, phases and tiers."""

    def _count_from(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "update campaign set counts_from = case counts_from when 'CONFIRMED' "
            "then 'RECOGNISED' else 'CONFIRMED' end where id = %s",
            [1 + a % 2],
        )

    def _floor(self, a: int, b: int, c: int, d: int) -> None:
        self._run("update phase set floor = %s where id = %s", [1 + b % 3, self._one("phase", a)])

    def _tier(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "update benefit_tier set from_vnd = %s, to_vnd = %s where id %% 3 = %s",
            [b % 40, [None, 40 + c % 70][c % 2], a % 3],
        )

    def _tier_more(self, a: int, b: int, c: int, d: int) -> None:
        identity = self._fresh()
        self._run(
            "insert into benefit_tier (id, campaign_id, ordinal, label, from_vnd) "
            "values (%s, %s, %s, 'x', %s)",
            [identity, 1 + a % 2, identity, b % 30],
        )

    def _tier_less(self, a: int, b: int, c: int, d: int) -> None:
        self._run("delete from benefit_tier where id %% 3 = %s", [a % 3])

    def _phase_more(self, a: int, b: int, c: int, d: int) -> None:
        identity = self._fresh()
        day = date(2023, 1, 1) + timedelta(days=identity)
        self._run(
            "insert into phase (id, campaign_id, ordinal, title, opens_on, closes_on, floor) "
            "values (%s, %s, %s, 'x', %s, %s, %s)",
            [identity, 1 + a % 2, identity, day, day, 1 + b % 2],
        )

    def _phase_less(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "delete from phase where id = (select max(id) from phase p where not exists "
            "(select from initiative where phase_id = p.id))"
        )

    def _phase_ordinal(self, a: int, b: int, c: int, d: int) -> None:
        self._run(
            "update phase set ordinal = %s where id = %s",
            [self._fresh(), self._one("phase", a)],
        )

    def _phase_campaign(self, a: int, b: int, c: int, d: int) -> None:
        """Move a phase, with a day and an ordinal of its own, or a tier to the other campaign."""
        key = self._fresh()
        day = date(2023, 1, 1) + timedelta(days=key)
        self._run(
            "update phase set campaign_id = 3 - campaign_id, ordinal = %s, opens_on = %s, "
            "closes_on = %s where id = %s",
            [key, day, day, self._one("phase", a)],
        )
        self._run(
            "update benefit_tier set campaign_id = 3 - campaign_id, ordinal = %s where id = %s",
            [key, self._one("benefit_tier", b)],
        )
