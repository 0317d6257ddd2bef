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


@strawberry.input
class AuditFilter:
    """Conditions on audit events; an event meets all that are sent."""

    actor: str | None = strawberry.field(
        default=None, description="The username of the account that acted."
    )
    unit: str | None = strawberry.field(
        default=None,
        description="The code of the unit at which the event happened, without the units below it.",
    )
    under: str | None = strawberry.field(
        default=None,
        description="The code of a unit; the event happened in what was its subtree at that time.",
    )
    object_type: str | None = strawberry.field(
        default=None, description="The type of the object, as in `AuditEvent.objectType`."
    )
    object: strawberry.ID | None = strawberry.field(
        default=None, description="The global id of the object, as in `AuditEvent.objectId`."
    )
    kind: list[AuditKind] | None = strawberry.field(
        default=None, description="The kinds of events; an event has one of them."
    )
    action: str | None = strawberry.field(
        default=None, description="The action, as in `AuditEvent.action`."
    )
    from_: datetime | None = strawberry.field(
        default=None, name="from", description="The earliest moment, included."
    )
    to: datetime | None = strawberry.field(default=None, description="The latest moment, included.")


@strawberry.type
class AuditEvent(Node):
    """One event of the audit log: what changed or was refused, by whom, from where and why.

    Personal data, secrets and confidential contents are replaced by `***`. Requires AUDIT_READ at a
    unit above the event.
    """

    by_id = staticmethod(queries.audit.by_id)

    at: datetime = strawberry.field(description="When the event happened.")
    action: str = strawberry.field(
        description="The operation: the name of a mutation, a command of the command line, or"
        " `sql` for a statement outside the server. Signing in has `signIn`,"
        " `secondFactor`, `enrolSecondFactor`, `changePassword`, `acceptInvitation`,"
        " `authorize`, `revoke`, `token` and `signOut`. `refusals` is a sum of"
        " refused attempts, `sweep` the removal of expired rows."
    )
    kind: AuditKind = strawberry.field(
        description="Whether an object was created, changed or removed, or an attempt was refused."
    )
    address: str | None = strawberry.field(
        description="The network address of the caller, or `command line`. Null where it is"
        " unknown."
    )
    object_type: str | None = strawberry.field(
        description="The type of the object. Null where the event is about no object."
    )
    before: JSON | None = strawberry.field(
        description="The fields that differ, with their values before the event. Null where"
        " there are none."
    )
    after: JSON | None = strawberry.field(
        description="The fields that differ, with their values after the event. A refused"
        " attempt has the error's `code` and the identifiers in its input. With the"
        " codes `MORE_REFUSED` and `MORE_SIGN_INS`, `count` is the number of further"
        " attempts without an event of their own. Null where there are none."
    )
    reason: str | None = strawberry.field(
        description="The reason that the caller gave. Null where there is none."
    )

    @sql(queries.audit.actor)
    def actor(self) -> str | None:
        """The username of the account that acted.

        `public` stands for anonymous callers, null for the system itself. A failed sign-in has
        `public`; its `objectId` is the account that it tried.
        """

    @sql(queries.people.account_of_row)
    def account(self) -> Account | None:
        """The account that acted. Null where there is none or the caller may not see it."""

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit at which the event happened. Null where there is none."""

    @sql(queries.audit.object_id)
    def object_id(self) -> strawberry.ID | None:
        """The global id of the object.

        Null where the event is about no object. `node(id:)` returns the object if its type
        implements Node and it still exists.
        """
