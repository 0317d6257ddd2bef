"""Why something is not done: facts, without a word for whoever reads them.

`facts` are plain values by name, which the schema's error types show as fields; `code` is stable.
`unit_id` is the unit at which the refused attempt is noted in the audit log, where one is known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict


class DomainError(Exception):
    """An outcome that was to be expected, and after which nothing has changed."""

    def __init__(self, code: str, *, unit_id: int | None = None, **facts: Any) -> None:
        """Say what it is, and what there is to know about it."""
        super().__init__(code)
        self.code = code
        self.unit_id = unit_id
        self.facts = facts


class NotFoundError(DomainError):
    """No such object, or none that the caller sees."""

    def __init__(self, what: str, key: str) -> None:
        """Name the type of object and what it was looked for by."""
        super().__init__("NOT_FOUND", what=what, key=key)


class ForbiddenError(DomainError):
    """What the caller sees and may not do."""

    def __init__(
        self,
        permission: str | None = None,
        unit: str | None = None,
        *,
        code: str = "FORBIDDEN",
        unit_id: int | None = None,
    ) -> None:
        """Name the permission that it takes, and the code of the unit where."""
        super().__init__(code, unit_id=unit_id, permission=permission, unit_code=unit)


class ConflictError(DomainError):
    """Somebody else was there first.

    STALE: the object is at `version`. OVERTAKEN: it was changed while this was under way.
    DECIDED: it no longer awaits this decision. TAKEN: the code or the place is in use.
    ALREADY_REVOKED: the grant or the token was taken back before. KEY_REUSED: the idempotency key
    was used for something else.
    """


@dataclass(frozen=True)
class Problem:
    """What is wrong with one field of the input; `limit` is the bound that it breaks."""

    path: Sequence[str]
    code: str
    limit: str | None = None


class InvalidInputError(DomainError):
    """Input that cannot be meant."""

    def __init__(self, *problems: Problem) -> None:
        """Name every problem."""
        super().__init__("INVALID_INPUT", problems=problems)


class RejectedError(DomainError):
    """What a rule of the programme does not allow; each noun has its own."""


class Refused(TypedDict):
    """An error as a value: why one of several things was not done while others were."""

    code: str
    facts: dict[str, Any]


def refused(error: DomainError) -> Refused:
    """Return an error as a value; of invalid input, its first problem."""
    if isinstance(error, InvalidInputError):
        first: Problem = error.facts["problems"][0]
        return Refused(code=first.code, facts={"limit": first.limit})
    return Refused(code=error.code, facts=error.facts)
