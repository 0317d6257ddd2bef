"""Random decisions on initiatives, and the score sheets for them."""

import random
from datetime import UTC, date, datetime, time

from db.models.enums import ReviewDecision
from tests.oracle.world import Row, World

_AMOUNTS = (0, 1, 2**31, 123_456_789_012)
_CRITERIA = ("Tính mới", "Hiệu quả", "a b", "B", "Khả năng áp dụng")


class Decisions:
    """Generates decisions on initiatives."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self._world, self._rng = world, rng
        self._say = world.wording

    def _unit(self) -> Row:
        return self._rng.choice(self._world.rows["unit"])

    def _account(self) -> int | None:
        return self._rng.choice([None, *(row.id for row in self._world.rows["account"])])

    def _moment(self, on: date) -> datetime:
        # Late in the day of UTC it is already the next day in Vietnam.
        at = time(
            self._rng.choice((0, 9, 16, 17, 23)),
            self._rng.choice((0, 59)),
            59,
            self._rng.choice((0, 120_000, 999_999)),
            UTC,
        )
        return datetime.combine(on, at)

    def _review(self, initiative_id: int, unit: Row) -> None:
        key, say = self._world.next_id("review"), self._say
        deciding = self._deciding(unit)
        self._world.add(
            "review",
            id=key,
            initiative_id=initiative_id,
            **deciding,
            decision=self._rng.choice(list(ReviewDecision)),
            reason=say.text("review", key, "reason"),
            scores=self._scores(),
            decision_number=say.maybe(say.code, "review", key, "decision_number"),
            verified=self._rng.choice((None, self._rng.choices(_AMOUNTS, k=2))),
            at=self._moment(self._world.today),
            account_id=self._account(),
        )

        for account in self._rng.sample(self._world.rows["account"], self._rng.randint(0, 2)):
            ended_by = self._rng.choice((key, key, None))
            self._sheet(initiative_id, account.id, deciding["unit_id"], ended_by)

    def _deciding(self, unit: Row) -> dict[str, int | None]:
        """Return the unit of a decision, often an ancestor, and the unit that acted for it."""
        at = self._rng.choice((*self._world.line(unit), self._unit())).id
        acting = self._rng.choice((None, None, self._unit().id))
        return {"unit_id": at, "acting_unit_id": None if acting == at else acting}

    def _sheet(
        self, initiative_id: int, account_id: int, decides: int | None, review_id: int | None
    ) -> None:
        """Add a sheet: every other one for the unit that decides, the others for any."""
        key, say = self._world.next_id("review_sheet"), self._say
        mine = {"initiative_id": initiative_id, "account_id": account_id, "review_id": review_id}
        if review_id is None and self._world.where("review_sheet", **mine):
            return
        anywhere = self._unit().id
        self._world.add(
            "review_sheet",
            id=key,
            unit_id=decides if key % 2 else anywhere,
            **mine,
            scores=self._scores() or {"B": 1},
            comment=say.maybe(say.text, "review_sheet", key, "comment"),
            at=self._moment(self._world.today),
        )

    def _scores(self) -> dict[str, int] | None:
        chosen = self._rng.sample(_CRITERIA, self._rng.randint(0, 3))
        return {criterion: self._rng.randrange(41) for criterion in chosen} or None
