"""Markers found in answers, and whether the caller may see the cells that they mark."""

import base64
import re
from typing import Any

from tests.oracle.sight import Sight
from tests.oracle.wording import MARKER
from tests.oracle.world import World

NEVER_SHOWN = {"phase_result", "signing_key", "duplicate_link"}
PERSONAL = {"code", "name", "email", "phone"}
_ENCODED = re.compile(rb'"([A-Za-z0-9+/]{8,}={0,2})"')


def row_of(world: World, table: str, key: object) -> Any:
    row = world.find(table, key)
    assert row is not None
    return row


def may_show(sight: Sight, marker: str, question: str) -> bool:
    """Return whether a cell may be in an answer, by its marker."""
    table, key, column = sight.world.wording.owners[marker]
    if table in NEVER_SHOWN or column in {"password_hash", "secret_hash"}:
        return False
    row = row_of(sight.world, table, key)
    if table == "person" and column in ("code", "name"):
        return sight.names(row)
    if table == "person" and column in PERSONAL:
        return sight.knows(row)
    if table == "account":
        granted = sight.world.where("role_grant", account_id=key)
        # An auditor sees every event's actor.
        did = sight.world.where("audit_event", account_id=key)
        return (
            row is sight.account
            or any(sight.sees("role_grant", grant) for grant in granted)
            or any(sight.sees("audit_event", event) for event in did)
        )
    if table == "initiative" and column == "content":
        return sight.sees(table, row) and sight.reads(row)
    if table == "unit" and column == "name" and row.level == "FEDERATION":
        # The federation of an initiative that resembles one's own is always visible.
        return sight.sees(table, row) or "federation" in question
    return sight.sees(table, row)


def markers_in(answer: bytes) -> set[str]:
    """Return all markers of an answer, including those in cursors and ids."""
    texts = [answer]
    for encoded in _ENCODED.findall(answer):
        try:
            texts.append(base64.b64decode(encoded, validate=True))
        except ValueError:
            continue
    return {marker for text in texts for marker in MARKER.findall(text.decode("utf-8", "replace"))}
