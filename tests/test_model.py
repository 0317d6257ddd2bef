"""Random people do random things; every outcome matches PROGRAMME.md in plain Python."""

import os
from collections import Counter
from datetime import date, timedelta
from itertools import count
from random import Random
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from schema import refusals
from schema.build import SCHEMA
from tests.model.drawing import DRAWN
from tests.model.nation import ACCOUNTS
from tests.model.played import Played, camel
from tests.model.programme import Answer, Programme
from tests.model.stored import Stored, expected

EXAMPLES = int(os.environ.get("SANGKIEN_MODEL_EXAMPLES", "10"))
SEED = int(os.environ.get("SANGKIEN_MODEL_SEED", "20221021"))
STEPS = 110
TODAY = [date(2022, 3, 31), date(2022, 2, 1), date(2022, 4, 5), date(2022, 6, 15)]
LAST_DAY = date(2022, 12, 20)  # of the plays: afterwards few actions are possible
WHO = [*ACCOUNTS, None]
# Actions that others depend on occur more often.
OFTEN = ["draft_initiative", "submit_initiative", "submit_initiative", "review_initiative"]
ACTIONS = [*DRAWN, *OFTEN, *OFTEN, *OFTEN, "link_duplicate", "freeze_phase", "let_days_pass"]
_numbers = count()
_TRIES = 60


class Play(RuleBasedStateMachine):
    """Draws the next action and account; half of the time one that should succeed."""

    server: Any
    template: str
    outcomes: ClassVar[Counter[tuple[str, bool]]] = Counter()

    @initialize(today=st.sampled_from(TODAY))
    def begin(self, today: date) -> None:
        """Create a nation."""
        note(f"SANGKIEN_MODEL_SEED={SEED}")
        self.model = Programme(today)
        self.played = Played(self.server, self.template, f"played_{next(_numbers)}", today)
        ids = [row[0] for row in self.played.rows("select id from role_grant order by id")]
        for grant, id_ in zip(self.model.grants, ids, strict=True):
            grant.id = id_
        self.refused = 0
        self.deck: list[str] = []
        self.succeeding: dict[str, bool] = {}

    def teardown(self) -> None:
        """Compare everything, and clean up."""
        if hasattr(self, "played"):
            try:
                self.compare()
            finally:
                self.played.close()

    def compare(self) -> None:
        """Compare all stored state with the model, and totals with a recount."""
        stored, wanted = Stored(self.played), expected(self.model)
        state = stored.state()
        for name in wanted:
            assert state[name] == wanted[name], name
        assert self.played.recounted() == 0
        assert self.played.audit_faults() == 0
        assert stored.refusals() == self.refused

    @rule(luck=st.randoms(use_true_random=True))
    def act(self, luck: Random) -> None:
        """Run the next action of a shuffled deck as an account."""
        if not self.deck:
            self.deck = luck.sample(ACTIONS, len(ACTIONS))
        action = self.deck.pop()
        if action == "let_days_pass":
            self.let_days_pass(luck.choice([1, 15, 60]))
            return
        who, given, then, wanted = self.draw(action, luck)
        note(f"{self.model.today} {who} {action} {given}: {wanted}")
        said = dict(given)
        if action == "revoke_role":
            said["grant"] = self.model.grants[said.pop("index")].id
        assert self.played.do(who, action, said) == wanted
        if action == "grant_role" and wanted[0] == "GrantPayload":
            then.grants[-1].id = self.played.rows("select max(id) from role_grant")[0][0]
        self.model = then
        self.count(who, action, wanted)

    def let_days_pass(self, days: int) -> None:
        """Begin another day."""
        self.model.today = min(self.model.today + timedelta(days=days), LAST_DAY)
        note(f"{self.model.today} begins")
        self.played.begin_day(self.model.today)

    def draw(self, action: str, luck: Random) -> tuple[str | None, Any, Programme, Answer]:
        """Return the account, the action with its input, and the expected result."""
        # Of the others each outcome must occur: a try for success alternates with any input.
        succeeds = luck.random() < 0.6
        if action not in OFTEN and action in self.succeeding:
            succeeds = not self.succeeding[action]
        self.succeeding[action] = succeeds
        for _ in range(_TRIES):
            who, given = luck.choice(WHO), DRAWN[action](self.model, luck)
            then, wanted = self.model.attempt(who, action, given)
            if not succeeds or wanted[0].endswith("Payload"):
                break
        return who, given, then, wanted

    def count(self, who: str | None, action: str, answer: Answer) -> None:
        """Count actions and rejections; those of anonymous callers are not recorded."""
        type_, code = answer
        done = type_.endswith("Payload")
        self.outcomes[action, done] += 1
        self.refused += not done and who is not None
        self.refused += sum(error is not None for error in code) if isinstance(code, tuple) else 0


# Only about the caller's account; nothing of the programme changes.
NOT_PLAYED = {
    "createAccessToken",
    "revokeAccessToken",
    "revokeAuthorization",
    "revokeClient",
    # The roll of members and their accounts stay as they were created.
    *("addPerson", "updatePerson", "createAccount", "updateAccount", "inviteAccount"),
    *("createBloc", "updateBloc"),
}


def test_every_mutation_is_played():
    played = {camel(action) for action in DRAWN}
    assert played == set(SCHEMA._schema.mutation_type.fields) - NOT_PLAYED


def test_random_people_get_what_the_programme_says(server, template, monkeypatch):
    # Each refused attempt is expected in the log; beyond that many they are summed up.
    monkeypatch.setattr(refusals, "AT_ONCE", STEPS * EXAMPLES)
    Play.server, Play.template = server, template
    Play.outcomes = Counter()
    run_state_machine_as_test(
        seed(SEED)(Play),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            # A failure prints its whole play; shrinking it takes many more databases.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    missing = [(a, done) for a in DRAWN for done in (True, False) if not Play.outcomes[a, done]]
    assert not missing, sorted(Play.outcomes.items())
