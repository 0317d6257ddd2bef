"""PROGRAMME.md as plain Python: who may do what, what becomes of it, and what the totals are.

An action is done whole or not at all; what it returns is what GraphQL should answer.
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
    """Everything that there is, and what may be done to it."""

    def do(self, who: str | None, action: str, given: dict[str, Any]) -> Answer:
        """Do something as somebody; an action has the name of its mutation."""
        then, answer = self.attempt(who, action, given)
        self.__dict__ = then.__dict__
        return answer

    def attempt(
        self, who: str | None, action: str, given: dict[str, Any]
    ) -> tuple["Programme", Answer]:
        """Return what there would be, and the answer."""
        then: Programme = pickle.loads(pickle.dumps(self))  # noqa: S301 - our own; a quick copy
        try:
            done = getattr(then, action)(who, **given)
        except RefusedError as refused:
            return self, refused.answer
        then.count_people()
        return then, done if isinstance(done, tuple) else (done, None)
