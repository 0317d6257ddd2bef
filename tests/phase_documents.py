"""Documents of the tests of campaigns and phases."""

from typing import Any

import psycopg

from tests.client import Client

_ERRORS = """... on Error { __typename code message }
    ... on InvalidInput { problems { path code limit } }
    ... on Forbidden { permission unitCode }
    ... on NotFound { what key }
    ... on Conflict { version field }"""
_REJECTED = "... on PhaseRejected { ordinal opensOn closesOn unitCode driveTitle frozenOn }"
_CAMPAIGN = """campaign { code title version owner { code } countsFrom confirmingLevel appliedFrom
    appliedTo tiers { label from to } rubric { criterion most } phases { ordinal } }"""
_PHASE = """phase { ordinal title opensOn closesOn floor audience occasions status version frozenAt
    overrides { unit { code } opensOn closesOn version } drives { title unit { code } } }"""
_OUTSIDE = "outsideWindow drivesOutside { title }"


def _document(name: str, fields: str, payload: str, *, rejected: str = _REJECTED) -> str:
    capital = name[0].upper() + name[1:]
    return f"""mutation ($input: {capital}Input!) {{ {name}(input: $input) {{
        ... on {payload} {{ __typename {fields} }} {_ERRORS} {rejected} }} }}"""


CREATE = _document("createCampaign", _CAMPAIGN, "CampaignPayload", rejected="")
UPDATE = _document("updateCampaign", _CAMPAIGN, "CampaignPayload", rejected="")
ADD = _document("addPhase", _PHASE, "PhasePayload")
CHANGE = _document("updatePhase", f"{_PHASE} {_OUTSIDE}", "UpdatePhasePayload")
OVERRIDE = _document(
    "overridePhaseWindow",
    f"{_PHASE} {_OUTSIDE} override {{ unit {{ code }} opensOn closesOn version }}",
    "OverridePhaseWindowPayload",
)
DRIVE = _document(
    "addDrive", f"{_PHASE} drive {{ title opensOn closesOn unit {{ code }} }}", "AddDrivePayload"
)
FREEZE = _document("freezePhase", _PHASE, "PhasePayload")

FIRST = {"campaign": "1TRSK", "phase": 1}
SECOND = {"campaign": "1TRSK", "phase": 2}
WHY = "Theo quyết định 12/QĐ-TLĐ"


async def ask(http: Client, document: str, username: str | None, **fields: Any) -> Any:
    """Run a mutation and return its result."""
    data = await http.data(document, username, variables={"input": fields})
    return next(iter(data.values()))


def rows(url: str, query: str, *values: Any) -> list[Any]:
    """Run a statement as the owner, and return its rows."""
    with psycopg.connect(url) as connection:
        cursor = connection.execute(query.encode(), values)
        return cursor.fetchall() if cursor.description else []


def one(url: str, query: str, *values: Any) -> Any:
    """Return the single value of a statement."""
    ((value,),) = rows(url, query, *values)
    return value


def adjustments(url: str) -> list[tuple[str, str, int, str]]:
    """Return every adjustment: its kind, the unit's code, the achieved count, and the reason."""
    return rows(
        url,
        "select a.kind, u.code, a.gained, a.reason from adjustment a"
        " join unit u on u.id = a.unit_id order by a.id",
    )
