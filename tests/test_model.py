"""Random people do random things; everything ends as PROGRAMME.md, in plain Python, says."""

from datetime import date
from itertools import count
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.model.nation import ACCOUNTS, CAMPAIGN, PEOPLE, UNITS
from tests.model.played import Played
from tests.model.programme import Answer, Programme

WHO = st.sampled_from([*ACCOUNTS, None])
WORK = st.integers(0, 11)  # one of the initiatives so far
VERSION = st.sampled_from([None, None, None, 1, 2])
TODAY = [date(2022, 2, 1), date(2022, 3, 31), date(2022, 4, 1), date(2022, 6, 15), date(2023, 1, 1)]
APPLIED = [date(2021, 6, 1), date(2021, 6, 1), date(2020, 12, 31), date(2022, 12, 31)]
_numbers = count()


class Play(RuleBasedStateMachine):
    """Draws who does what next."""

    server: Any
    template: str

    @initialize(today=st.sampled_from(TODAY))
    def begin(self, today: date) -> None:
        """Found a nation."""
        self.model = Programme(today)
        self.played = Played(self.server, self.template, f"played_{next(_numbers)}", today)

    def teardown(self) -> None:
        """Compare everything once more, and leave nothing."""
        if hasattr(self, "played"):
            try:
                self.compare()
            finally:
                self.played.close()

    def compare(self) -> None:
        """Compare states and totals with the model's, and totals with a recount."""
        stored = self.played.rows(
            "select i.number, i.state, i.version, p.ordinal, u.code, i.published_at is not null"
            " from initiative i left join phase p on p.id = i.phase_id"
            " left join unit u on u.id = i.awaits_id"
        )
        assert {row[0]: tuple(row[1:]) for row in stored} == {
            number: (work.state, work.version, work.phase, work.awaits, work.published)
            for number, work in self.model.works.items()
        }
        totals = self.played.totals()
        for unit in self.model.parent:
            for ordinal in (1, 2):
                found = totals.get((unit, ordinal), {})
                assert +self.model.totals(unit, ordinal) == found, (unit, ordinal)
        assert self.played.recounted() == 0

    def number(self, index: int) -> str | None:
        """Return the number of one of the initiatives."""
        known = sorted(self.model.works)
        return known[index % len(known)] if known else None

    def expect(self, expected: Answer, answer: dict[str, Any]) -> None:
        """Hold an answer against the model's."""
        assert (answer["__typename"], answer.get("code")) == expected

    @rule(
        who=WHO,
        unit=st.sampled_from([*UNITS, "GA1", "GA1", "GA2"]),
        authors=st.lists(st.sampled_from(sorted(PEOPLE)), min_size=1, max_size=2, unique=True),
        applied=st.sampled_from(APPLIED),
    )
    def draft(self, who: str | None, unit: str, authors: list[str], applied: date) -> None:
        """Write an initiative down."""
        share = 100 / len(authors)
        answer = self.played.ask(
            who,
            "draftInitiative",
            "... on InitiativePayload { initiative { number } }",
            campaign=CAMPAIGN,
            unit=unit,
            title="Tên",
            summary="Tóm tắt",
            content="Nội dung",
            solutionType="TECHNICAL",
            appliedOn=applied.isoformat(),
            authors=[{"person": person, "share": share} for person in authors],
        )
        self.expect(self.model.draft(who, unit, authors, applied), answer)
        if answer["__typename"] == "InitiativePayload" and who is not None:
            self.model.keep(answer["initiative"]["number"], who, unit, authors, applied)

    @rule(who=WHO, index=WORK, version=VERSION, step=st.sampled_from(["submit", "withdraw"]))
    def hand(self, who: str | None, index: int, version: int | None, step: str) -> None:
        """Hand in or take back."""
        number = self.number(index)
        if number is None:
            return
        answer = self.played.ask(who, f"{step}Initiative", "", number=number, version=version)
        expected = getattr(self.model, step)(who, number, version)
        self.expect(expected, answer)


def test_random_people_get_what_the_programme_says(server, template):
    Play.server, Play.template = server, template
    run_state_machine_as_test(
        Play,
        settings=settings(
            max_examples=12,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
