"""Initiatives that resemble one another."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from db import queries
from db.rules.described import DescribedEnum
from schema.compiler.fields import sql

if TYPE_CHECKING:
    from schema.initiatives import Initiative


@strawberry.enum
class Closeness(DescribedEnum):
    """How similar the titles and summaries of two initiatives are."""

    SIMILAR = "SIMILAR", "The similarity is at least 0.5 and below 0.8: compare the two."
    VERY_SIMILAR = (
        "VERY_SIMILAR",
        "The similarity is at least 0.8: most likely the same initiative.",
    )


@strawberry.type
class DuplicateCandidate:
    """An initiative that resembles another.

    Of one that the caller may not see, only `closeness` and `federation` are set.
    """

    closeness: Closeness = strawberry.field(description="How similar the two are.")
    similarity: float | None = strawberry.field(
        description="The similarity of titles and summaries, from 0 to 1. Null where the caller"
        " may not see the initiative."
    )
    federation: str | None = strawberry.field(
        description="The name of the federation in whose subtree the initiative is. Null where"
        " it is in none."
    )

    @sql(queries.initiatives.of_row)
    def initiative(
        self,
    ) -> Annotated["Initiative", strawberry.lazy("schema.initiatives")] | None:
        """The initiative. Null where the caller may not see it."""
