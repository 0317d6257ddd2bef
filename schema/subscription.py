"""The root type of subscriptions."""

import strawberry

from db import queries
from db.watching import Total
from schema.arguments import AnyPhase, CampaignCode, UnitCode
from schema.compiler.subscriptions import subscription
from schema.progress import Progress


def _total(*, unit: str, campaign: str, phase: int | None = None) -> Total:
    return Total(unit, campaign, phase or 0)


@strawberry.type
class Subscription:
    """Live updates over WebSocket (graphql-transport-ws) or server-sent events."""

    @subscription(queries.progress.of_code, _total)
    def progress(self, unit: UnitCode, campaign: CampaignCode, phase: AnyPhase = None) -> Progress:
        """The totals of a unit's subtree: at once, and again after they change.

        Several changes in short succession lead to one event. An unknown unit, campaign or phase
        gets the error NOT_FOUND.
        """
