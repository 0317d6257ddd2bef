"""Mutations of duplicates."""

from typing import Annotated

import strawberry

from db import queries
from db.commands import duplicates
from db.rules.duplicate import DuplicateRejectedError
from schema.compiler.commands import mutation
from schema.compiler.fields import sql
from schema.errors import Failure, Refusal, shows
from schema.initiatives import Initiative
from schema.inputs import key, line, prose, read_version
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


@strawberry.input
class LinkDuplicateInput:
    """An initiative that repeats another one, and the reason."""

    number: str = line(60, description="The number of the duplicate.")
    original: str = line(60, description="The number of the initiative that it repeats.")
    reason: str = prose(2_000, description="The reason.")
    version: int | None = read_version("duplicate")
    idempotency_key: str | None = key()


@strawberry.type
class DuplicatePayload:
    """The two initiatives after the mutation."""

    @sql(queries.initiatives.of_row)
    def initiative(self) -> Initiative | None:
        """The duplicate. Null where the caller no longer sees it."""

    @sql(queries.initiatives.original_of_row)
    def original(self) -> Initiative | None:
        """The initiative that it repeats. Null where the caller may not see it."""


@shows(DuplicateRejectedError)
@strawberry.type
class DuplicateRejected(Failure):
    """A rule for duplicates does not allow the mutation; `code` and `message` name it."""

    state: InitiativeState | None = strawberry.field(
        description="The state that does not allow it. Null where no state is the reason."
    )


LinkDuplicateResult = Annotated[
    DuplicatePayload | DuplicateRejected | Refusal, strawberry.union("LinkDuplicateResult")
]


@strawberry.type
class DuplicateMutations:
    """Mutations of duplicates."""

    @mutation(duplicates.link, Permission.INITIATIVE_CURATE)
    def link_duplicate(self, input: LinkDuplicateInput) -> LinkDuplicateResult:
        """Link an initiative as a duplicate of another. The duplicate no longer counts."""
