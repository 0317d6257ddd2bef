"""Personal access tokens, as their account sees them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import queries
from schema.compiler.fields import sql
from schema.node import Node
from schema.scalars import Permission

if TYPE_CHECKING:
    from schema.units import Unit


@strawberry.type(
    description="A token by which a program acts for the account, within what the account may do."
)
class AccessToken(Node):
    """A token by which a program acts for the account; a revoked one stays as a record."""

    by_id = staticmethod(queries.access_tokens.by_id)

    name: str
    permissions: list[Permission] | None = strawberry.field(
        description="What it is for, as far as its account may do that; null for all of it."
    )
    read_only: bool = strawberry.field(description="No mutation takes it.")
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = strawberry.field(description="Give or take ten minutes.")
    revoked_at: datetime | None = strawberry.field(description="It holds no longer.")

    @sql(queries.access_tokens.everywhere)
    def everywhere(self) -> bool:
        """Whether it holds wherever its account may do something; else at `unit` and below."""

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit that it is limited to, where the viewer sees it."""
