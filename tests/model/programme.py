"""The programme as plain Python: permissions, outcomes and totals.

An action succeeds as a whole or changes nothing; it returns what GraphQL should answer.
"""

import pickle
from typing import Any

from tests.model.authors import Authors
from tests.model.keepers import Keepers
from tests.model.organisers import Organisers
from tests.model.pledgers import Pledgers
from tests.model.world import RefusedError

Answer = tuple[Any, ...]


class Programme(Authors, Organisers, Pledgers, Keepers):
    """The whole programme and its actions."""

    def do(self, who: str | None, action: str, given: dict[str, Any]) -> Answer:
        """Run an action as an account; an action has the name of its mutation."""
        then, answer = self.attempt(who, action, given)
        self.__dict__ = then.__dict__
        return answer

    def attempt(
        self, who: str | None, action: str, given: dict[str, Any]
    ) -> tuple["Programme", Answer]:
        """Return the resulting state and the result."""
        then: Programme = pickle.loads(pickle.dumps(self))  # noqa: S301 - our own; a quick copy
        try:
            done = getattr(then, action)(who, **given)
        except RefusedError as refused:
            return self, refused.answer
        then.count_people()
        return then, done if isinstance(done, tuple) else (done, None)
