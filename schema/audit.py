"""The audit log, for auditors and administrators."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.scalars import JSON

from db import queries
from schema.compiler.fields import sql
from schema.node import Node
from schema.people import Account
from schema.scalars import AuditKind

if TYPE_CHECKING:
    from schema.units import Unit


@strawberry.input(description="All that is given must hold.")
class AuditFilter:
    """Which events."""

    actor: str | None = strawberry.field(default=None, description="A username.")
    unit: str | None = strawberry.field(
        default=None, description="At the unit with this code, and not below it."
    )
    under: str | None = strawberry.field(
        default=None,
        description="In what was the subtree of the unit with this code when it happened.",
    )
    object_type: str | None = strawberry.field(default=None, description="As in `objectType`.")
    object: strawberry.ID | None = strawberry.field(default=None, description="As in `objectId`.")
    kind: list[AuditKind] | None = None
    action: str | None = None
    from_: datetime | None = strawberry.field(
        default=None, name="from", description="This moment included."
    )
    to: datetime | None = strawberry.field(default=None, description="This moment included.")


@strawberry.type(
    description="What was changed, refused or done, by whom, from where and why. Personal data,"
    " secrets and confidential bodies stand as `***`."
)
class AuditEvent(Node):
    """One event of the audit log, told to those above the unit where it happened."""

    by_id = staticmethod(queries.audit.by_id)

    at: datetime
    action: str = strawberry.field(
        description="What was asked for: a mutation, a command of the command line, or `sql`;"
        " `signIn`, `secondFactor`, `enrolSecondFactor`, `changePassword`, `acceptInvitation`,"
        " `authorize`, `revoke`, `token`, `signOut` of signing in; `refusals` for a sum of refused"
        " attempts; `sweep` for what has expired."
    )
    kind: AuditKind
    address: str | None = strawberry.field(description="From where; an address or `command line`.")
    object_type: str | None = strawberry.field(description="The type of what it is about.")
    before: JSON | None = strawberry.field(description="What differs, as it was.")
    after: JSON | None = strawberry.field(
        description="What differs, as it became; of a refused attempt, why (`code`) and what was"
        " named. `MORE_REFUSED` and `MORE_SIGN_INS` say by `count` how many more there were that"
        " have no event each."
    )
    reason: str | None

    @sql(queries.audit.actor)
    def actor(self) -> str | None:
        """The username of whoever did it; `public` is anonymous, null the system itself.

        Of a failed sign-in it is `public`; `objectId` is the account that it was for.
        """

    @sql(queries.people.account_of_row)
    def account(self) -> Account | None:
        """The account of whoever did it, where the viewer may see it."""

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit where it happened."""

    @sql(queries.audit.object_id)
    def object_id(self) -> strawberry.ID | None:
        """The id of what it is about; `node` gives it where it is there still, and a Node."""
