"""What applications hold for accounts, and the applications themselves."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import queries
from schema.compiler.fields import connection, sql
from schema.compiler.relay import Connection
from schema.node import Node
from schema.scalars import GrantType, Permission

if TYPE_CHECKING:
    from schema.units import Unit


@strawberry.type(description="That an application acts for an account; its tokens end together.")
class Authorization(Node):
    """That an application acts for an account.

    It is told of for a day after it was revoked, and until it expires.
    """

    by_id = staticmethod(queries.authorizations.by_id)

    scope: str = strawberry.field(description="As in OAuth: words with spaces between.")
    created_at: datetime
    expires_at: datetime = strawberry.field(description="When its last token ends at the latest.")
    last_used_at: datetime | None = strawberry.field(description="Give or take ten minutes.")
    revoked_at: datetime | None = strawberry.field(description="It holds no longer.")

    @sql(queries.authorizations.grant_type)
    def grant_type(self) -> GrantType:
        """How the application came by it."""

    @sql(queries.authorizations.read_only)
    def read_only(self) -> bool:
        """No mutation takes its tokens, by their scope or by a limit of the application."""

    @sql(queries.clients.of_authorization)
    def client(self) -> Annotated["Client", strawberry.lazy("schema.authorizations")] | None:
        """The application, with what it is limited to."""


@strawberry.type(description="An application registered with the built-in issuer.")
class Client(Node):
    """An application; its limits hold for all its tokens, whoever it acts for."""

    by_id = staticmethod(queries.clients.by_id)

    client_id: str = strawberry.field(description="The name that it goes by in OAuth.")
    name: str
    scope: str = strawberry.field(description="At most; words with spaces between.")
    permissions: list[Permission] | None = strawberry.field(
        description="What it is for, as far as the account may do that; null for all of it."
    )
    read_only: bool = strawberry.field(description="No mutation takes its tokens.")
    created_at: datetime
    last_used_at: datetime | None = strawberry.field(
        description="When it last got a token for its service account, give or take ten minutes."
    )
    revoked_at: datetime | None = strawberry.field(
        description="It gets no more tokens for its service account."
    )

    @sql(queries.access_tokens.everywhere)
    def everywhere(self) -> bool:
        """Whether it holds wherever its account may do something; else at `unit` and below."""

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit that it is limited to, where the viewer sees it."""

    @sql(queries.clients.username)
    def username(self) -> str | None:
        """The service account that it acts as, where the viewer may know."""

    @connection(queries.authorizations.of_client)
    def authorizations(self) -> Connection[Authorization]:
        """What it holds, as far as the viewer sees it, newest first."""
