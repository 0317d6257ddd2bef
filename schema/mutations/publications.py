"""Initiatives shown to the public, and hidden from it again."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from db.commands import publications
from db.rules.publication import PublicationRejectedError
from schema.compiler.commands import mutation
from schema.errors import Failure, Refusal, shows
from schema.inputs import key, line
from schema.messages import says
from schema.mutations.initiatives import InitiativePayload
from schema.scalars import InitiativeState, Permission

says(
    {
        "NOT_RECOGNISED": (
            "Chỉ công bố sáng kiến đã được công nhận; sáng kiến này ở trạng thái {state}.",
            "Only recognised initiatives are published; this one is {state}.",
        ),
        "CONFIDENTIAL": (
            "Không công bố sáng kiến mật.",
            "Confidential initiatives are not published.",
        ),
    }
)


@strawberry.input(description="An initiative to be shown to the public, or hidden from it.")
class PublishInitiativeInput:
    """An initiative to be shown to the public, or hidden from it."""

    number: str = line(60)
    published: bool = True
    version: int | None = strawberry.field(default=UNSET, description="As it was last seen.")
    idempotency_key: str | None = key()


@shows(PublicationRejectedError)
@strawberry.type(description="What may not be shown to the public.")
class PublicationRejected(Failure):
    """What may not be shown to the public."""

    state: InitiativeState | None


PublishInitiativeResult = Annotated[
    InitiativePayload | PublicationRejected | Refusal, strawberry.union("PublishInitiativeResult")
]


@strawberry.type
class PublicationMutations:
    """What the public sees."""

    @mutation(publications.publish, Permission.INITIATIVE_CURATE)
    def publish_initiative(self, input: PublishInitiativeInput) -> PublishInitiativeResult:
        """Show a recognised initiative to the public, or hide it again."""
