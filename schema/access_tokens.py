"""Personal access tokens of the caller."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import queries
from schema.compiler.fields import sql
from schema.node import Node
from schema.scalars import Permission

if TYPE_CHECKING:
    from schema.units import Unit


@strawberry.type
class AccessToken(Node):
    """A personal access token: a program sends it and acts for the account.

    It never allows more than the account itself may do. A revoked token stays visible.
    """

    by_id = staticmethod(queries.access_tokens.by_id)

    name: str = strawberry.field(description="The name that the account gave the token.")
    permissions: list[Permission] | None = strawberry.field(
        description="The permissions that the token is limited to, as far as its account has"
        " them. Null: all that the account has."
    )
    read_only: bool = strawberry.field(
        description="Whether every mutation with this token returns Forbidden."
    )
    created_at: datetime = strawberry.field(description="When the token was created.")
    expires_at: datetime = strawberry.field(
        description="When the token expires. From then on the server rejects it."
    )
    last_used_at: datetime | None = strawberry.field(
        description="When the token was last used, accurate to ten minutes. Null where it never"
        " was."
    )
    revoked_at: datetime | None = strawberry.field(
        description="When the token was revoked; the server rejects it since. Null while it is"
        " not revoked."
    )

    @sql(queries.access_tokens.everywhere)
    def everywhere(self) -> bool:
        """Whether the token is limited to no unit.

        Where false, it is limited to `unit` and its subtree.
        """

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit whose subtree the token is limited to.

        Null where it is limited to none, or where the caller may not see the unit.
        """
