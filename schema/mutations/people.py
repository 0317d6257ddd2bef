"""People: added, changed and moved."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from db import queries
from db.commands import people
from db.rules.person import PersonRejectedError
from schema.compiler.commands import mutation
from schema.compiler.fields import sql
from schema.errors import Failure, Refusal, shows
from schema.inputs import clearable, code, key, line, prose
from schema.messages import says
from schema.people import Person
from schema.scalars import Permission, Sector

says(
    {
        "NOT_AN_EMAIL": ("Không phải địa chỉ e-mail.", "It is no e-mail address."),
        "NOT_A_PHONE": ("Không phải số điện thoại.", "It is no telephone number."),
        "HAS_ACCOUNT": (
            "Người này có tài khoản đăng nhập nên không đổi được địa chỉ e-mail.",
            "This person has an account, so the e-mail address cannot be changed.",
        ),
        "UNIT_CLOSED": ("Đơn vị đã giải thể.", "The unit is closed."),
    }
)


@strawberry.input(description="A new member of a unit.")
class AddPersonInput:
    """A new member of a unit."""

    code: str = code(description="The member's code, which no other member has.")
    name: str = line(200, description="The full name.")
    unit: str = line(40, description="The code of the unit that the member belongs to.")
    sector: Sector = strawberry.field(description="Where the member works.")
    email: str | None = line(254, default=None, description="The e-mail address.")
    phone: str | None = line(40, default=None, description="The telephone number.")
    idempotency_key: str | None = key()


@strawberry.input(description="What is left out stays; null clears `email` and `phone`.")
class UpdatePersonInput:
    """Changes of a member."""

    person: str = line(40, description="The member's code.")
    version: int | None = strawberry.field(
        default=UNSET, description="The version that was last read; another one is a Conflict."
    )
    name: str | None = line(200, default=None, description="The full name.")
    sector: Sector | None = strawberry.field(default=UNSET, description="Where the member works.")
    email: str | None = clearable(line(254, default=None, description="The e-mail address."))
    phone: str | None = clearable(line(40, default=None, description="The telephone number."))
    idempotency_key: str | None = key()


@strawberry.input(description="A member who belongs to another unit from now on.")
class MovePersonInput:
    """A member who belongs to another unit from now on."""

    person: str = line(40, description="The member's code.")
    unit: str = line(40, description="The code of the unit that the member goes to.")
    reason: str = prose(2_000, description="Why, for the audit log.")
    version: int | None = strawberry.field(
        default=UNSET, description="The version that was last read; another one is a Conflict."
    )
    idempotency_key: str | None = key()


@strawberry.type(description="The member as the mutation left them.")
class PersonPayload:
    """The member as the mutation left them."""

    @sql(queries.people.of_row)
    def person(self) -> Person | None:
        """The member; null where the viewer no longer sees them."""


@shows(PersonRejectedError)
@strawberry.type(description="The rules for the roll of members do not allow it.")
class PersonRejected(Failure):
    """The rules for the roll of members do not allow it."""


AddPersonResult = Annotated[
    PersonPayload | PersonRejected | Refusal, strawberry.union("AddPersonResult")
]
UpdatePersonResult = Annotated[
    PersonPayload | PersonRejected | Refusal, strawberry.union("UpdatePersonResult")
]
MovePersonResult = Annotated[
    PersonPayload | PersonRejected | Refusal, strawberry.union("MovePersonResult")
]


@strawberry.type
class PersonMutations:
    """The roll of members."""

    @mutation(people.add, Permission.PERSON_MANAGE)
    def add_person(self, input: AddPersonInput) -> AddPersonResult:
        """Add a member to a unit."""

    @mutation(people.update, Permission.PERSON_MANAGE)
    def update_person(self, input: UpdatePersonInput) -> UpdatePersonResult:
        """Change a member's name, sector, e-mail address or telephone number."""

    @mutation(people.move, Permission.PERSON_MANAGE)
    def move_person(self, input: MovePersonInput) -> MovePersonResult:
        """Have a member belong to another unit; it takes the permission at both units.

        Totals stay as they are; what the member achieves from now on counts at the new unit.
        """
