"""Random frozen results of phases, and later adjustments."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from db.models.enums import AdjustmentKind
from tests.oracle.works import BILLION
from tests.oracle.world import Row, World

COUNTS = (
    *("submitted", "recognised", "confirmed", "returned", "rejected", "achieved"),
    *("achieved_production", "achieved_public", "benefit_claimed", "benefit_verified"),
    *("participants", "units_total", "units_reporting", "units_meeting_floor", "days"),
)


class Results:
    """Generates results of frozen phases for some units, and adjustments of any phase."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self._world, self._rng = world, rng

    def grow(self) -> None:
        """Generate all of them."""
        for phase in self._world.rows["phase"]:
            for unit in self._world.rows["unit"]:
                if phase.frozen_at is not None and self._rng.random() < 0.7:
                    self._result(phase, unit)
        for _ in range(self._rng.randint(0, 30)):
            self._adjustment()

    def _account(self) -> int | None:
        return self._rng.choice([None, *(row.id for row in self._world.rows["account"])])

    def _result(self, phase: Row, unit: Row) -> None:
        rng, say = self._rng, self._world.wording
        figures: dict[str, Any] = {name: rng.choice((0, 1, 3572)) for name in COUNTS}
        figures["benefit_verified"] = 33_000 * BILLION
        target = rng.choice((None, 0, 3000))
        figures |= {"target": target, "percent": 119.07 if target else None}
        figures |= {"opens_on": "2022-02-01", "closes_on": "2022-05-31"}
        figures["tiers"] = [
            {"ordinal": n, "label": f"“{n}”", "from_vnd": n, "to_vnd": None, "count": n % 3}
            for n in rng.sample(range(1, 9), rng.randint(0, 3))
        ]
        # Other keys are no figures, and are not returned.
        figures["note"] = say.marker("phase_result", (phase.id, unit.id), "figures")
        self._world.add(
            "phase_result",
            phase_id=phase.id,
            unit_id=unit.id,
            figures=figures,
            frozen_at=phase.frozen_at,
            account_id=self._account(),
        )

    def _adjustment(self) -> None:
        world, rng = self._world, self._rng
        key = world.next_id("adjustment")
        world.add(
            "adjustment",
            id=key,
            phase_id=rng.choice(world.rows["phase"]).id,
            unit_id=rng.choice(world.rows["unit"]).id,
            kind=rng.choice(list(AdjustmentKind)),
            initiative_id=rng.choice([None, *(row.id for row in world.rows["initiative"])]),
            gained=rng.randint(-2, 2),
            reason=world.wording.text("adjustment", key, "reason"),
            at=datetime(2022, 10, 21, 9, tzinfo=UTC) + timedelta(seconds=key),
            account_id=self._account(),
        )
