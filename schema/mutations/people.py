"""Mutations of people."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from db import queries
from db.commands import people
from db.rules.person import PersonRejectedError
from schema.compiler.commands import mutation
from schema.compiler.fields import sql
from schema.errors import Failure, Refusal, shows
from schema.inputs import clearable, code, key, line, prose, read_version
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


@strawberry.input
class AddPersonInput:
    """The values of a new member of a unit."""

    code: str = code(description="The member's code, which no other member has.")
    name: str = line(200, description="The full name.")
    unit: str = line(40, description="The code of the unit that the member belongs to.")
    sector: Sector = strawberry.field(description="Where the member works.")
    email: str | None = line(254, default=None, description="The e-mail address.")
    phone: str | None = line(40, default=None, description="The telephone number.")
    idempotency_key: str | None = key()


@strawberry.input
class UpdatePersonInput:
    """The changes of a member. Omitted fields stay; null clears `email` and `phone`."""

    person: str = line(40, description="The member's code.")
    version: int | None = read_version("member")
    name: str | None = line(200, default=None, description="The full name.")
    sector: Sector | None = strawberry.field(default=UNSET, description="Where the member works.")
    email: str | None = clearable(
        line(
            254,
            default=None,
            description="The e-mail address. Null clears it. It cannot change while the member has"
            " an account.",
        )
    )
    phone: str | None = clearable(
        line(40, default=None, description="The telephone number. Null clears it.")
    )
    idempotency_key: str | None = key()


@strawberry.input
class MovePersonInput:
    """The move of a member to another unit."""

    person: str = line(40, description="The member's code.")
    unit: str = line(40, description="The code of the unit that the member moves to.")
    reason: str = prose(2_000, description="The reason, for the audit log.")
    version: int | None = read_version("member")
    idempotency_key: str | None = key()


@strawberry.type
class PersonPayload:
    """The member after the mutation."""

    @sql(queries.people.of_row)
    def person(self) -> Person | None:
        """The member. Null where the caller no longer sees the member."""


@shows(PersonRejectedError)
@strawberry.type
class PersonRejected(Failure):
    """A rule for members does not allow the mutation; `code` and `message` name it."""


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
    """Mutations of people."""

    @mutation(people.add, Permission.PERSON_MANAGE)
    def add_person(self, input: AddPersonInput) -> AddPersonResult:
        """Add a member to a unit."""

    @mutation(people.update, Permission.PERSON_MANAGE)
    def update_person(self, input: UpdatePersonInput) -> UpdatePersonResult:
        """Change a member's name, sector, e-mail address or telephone number."""

    @mutation(people.move, Permission.PERSON_MANAGE)
    def move_person(self, input: MovePersonInput) -> MovePersonResult:
        """Move a member to another unit. The permission is needed at both units.

        Totals stay as they are; what the member achieves from now on counts at the new unit.
        """
