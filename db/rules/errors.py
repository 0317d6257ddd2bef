"""Domain errors: facts, without texts for users.

`facts` are plain values by name, which become fields of the schema's error types; `code` is stable.
`unit_id` is the unit of the refused attempt in the audit log, where one is known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict


class DomainError(Exception):
    """An expected outcome that changed nothing."""

    def __init__(self, code: str, *, unit_id: int | None = None, **facts: Any) -> None:
        """Set the code and the facts."""
        super().__init__(code)
        self.code = code
        self.unit_id = unit_id
        self.facts = facts


class NotFoundError(DomainError):
    """No such object, or none that the caller sees."""

    def __init__(self, what: str, key: str) -> None:
        """Set the type of the object and the key of the look-up."""
        super().__init__("NOT_FOUND", what=what, key=key)


class ForbiddenError(DomainError):
    """The caller sees the object and lacks the permission."""

    def __init__(
        self,
        permission: str | None = None,
        unit: str | None = None,
        *,
        code: str = "FORBIDDEN",
        unit_id: int | None = None,
    ) -> None:
        """Set the missing permission, and the code of the unit where it is missing."""
        super().__init__(code, unit_id=unit_id, permission=permission, unit_code=unit)


class ConflictError(DomainError):
    """The current state of an object does not allow the change.

    STALE: the object is at `version`. OVERTAKEN: a concurrent change came first. DECIDED: it no
    longer awaits this decision. TAKEN: the code or the place is in use. ALREADY_REVOKED: the role
    grant, token, authorization or application is revoked. KEY_REUSED: the idempotency key was used
    for another input.
    """


@dataclass(frozen=True)
class Problem:
    """The fault of one field of the input; `limit` is the bound that it breaks."""

    path: Sequence[str]
    code: str
    limit: str | None = None


class InvalidInputError(DomainError):
    """The input failed validation; `problems` lists every field."""

    def __init__(self, *problems: Problem) -> None:
        """Set the problems."""
        super().__init__("INVALID_INPUT", problems=problems)


class RejectedError(DomainError):
    """A rule of the programme does not allow the action; each noun has its own subclass."""


class Refused(TypedDict):
    """An error as a value: the failure of one of several actions while others succeeded."""

    code: str
    facts: dict[str, Any]


def refused(error: DomainError) -> Refused:
    """Return an error as a value; for invalid input, its first problem."""
    if isinstance(error, InvalidInputError):
        first: Problem = error.facts["problems"][0]
        return Refused(code=first.code, facts={"limit": first.limit})
    return Refused(code=error.code, facts=error.facts)
