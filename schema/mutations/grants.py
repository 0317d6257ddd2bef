"""Grants: given and taken back."""

from datetime import date
from typing import Annotated

import strawberry
from strawberry import UNSET

from db import queries
from db.commands import grants
from db.rules.grant import GrantRejectedError
from schema.compiler.commands import mutation
from schema.compiler.fields import sql
from schema.errors import Failure, Refusal, shows
from schema.inputs import key, line, node_id, prose
from schema.messages import says
from schema.people import Grant
from schema.scalars import Permission, Role

says(
    {
        "LAST_ADMIN": (
            "Đơn vị gốc phải luôn có quản trị viên (ADMIN).",
            "The root must have an ADMIN at all times.",
        ),
        "ACCOUNT_DISABLED": ("Tài khoản đã bị khóa.", "The account is disabled."),
        "HAS_OTHER_TASKS": (
            "Tài khoản còn quyền ở nơi bạn không quản lý; kiểm tra viên chỉ được đọc.",
            "The account has roles where you do not manage grants, and an auditor only reads.",
        ),
        "UNIT_CLOSED": ("Đơn vị đã giải thể.", "The unit is closed."),
        "OWN_GRANT": (
            (
                "Không ai được trao, thay đổi hay thu hồi vai trò của chính mình;"
                " việc này phải do quản trị viên khác làm."
            ),
            (
                "Nobody gives, changes or takes a role of their own;"
                " another administrator has to do this."
            ),
        ),
    }
)


@strawberry.input(description="A role for an account, at a unit and everything below it.")
class GrantRoleInput:
    """A role for an account, at a unit and everything below it."""

    username: str = line(100)
    role: Role
    unit: str = line(40, description="The unit's code.")
    valid_from: date | None = strawberry.field(
        default=UNSET, description="The first day; today where unsaid."
    )
    valid_to: date | None = strawberry.field(
        default=UNSET, description="The last day; without it the grant does not end."
    )
    idempotency_key: str | None = key()


@strawberry.input(description="A grant to be taken back.")
class RevokeRoleInput:
    """A grant to be taken back."""

    grant: strawberry.ID = node_id("Grant")
    reason: str = prose(2_000, description="For the audit log.")
    idempotency_key: str | None = key()


@strawberry.type(description="The grant as it is now.")
class GrantPayload:
    """The grant as it is now."""

    @sql(queries.people.grant_of_row)
    def grant(self) -> Grant | None:
        """The grant; null once it is not for the viewer any more."""


@shows(GrantRejectedError)
@strawberry.type(description="What the programme's rules for grants do not allow.")
class GrantRejected(Failure):
    """What the programme's rules for grants do not allow."""

    left_until: date | None = strawberry.field(
        description="The last day on which the root would still have an ADMIN, if any."
    )


GrantRoleResult = Annotated[
    GrantPayload | GrantRejected | Refusal, strawberry.union("GrantRoleResult")
]
RevokeRoleResult = Annotated[
    GrantPayload | GrantRejected | Refusal, strawberry.union("RevokeRoleResult")
]


@strawberry.type
class GrantMutations:
    """Who may do what from now on."""

    @mutation(grants.grant, Permission.GRANT_MANAGE)
    def grant_role(self, input: GrantRoleInput) -> GrantRoleResult:
        """Give an account of somebody else a role at a unit and everything below it."""

    @mutation(grants.revoke, Permission.GRANT_MANAGE)
    def revoke_role(self, input: RevokeRoleInput) -> RevokeRoleResult:
        """Take somebody else's grant back, at once; the root always keeps an ADMIN."""
