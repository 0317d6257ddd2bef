"""The root of all live updates: a table of contents."""

import strawberry

from db import queries
from db.watching import Total
from schema.compiler.subscriptions import subscription
from schema.progress import Progress


def _total(*, unit: str, campaign: str, phase: int | None = None) -> Total:
    return Total(unit, campaign, phase or 0)


@strawberry.type
class Subscription:
    """What is told again whenever it changes."""

    @subscription(queries.progress.of_code, _total)
    def progress(self, unit: str, campaign: str, phase: int | None = None) -> Progress:
        """The unit's totals now, and again whenever they change; bursts are folded together."""
