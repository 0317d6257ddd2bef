"""Mutations that publish and hide initiatives."""

from typing import Annotated

import strawberry

from db.commands import publications
from db.rules.publication import PublicationRejectedError
from schema.compiler.commands import mutation
from schema.errors import Failure, Refusal, shows
from schema.inputs import key, line, read_version
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


@strawberry.input
class PublishInitiativeInput:
    """The initiative to publish or to hide."""

    number: str = line(60, description="The initiative's number.")
    published: bool = strawberry.field(
        default=True, description="True publishes the initiative, false hides it."
    )
    version: int | None = read_version("initiative")
    idempotency_key: str | None = key()


@shows(PublicationRejectedError)
@strawberry.type
class PublicationRejected(Failure):
    """A rule for publishing does not allow the mutation; `code` and `message` name it."""

    state: InitiativeState | None = strawberry.field(
        description="The present state, where it is the reason. Null otherwise."
    )


PublishInitiativeResult = Annotated[
    InitiativePayload | PublicationRejected | Refusal, strawberry.union("PublishInitiativeResult")
]


@strawberry.type
class PublicationMutations:
    """Mutations of publication."""

    @mutation(publications.publish, Permission.INITIATIVE_CURATE)
    def publish_initiative(self, input: PublishInitiativeInput) -> PublishInitiativeResult:
        """Publish a recognised initiative to anonymous callers, or hide it from them."""
