"""OAuth applications, and their access to accounts."""

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


@strawberry.type
class Authorization(Node):
    """An application's access to an account, with all tokens that it got by it.

    It is visible until it expires; a revoked one for a day after it was revoked.
    """

    by_id = staticmethod(queries.authorizations.by_id)

    scope: str = strawberry.field(description="The OAuth scopes, separated by spaces.")
    created_at: datetime = strawberry.field(description="When the application got the access.")
    expires_at: datetime = strawberry.field(
        description="When the last of its tokens expires at the latest."
    )
    last_used_at: datetime | None = strawberry.field(
        description="When one of its tokens was last used, accurate to ten minutes. Null where"
        " none was."
    )
    revoked_at: datetime | None = strawberry.field(
        description="When it was revoked; the server rejects its tokens since. Null while it is"
        " not revoked."
    )

    @sql(queries.authorizations.grant_type)
    def grant_type(self) -> GrantType:
        """The OAuth grant by which the application got the access."""

    @sql(queries.authorizations.read_only)
    def read_only(self) -> bool:
        """Whether every mutation with its tokens returns Forbidden."""

    @sql(queries.clients.of_authorization)
    def client(self) -> Annotated["Client", strawberry.lazy("schema.authorizations")] | None:
        """The application with its limits. Null where the caller may not see it."""


@strawberry.type
class Client(Node):
    """An application that is registered with the built-in OAuth issuer.

    Its limits apply to all its tokens, for every account.
    """

    by_id = staticmethod(queries.clients.by_id)

    client_id: str = strawberry.field(description="The OAuth `client_id`.")
    name: str = strawberry.field(
        description="The application's name, as the consent page shows it."
    )
    scope: str = strawberry.field(
        description="The OAuth scopes that the application may request, separated by spaces."
    )
    permissions: list[Permission] | None = strawberry.field(
        description="The permissions that its tokens are limited to, as far as the account has"
        " them. Null: all that the account has."
    )
    read_only: bool = strawberry.field(
        description="Whether every mutation with its tokens returns Forbidden."
    )
    created_at: datetime = strawberry.field(description="When the application was registered.")
    last_used_at: datetime | None = strawberry.field(
        description="When it last got a token for its service account, accurate to ten minutes."
        " Null where it never did."
    )
    revoked_at: datetime | None = strawberry.field(
        description="When it was stopped; it gets no tokens for its service account since. Null"
        " while it is not stopped."
    )

    @sql(queries.access_tokens.everywhere)
    def everywhere(self) -> bool:
        """Whether its tokens are limited to no unit.

        Where false, they are limited to `unit` and its subtree.
        """

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit whose subtree its tokens are limited to.

        Null where they are limited to none, or where the caller may not see the unit.
        """

    @sql(queries.clients.username)
    def username(self) -> str | None:
        """The username of its service account.

        Null where it has none, or where the caller may not see the account.
        """

    @connection(queries.authorizations.of_client)
    def authorizations(self) -> Connection[Authorization]:
        """The application's access to accounts that the caller may see, newest first."""
