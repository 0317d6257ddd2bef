"""Random campaigns, targets, initiatives and decisions on them."""

import random
from datetime import date, datetime, timedelta
from typing import Any

from db.models.enums import (
    AwardForm,
    CountsFrom,
    InitiativeState,
    Sector,
    SolutionType,
    TargetKind,
    UnitLevel,
)
from tests.oracle.decisions import Decisions
from tests.oracle.world import Row

BILLION = 10**9
_AMOUNTS = (0, 1, 2**31, 5 * BILLION, 20 * BILLION, 1_000 * BILLION, 123_456_789_012)
_COUNTING = [InitiativeState.RECOGNISED, InitiativeState.CONFIRMED]


class Works(Decisions):
    """Generates campaigns, targets and initiatives for a tree."""

    def grow(self) -> None:
        """Generate all of them."""
        for _ in range(self._rng.randint(1, 2)):
            self._campaign()
        for unit in self._world.rows["unit"]:
            for phase in self._world.rows["phase"]:
                if self._rng.random() < 0.5:
                    self._target(unit, phase)
        for _ in range(self._rng.randint(0, 60)):
            self._initiative()
        for _ in range(self._rng.randint(0, 12)):
            self._award()

    def _campaign(self) -> None:
        world, rng, say = self._world, self._rng, self._say
        key = world.next_id("campaign")
        begins = world.today - timedelta(days=rng.randrange(500))
        world.add(
            "campaign",
            id=key,
            code=say.code("campaign", key, "code"),
            title=say.text("campaign", key, "title"),
            owner_id=self._unit().id,
            counts_from=rng.choice(list(CountsFrom)),
            confirming_level=rng.choice(list(UnitLevel)),
            applied_from=begins - timedelta(days=100),
            applied_to=begins + timedelta(days=900),
            rubric={
                say.text("campaign", key, "rubric"): rng.choice((10, 10, 70))
                for _ in range(rng.randint(0, 3))
            },
            rubric_required=rng.random() < 0.5,
            version=rng.randint(1, 3),
        )
        for ordinal in range(1, rng.randint(2, 4)):
            begins = self._phase(key, ordinal, begins)
        for ordinal in range(1, rng.randint(1, 5)):
            self._tier(key, ordinal)

    def _phase(self, campaign_id: int, ordinal: int, opens_on: date) -> date:
        world, rng, say = self._world, self._rng, self._say
        key = world.next_id("phase")
        closes_on = opens_on + timedelta(days=rng.choice((0, 6, 30, 119, 486)))
        world.add(
            "phase",
            id=key,
            campaign_id=campaign_id,
            ordinal=ordinal,
            title=say.text("phase", key, "title"),
            opens_on=opens_on,
            closes_on=closes_on,
            floor=rng.randint(1, 2),
            frozen_at=self._moment(closes_on) if rng.random() < 0.5 else None,
            audience=say.maybe(say.text, "phase", key, "audience"),
            occasions=[say.text("phase", key, "occasions") for _ in range(rng.randint(0, 2))],
            version=rng.randint(1, 3),
        )
        for unit in self._overriding():
            opens = opens_on + timedelta(days=rng.randint(-30, 30))
            dates = {"opens_on": opens, "closes_on": opens + timedelta(days=rng.randrange(200))}
            override = world.next_id("window_override")
            world.add(
                "window_override",
                id=override,
                phase_id=key,
                unit_id=unit.id,
                version=rng.randint(1, 3),
                **dates,
            )
        for _ in range(rng.randint(0, 2)):
            drive = world.next_id("drive")
            title = say.text("drive", drive, "title")
            dates = {"opens_on": opens_on, "closes_on": closes_on}
            world.add(
                "drive", id=drive, phase_id=key, unit_id=self._unit().id, title=title, **dates
            )
        return closes_on + timedelta(days=rng.choice((1, 1, 20)))

    def _overriding(self) -> list[Row]:
        """Return some units anywhere, or some ancestors of one, where the nearest must win."""
        units, rng = self._world.rows["unit"], self._rng
        if rng.random() < 0.5:
            units = self._world.line(max(rng.sample(units, min(3, len(units))), key=self._depth))
        return rng.sample(units, min(len(units), rng.randint(0, 4)))

    def _depth(self, unit: Row) -> int:
        return len(self._world.line(unit))

    def _tier(self, campaign_id: int, ordinal: int) -> None:
        key = self._world.next_id("benefit_tier")
        ends = sorted(self._rng.sample(_AMOUNTS, 2))
        self._world.add(
            "benefit_tier",
            id=key,
            campaign_id=campaign_id,
            ordinal=ordinal,
            label=self._say.text("benefit_tier", key, "label"),
            from_vnd=ends[0],
            to_vnd=self._rng.choice((None, ends[1])),
        )

    def _target(self, unit: Row, phase: Row) -> None:
        world, rng = self._world, self._rng
        values = [rng.choice((None, 0, 1, 3, 10, 5191)) for _ in range(2)]
        world.add(
            "target",
            unit_id=unit.id,
            phase_id=phase.id,
            assigned=values[0],
            registered=values[1],
            version=rng.randint(1, 5),
        )
        for _ in range(rng.randint(0, 3)):
            key = world.next_id("target_revision")
            world.add(
                "target_revision",
                id=key,
                unit_id=unit.id,
                phase_id=phase.id,
                kind=rng.choice(list(TargetKind)),
                value=rng.choice(values),
                previous=rng.choice((None, 7)),
                reason=self._say.maybe(self._say.text, "target_revision", key, "reason"),
                at=self._moment(world.today),
                account_id=self._account(),
            )

    def _initiative(self) -> None:
        world, rng = self._world, self._rng
        key = world.next_id("initiative")
        state = rng.choice(list(InitiativeState) + _COUNTING * 4)
        campaign = rng.choice(world.rows["campaign"])
        phases = world.where("phase", campaign_id=campaign.id)
        early = state in ("DRAFT", "WITHDRAWN") and rng.random() < 0.7
        submitted = None if early else self._moment(world.today - timedelta(days=rng.randrange(90)))
        unit = self._unit()
        world.add(
            "initiative",
            id=key,
            **self._words(key),
            solution_type=rng.choice(list(SolutionType)),
            sector=rng.choice(list(Sector)),
            unit_id=unit.id,
            campaign_id=campaign.id,
            phase_id=None if early else rng.choice(phases).id,
            state=state,
            applied_on=world.today - timedelta(days=rng.randrange(5)),
            submitted_at=submitted,
            recognised_at=self._later(submitted, needed=state in _COUNTING),
            confirmed_at=self._later(submitted, needed=state == "CONFIRMED"),
            published_at=self._moment(world.today) if rng.random() < 0.3 else None,
            confidential=rng.random() < 0.4,
            claimed=rng.choices(_AMOUNTS, k=rng.randint(0, 3)),
            verified=rng.choice((None, rng.choices(_AMOUNTS, k=rng.randint(0, 3)))),
            **self._awaited(unit, submitted, waits=state == "SUBMITTED"),
            drafted_by_id=self._account(),
            created_at=self._moment(world.today - timedelta(days=rng.randrange(90))),
            version=rng.randint(1, 4),
        )
        self._authors(key, counted=state in _COUNTING)
        for _ in range(rng.randint(0, 3)):
            self._review(key, unit)

    def _awaited(self, unit: Row, since: datetime | None, *, waits: bool) -> dict[str, Any]:
        """Return the awaited unit, often the same one, and since when."""
        if not waits:
            return {"awaits_id": None, "awaited_at": None}
        line = self._world.line(unit)
        at = self._rng.choice((line[0], line[0], line[-1], self._rng.choice(line)))
        return {"awaits_id": at.id, "awaited_at": since}

    def _words(self, key: int) -> dict[str, Any]:
        say = self._say
        return {
            "number": say.code("initiative", key, "number"),
            "title": say.text("initiative", key, "title"),
            "summary": say.text("initiative", key, "summary"),
            "content": say.text("initiative", key, "content"),
            "field": say.maybe(say.text, "initiative", key, "field"),
            "other_benefit": say.maybe(say.text, "initiative", key, "other_benefit"),
        }

    def _later(self, since: datetime | None, *, needed: bool) -> datetime | None:
        if since is None or not (needed or self._rng.random() < 0.2):
            return None
        return since + timedelta(days=self._rng.randrange(3), hours=5)

    def _authors(self, initiative_id: int, *, counted: bool) -> None:
        people = self._world.rows["person"]
        chosen = self._rng.sample(people, min(len(people), self._rng.randint(0, 3)))
        for person, share in zip(
            chosen, self._rng.choice(((50, 30, 20), (33.33, 33.33, 33.34))), strict=False
        ):
            # Mostly where the author still belongs; perhaps before it was revoked. A random
            # generator of its own leaves the rest of a seed's world unchanged.
            rng = random.Random(f"counted {initiative_id} {person.id} {self._world.today}")
            elsewhere = rng.choice(self._world.rows["unit"]).id
            unit = rng.choice((person.unit_id, person.unit_id, elsewhere))
            self._world.add(
                "authorship",
                initiative_id=initiative_id,
                person_id=person.id,
                share=share,
                counted_unit_id=unit if counted or rng.random() < 0.3 else None,
            )

    def _award(self) -> None:
        world, rng, say = self._world, self._rng, self._say
        key = world.next_id("award")
        person = rng.choice(world.rows["person"]).id if rng.random() < 0.4 else None
        world.add(
            "award",
            id=key,
            form=rng.choice(list(AwardForm)),
            issuer_id=self._unit().id,
            recipient_unit_id=None if person else self._unit().id,
            recipient_person_id=person,
            phase_id=rng.choice((None, rng.choice(world.rows["phase"]).id)),
            citation=say.text("award", key, "citation"),
            decision_number=say.code("award", key, "decision_number"),
            awarded_on=world.today,
        )
