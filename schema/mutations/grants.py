"""Mutations of role grants."""

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


@strawberry.input
class GrantRoleInput:
    """The values of a role grant: a role for an account at a unit and in its subtree."""

    username: str = line(100, description="The username of the account that gets the role.")
    role: Role = strawberry.field(description="The role to give to the account.")
    unit: str = line(40, description="The unit's code.")
    valid_from: date | None = strawberry.field(
        default=UNSET, description="The first day. Omitted: today."
    )
    valid_to: date | None = strawberry.field(
        default=UNSET,
        description="The last day, included, not in the past. Omitted: the role grant has no end.",
    )
    idempotency_key: str | None = key()


@strawberry.input
class RevokeRoleInput:
    """The role grant to revoke."""

    grant: strawberry.ID = node_id("Grant", description="The global id of the role grant.")
    reason: str = prose(2_000, description="The reason, for the audit log.")
    idempotency_key: str | None = key()


@strawberry.type
class GrantPayload:
    """The role grant after the mutation."""

    @sql(queries.people.grant_of_row)
    def grant(self) -> Grant | None:
        """The role grant. Null where the caller no longer sees it."""


@shows(GrantRejectedError)
@strawberry.type
class GrantRejected(Failure):
    """A rule for role grants does not allow the mutation; `code` and `message` name it."""

    left_until: date | None = strawberry.field(
        description="The last day on which the root would still have an ADMIN. Null where it"
        " would have none at all, or where that is not the reason."
    )


GrantRoleResult = Annotated[
    GrantPayload | GrantRejected | Refusal, strawberry.union("GrantRoleResult")
]
RevokeRoleResult = Annotated[
    GrantPayload | GrantRejected | Refusal, strawberry.union("RevokeRoleResult")
]


@strawberry.type
class GrantMutations:
    """Mutations of role grants."""

    @mutation(grants.grant, Permission.GRANT_MANAGE)
    def grant_role(self, input: GrantRoleInput) -> GrantRoleResult:
        """Give another person's account a role at a unit and in its subtree.

        An account with the role AUDITOR only reads, whatever other roles it has. Nobody gives a
        role to an account of their own.
        """

    @mutation(grants.revoke, Permission.GRANT_MANAGE)
    def revoke_role(self, input: RevokeRoleInput) -> RevokeRoleResult:
        """Revoke a role grant of another person's account, at once.

        The root always keeps an ADMIN (code LAST_ADMIN). Nobody revokes a role of their own.
        """
