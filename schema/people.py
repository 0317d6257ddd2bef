"""People, their accounts and role grants, within what the caller may see."""

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


@strawberry.type
class Person(Node):
    """A member of a union.

    Auditors see masked personal data. Callers without PERSON_READ at the unit get null in place of
    a person, except for themselves. A unit goes on seeing the code and the name of an author of its
    initiatives who has moved away.
    """

    by_id = staticmethod(queries.people.by_id)

    sector: Sector = strawberry.field(description="Where the member works.")
    version: int = strawberry.field(
        description="The version, to send with `updatePerson` and `movePerson`. It rises with"
        " every change."
    )

    @sql(queries.people.code)
    def code(self) -> str:
        """The member's code, unique; asterisks where it is masked."""

    @sql(queries.people.name)
    def name(self) -> str:
        """The full name; initials where it is masked."""

    @sql(queries.people.email)
    def email(self) -> str | None:
        """The e-mail address.

        Null where there is none. Asterisks where it is masked, and for an author who has moved
        away.
        """

    @sql(queries.people.phone)
    def phone(self) -> str | None:
        """The telephone number.

        Null where there is none. Asterisks where it is masked, and for an author who has moved
        away.
        """

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit that the member belongs to. Null where the caller may not see it."""

    @connection(queries.people.memberships)
    def memberships(self) -> Connection["Membership"]:
        """The units that the member belongs and belonged to, the newest first.

        Empty for callers who see the member only as an author of a unit that the member has left.
        """

    @sql(queries.people.account_of_person)
    def account(self) -> Annotated["Account", strawberry.lazy("schema.people")] | None:
        """The account that the member signs in with.

        Null where there is none, or where the caller may not see it.
        """


@strawberry.type
class Membership:
    """That a member belongs or belonged to a unit, from a day to a day, both included."""

    valid_from: date | None = strawberry.field(
        description="The first day. Null where it is not recorded."
    )
    valid_to: date | None = strawberry.field(
        description="The last day, the one before a move. Null while the membership lasts."
    )

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit. Null where the caller may not see it."""


@strawberry.input
class PersonFilter:
    """Conditions on people; a person meets all that are sent."""

    text: str | None = searched(
        "Text that the code or a word of the name begins with, without regard to diacritics or"
        " case. People with masked data are not found."
    )


@strawberry.type
class Account(Node):
    """An account that a person or a service signs in with."""

    by_id = staticmethod(queries.people.account_by_id)

    username: str = strawberry.field(
        description="The name to sign in with, unique. It never changes."
    )
    kind: AccountKind = strawberry.field(
        description="Whether a person or a service signs in with it."
    )
    created_at: datetime = strawberry.field(description="When the account was created.")
    disabled_at: datetime | None = strawberry.field(
        description="When the account was disabled; it cannot sign in since. Null where it is"
        " enabled."
    )

    @sql(queries.people.of_row)
    def person(self) -> Person | None:
        """The person who holds the account.

        Null for a service, and where the caller may not see the person.
        """

    @sql(queries.people.invited_until)
    def invited_until(self) -> datetime | None:
        """When the account's open invitation expires.

        Null where there is none, and for callers without GRANT_READ at the person's unit.
        """

    @connection(queries.people.grants_of_account)
    def grants(self) -> Connection[Annotated["Grant", strawberry.lazy("schema.people")]]:
        """The account's role grants that the caller may see, newest first, revoked ones too."""


@strawberry.type
class Grant(Node):
    """A role grant: an account's role at a unit and in its subtree, within dates."""

    by_id = staticmethod(queries.people.grant_by_id)

    role: Role = strawberry.field(description="The role that the account has.")
    valid_from: date = strawberry.field(description="The first day of the role grant.")
    valid_to: date | None = strawberry.field(
        description="The last day of the role grant, included. Null: it has no end."
    )
    granted_at: datetime = strawberry.field(description="When the role grant was given.")
    revoked_at: datetime | None = strawberry.field(
        description="When the role grant was revoked; it gives nothing since. Null while it is"
        " not revoked."
    )

    @sql(queries.people.username)
    def username(self) -> str:
        """The username of the account that has the role."""

    @sql(queries.people.actor)
    def person(self) -> Person | None:
        """The person who holds the account.

        Null for a service, and where the caller may not see the person.
        """

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The unit at which the role applies. Null where the caller may not see it."""

    @sql(queries.people.granter)
    def granted_by(self) -> Person | None:
        """The person who gave it. Null where the caller may not see the person."""

    @sql(queries.people.revoker)
    def revoked_by(self) -> Person | None:
        """The person who revoked it.

        Null while it is not revoked, and where the caller may not see the person.
        """
