"""What applications hold, ended by the account or by whoever manages a service account's grants."""

from typing import Annotated

import strawberry

from db import queries
from db.commands import authorizations
from schema.authorizations import Authorization, Client
from schema.compiler.commands import mutation
from schema.compiler.fields import sql
from schema.errors import Refusal
from schema.inputs import key, node_id, prose
from schema.scalars import Permission


@strawberry.input(description="An authorization to be ended.")
class RevokeAuthorizationInput:
    """An authorization to be ended."""

    authorization: strawberry.ID = node_id("Authorization")
    idempotency_key: str | None = key()


@strawberry.input(description="An application to be stopped.")
class RevokeClientInput:
    """An application to be stopped."""

    client: strawberry.ID = node_id("Client")
    reason: str = prose(2_000, description="For the audit log.")
    idempotency_key: str | None = key()


@strawberry.type(description="The authorization as it is now.")
class RevokeAuthorizationPayload:
    """The authorization as it is now."""

    @sql(queries.authorizations.of_row)
    def authorization(self) -> Authorization | None:
        """The authorization."""


@strawberry.type(description="The application as it is now.")
class RevokeClientPayload:
    """The application as it is now."""

    @sql(queries.clients.of_row)
    def client(self) -> Client | None:
        """The application."""


RevokeAuthorizationResult = Annotated[
    RevokeAuthorizationPayload | Refusal, strawberry.union("RevokeAuthorizationResult")
]
RevokeClientResult = Annotated[
    RevokeClientPayload | Refusal, strawberry.union("RevokeClientResult")
]


@strawberry.type
class AuthorizationMutations:
    """What applications may do no longer; no limited application ends the viewer's others."""

    @mutation(
        authorizations.revoke,
        Permission.INITIATIVE_READ,
        Permission.INITIATIVE_OWN,
        Permission.GRANT_MANAGE,
    )
    def revoke_authorization(self, input: RevokeAuthorizationInput) -> RevokeAuthorizationResult:
        """End all tokens that an application got by one authorization, within five seconds.

        The viewer's own, and then the application has to ask for consent again; or one of a
        service account all of whose grants the viewer manages.
        """

    @mutation(authorizations.revoke_client, Permission.GRANT_MANAGE)
    def revoke_client(self, input: RevokeClientInput) -> RevokeClientResult:
        """Stop an application of a service account all of whose grants the viewer manages.

        Its tokens for that account end within five seconds, and it gets no more of them.
        """
