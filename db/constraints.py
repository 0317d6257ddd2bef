"""The domain errors that violated database constraints mean, where a check lost a race."""

from collections.abc import Callable, Mapping

from db.rules.errors import ConflictError, DomainError, InvalidInputError, Problem
from db.rules.initiative import InitiativeRejectedError
from db.rules.unit import UnitRejectedError

_MEANINGS: Mapping[str, Callable[[], DomainError]] = {
    "campaign_code_key": lambda: ConflictError("TAKEN", field="code"),
    "phase_campaign_id_ordinal_key": lambda: ConflictError("TAKEN", field="ordinal"),
    "phase_no_overlap_excl": lambda: ConflictError("TAKEN", field="opensOn"),
    "initiative_open": lambda: InitiativeRejectedError("UNIT_CLOSED"),
    "initiative_way": lambda: ConflictError("OVERTAKEN"),
    "review_sheet_awaited": lambda: ConflictError("OVERTAKEN"),
    "review_sheet_open_idx": lambda: ConflictError("OVERTAKEN"),
    "review_rubric": lambda: InvalidInputError(Problem(("scores",), "SCORES_NEEDED")),
    "unit_no_cycle": lambda: UnitRejectedError("CYCLE"),
    "unit_level_order": lambda: UnitRejectedError("LEVEL_ORDER"),
    "unit_merge_level": lambda: UnitRejectedError("LEVELS_DIFFER"),
    "unit_merge_open": lambda: UnitRejectedError("CLOSED"),
    "unit_code_key": lambda: ConflictError("TAKEN", field="code"),
    "person_code_key": lambda: ConflictError("TAKEN", field="code"),
    "target_pkey": lambda: ConflictError("STALE", version=1),
    "award_once_unit_idx": lambda: ConflictError("TAKEN", field="decisionNumber"),
    "award_once_person_idx": lambda: ConflictError("TAKEN", field="decisionNumber"),
    "role_grant_once_idx": lambda: ConflictError("TAKEN", field="role"),
    "duplicate_link_initiative_id_original_id_key": lambda: ConflictError("TAKEN"),
}


def violated(constraint: str | None) -> DomainError | None:
    """Return the domain error of a violated constraint; None where it is a fault of the server."""
    meaning = _MEANINGS.get(constraint or "")
    return meaning() if meaning else None
