"""Initiatives that repeat others."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from db import queries
from db.commands import duplicates
from db.rules.duplicate import DuplicateRejectedError
from schema.compiler.commands import mutation
from schema.compiler.fields import sql
from schema.errors import Failure, Refusal, shows
from schema.initiatives import Initiative
from schema.inputs import key, line, prose
from schema.messages import says
from schema.scalars import InitiativeState, Permission

says(
    {
        "SAME_INITIATIVE": (
            "Một sáng kiến không thể trùng với chính nó.",
            "An initiative is no duplicate of itself.",
        ),
        "OTHER_CAMPAIGN": (
            "Hai sáng kiến thuộc hai cuộc vận động khác nhau.",
            "The two are of different campaigns.",
        ),
        "NOT_AN_ORIGINAL": (
            "Không thể lấy làm bản gốc một sáng kiến ở trạng thái {state}.",
            "What is {state} cannot be the original of another.",
        ),
        "HAS_DUPLICATES": (
            "Đã có sáng kiến khác được xác định là trùng với sáng kiến này.",
            "Others have been named duplicates of this one.",
        ),
    }
)


@strawberry.input(description="An initiative that repeats another one, and why.")
class LinkDuplicateInput:
    """An initiative that repeats another one."""

    number: str = line(60, description="The duplicate's.")
    original: str = line(60, description="The number of the initiative that it repeats.")
    reason: str = prose(2_000)
    version: int | None = strawberry.field(
        default=UNSET, description="Of the duplicate, as it was last seen."
    )
    idempotency_key: str | None = key()


@strawberry.type(description="The two initiatives as they are now.")
class DuplicatePayload:
    """The two initiatives as they are now."""

    @sql(queries.initiatives.of_row)
    def initiative(self) -> Initiative | None:
        """The duplicate; null once it is not for the viewer any more."""

    @sql(queries.initiatives.original_of_row)
    def original(self) -> Initiative | None:
        """The initiative that it repeats."""


@shows(DuplicateRejectedError)
@strawberry.type(description="What cannot be the duplicate of the other.")
class DuplicateRejected(Failure):
    """What cannot be the duplicate of the other."""

    state: InitiativeState | None = strawberry.field(
        description="The state that stands against it."
    )


LinkDuplicateResult = Annotated[
    DuplicatePayload | DuplicateRejected | Refusal, strawberry.union("LinkDuplicateResult")
]


@strawberry.type
class DuplicateMutations:
    """What keeps initiatives from counting twice."""

    @mutation(duplicates.link, Permission.INITIATIVE_CURATE)
    def link_duplicate(self, input: LinkDuplicateInput) -> LinkDuplicateResult:
        """Name an initiative a duplicate of another; it counts no more."""
