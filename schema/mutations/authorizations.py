"""Mutations that revoke the access of applications."""

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


@strawberry.input
class RevokeAuthorizationInput:
    """The authorization to revoke."""

    authorization: strawberry.ID = node_id(
        "Authorization", description="The global id of the authorization."
    )
    idempotency_key: str | None = key()


@strawberry.input
class RevokeClientInput:
    """The application to stop."""

    client: strawberry.ID = node_id("Client", description="The global id of the application.")
    reason: str = prose(2_000, description="The reason, for the audit log.")
    idempotency_key: str | None = key()


@strawberry.type
class RevokeAuthorizationPayload:
    """The authorization after the mutation."""

    @sql(queries.authorizations.of_row)
    def authorization(self) -> Authorization | None:
        """The authorization, with `revokedAt`. Null where the caller may not see it."""


@strawberry.type
class RevokeClientPayload:
    """The application after the mutation."""

    @sql(queries.clients.of_row)
    def client(self) -> Client | None:
        """The application, with `revokedAt`. Null where the caller may not see it."""


RevokeAuthorizationResult = Annotated[
    RevokeAuthorizationPayload | Refusal, strawberry.union("RevokeAuthorizationResult")
]
RevokeClientResult = Annotated[
    RevokeClientPayload | Refusal, strawberry.union("RevokeClientResult")
]


@strawberry.type
class AuthorizationMutations:
    """Mutations of authorizations and applications."""

    @mutation(
        authorizations.revoke,
        Permission.INITIATIVE_READ,
        Permission.INITIATIVE_OWN,
        Permission.GRANT_MANAGE,
    )
    def revoke_authorization(self, input: RevokeAuthorizationInput) -> RevokeAuthorizationResult:
        """Revoke all tokens that an application got by one authorization, within five seconds.

        Callers may revoke their own, and those of a service account all of whose role grants they
        manage. The application then has to ask a person for consent again. A limited application
        cannot revoke the caller's other authorizations.
        """

    @mutation(authorizations.revoke_client, Permission.GRANT_MANAGE)
    def revoke_client(self, input: RevokeClientInput) -> RevokeClientResult:
        """Stop an application of a service account.

        Its tokens for that account end within five seconds, and it gets no new ones. The caller has
        to manage all role grants of the service account.
        """
