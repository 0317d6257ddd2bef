"""Cursors found in answers, stored by their order, to query adjacent pages."""

import base64
import json
import random
from collections import defaultdict
from typing import Any

_ORDERS: dict[str, dict[str, str | None]] = {
    "CampaignConnection": {"code": None},
    "EmulationBlocConnection": {"code": None},
    "PersonConnection": {"id": None},
    "AccountConnection": {"id": None},
    "AwardConnection": {"-id": None},
    "AdjustmentConnection": {"-id": None},
    "AccessTokenConnection": {"-id": None},
    "AuthorizationConnection": {"-id": None},
    "ClientConnection": {"-id": None},
    "AuditEventConnection": {"-id": None},
    "TargetRevisionConnection": {"-id": None},
    "UnitHistoryConnection": {"-id": None},
    "MembershipConnection": {"-id": None},
    "GrantConnection": {"-id": None},
    "RankingConnection": {"rank": None},
    "QueueEntryConnection": {"awaited_at": None},
    "UnitConnection": {"code": "CODE", "search": "NAME", "member_count": "MEMBER_COUNT"},
    "InitiativeConnection": {
        "id": "CREATED",
        "number": "NUMBER",
        "sort_submitted": "SUBMITTED_AT",
        "applied_on": "APPLIED_ON",
        "sort_benefit": "BENEFIT",
    },
}


class Cursors:
    """Stores cursors of one world by their tags."""

    def __init__(self) -> None:
        self._known: defaultdict[str, list[str]] = defaultdict(list)

    def remember(self, answer: Any) -> None:
        """Store every cursor of an answer."""
        if isinstance(answer, dict):
            answer = list(answer.values())
        if isinstance(answer, list):
            for part in answer:
                self.remember(part)
        elif isinstance(answer, str) and (tag := _tag(answer)):
            self._known[tag].append(answer)

    def turn(self, connection: str, rng: random.Random) -> dict[str, Any]:
        """Return arguments that continue from known cursors of a connection; sometimes none."""
        orders = _ORDERS[connection]
        tags = [tag for tag in self._known if orders.get(tag.lstrip("-")) or tag in orders]
        if not tags or rng.random() < 0.5:
            return {}
        tag = rng.choice(sorted(tags))
        ends = rng.choice((("after",), ("after",), ("before",), ("after", "before")))
        turned: dict[str, Any] = {end: rng.choice(self._known[tag]) for end in ends}
        field = orders.get(tag.lstrip("-"))
        if field is not None:
            direction = "DESC" if tag.startswith("-") else "ASC"
            turned["orderBy"] = {"field": field, "direction": direction}
        return turned


def _tag(value: str) -> str | None:
    try:
        decoded = base64.b64decode(value, validate=True)
        return str(json.loads(decoded)[0]) if decoded.startswith(b'["') else None
    except ValueError:
        return None
