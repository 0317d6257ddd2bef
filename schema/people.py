"""People, as far as the viewer may know them; accounts and grants."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import queries
from schema.compiler.fields import connection, searched, sql
from schema.compiler.relay import Connection
from schema.node import Node
from schema.scalars import AccountKind, Role, Sector

if TYPE_CHECKING:
    from schema.units import Unit


@strawberry.type(
    description="A member. Personal data is masked for auditors; others see nothing at all. A unit"
    " goes on seeing the code and the name of who authored its initiatives and has moved away."
)
class Person(Node):
    """A member; whoever may not see personal data does not see the row."""

    by_id = staticmethod(queries.people.by_id)

    sector: Sector
    version: int = strawberry.field(
        description="Rises with every change; `updatePerson` and `movePerson` take it."
    )

    @sql(queries.people.code)
    def code(self) -> str:
        """The member's code; asterisks where masked."""

    @sql(queries.people.name)
    def name(self) -> str:
        """The full name; initials where masked."""

    @sql(queries.people.email)
    def email(self) -> str | None:
        """The e-mail address; asterisks where masked, and of authors who have moved away."""

    @sql(queries.people.phone)
    def phone(self) -> str | None:
        """The phone number; asterisks where masked, and of authors who have moved away."""

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The person's own unit; null where the viewer does not see it."""

    @connection(queries.people.memberships)
    def memberships(self) -> Connection["Membership"]:
        """The units that the person belonged to, the newest first; the first is `unit`.

        Empty for viewers who know the person only as an author of a unit that they have left.
        """

    @sql(queries.people.account_of_person)
    def account(self) -> Annotated["Account", strawberry.lazy("schema.people")] | None:
        """The account that the person signs in with; null where there is none."""


@strawberry.type(description="That a person belongs or belonged to a unit.")
class Membership:
    """That a person belongs or belonged to a unit, from a day to a day, both included."""

    valid_from: date | None = strawberry.field(
        description="The first day; null where it is not recorded."
    )
    valid_to: date | None = strawberry.field(
        description="The last day, the one before a move; null while it lasts."
    )

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit; null where the viewer does not see it."""


@strawberry.input(description="All that is given must hold.")
class PersonFilter:
    """Which people."""

    text: str | None = searched(
        "What the code or a word of the name begins with, without regard to diacritics or case."
        " It finds nobody who is masked."
    )


@strawberry.type(description="A person or a service that signs in.")
class Account(Node):
    """A person or a service that signs in."""

    by_id = staticmethod(queries.people.account_by_id)

    username: str = strawberry.field(description="The name to sign in with.")
    kind: AccountKind = strawberry.field(description="Whether a person or a service signs in.")
    created_at: datetime = strawberry.field(description="When the account was created.")
    disabled_at: datetime | None = strawberry.field(
        description="Since when the account cannot sign in; null where it can."
    )

    @sql(queries.people.of_row)
    def person(self) -> Person | None:
        """The person behind the account, where the viewer may know."""

    @sql(queries.people.invited_until)
    def invited_until(self) -> datetime | None:
        """When the account's open invitation ends.

        Null where there is none, and for viewers without GRANT_READ at the person's unit.
        """

    @connection(queries.people.grants_of_account)
    def grants(self) -> Connection[Annotated["Grant", strawberry.lazy("schema.people")]]:
        """The roles of the account that the viewer may know, newest first, revoked ones too."""


@strawberry.type(description="A role at a unit and everything below it.")
class Grant(Node):
    """A role at a unit and everything below it, from a day to a day, both included."""

    by_id = staticmethod(queries.people.grant_by_id)

    role: Role
    valid_from: date
    valid_to: date | None
    granted_at: datetime
    revoked_at: datetime | None = strawberry.field(description="It holds no longer.")

    @sql(queries.people.username)
    def username(self) -> str:
        """The name that its account signs in with."""

    @sql(queries.people.actor)
    def person(self) -> Person | None:
        """The person behind the account, where the viewer may know."""

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit."""

    @sql(queries.people.granter)
    def granted_by(self) -> Person | None:
        """Who gave it, where the viewer may know."""

    @sql(queries.people.revoker)
    def revoked_by(self) -> Person | None:
        """Who took it back, where the viewer may know."""
