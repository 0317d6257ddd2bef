"""People, as far as the viewer may know them; accounts and grants."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db import queries
from schema.compiler.fields import searched, sql
from schema.node import Node
from schema.scalars import AccountKind, Role, Sector

if TYPE_CHECKING:
    from schema.units import Unit


@strawberry.type(
    description="A member. Personal data is masked for auditors; others see nothing at all."
)
class Person(Node):
    """A member; whoever may not see personal data does not see the row."""

    by_id = staticmethod(queries.people.by_id)

    sector: Sector

    @sql(queries.people.code)
    def code(self) -> str:
        """The member's code; asterisks where masked."""

    @sql(queries.people.name)
    def name(self) -> str:
        """The full name; initials where masked."""

    @sql(queries.people.email)
    def email(self) -> str | None:
        """The e-mail address; asterisks where masked."""

    @sql(queries.people.phone)
    def phone(self) -> str | None:
        """The phone number; asterisks where masked."""

    @sql(queries.units.of_row)
    def unit(self) -> Annotated["Unit", strawberry.lazy("schema.units")] | None:
        """The person's own unit."""


@strawberry.input(description="All that is given must hold.")
class PersonFilter:
    """Which people."""

    text: str | None = searched(
        "What the code or a word of the name begins with, without regard to diacritics or case."
        " It finds nobody who is masked."
    )


@strawberry.type(description="Who signs in.")
class Account:
    """Who signs in: a person or a service."""

    username: str
    kind: AccountKind

    @sql(queries.people.of_row)
    def person(self) -> Person | None:
        """The person behind the account, where the viewer may know."""


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
