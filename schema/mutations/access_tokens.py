"""Personal access tokens: made and revoked by the account that they are for."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from db import queries
from db.commands import access_tokens
from db.rules.access_token import LONGEST_LIFE, AccessTokenRejectedError
from schema.access_tokens import AccessToken
from schema.compiler.commands import mutation
from schema.compiler.fields import sql
from schema.errors import Failure, Refusal, shows
from schema.inputs import key, line, node_id, several, whole
from schema.messages import says
from schema.scalars import Permission

says(
    {
        "TOO_MANY_TOKENS": (
            "Tài khoản đã có {most} mã truy cập còn hiệu lực; hãy thu hồi bớt.",
            "The account has {most} access tokens that hold; revoke one first.",
        ),
        "OWN_SESSION": (
            "Hãy đăng nhập, hoặc cho phép ứng dụng tạo mã truy cập, để làm việc này.",
            "Sign in for this, or let the application make access tokens.",
        ),
        "SIGN_IN_AGAIN": (
            "Đã quá 10 phút kể từ lần đăng nhập; hãy đăng nhập lại để làm việc này.",
            "You signed in more than 10 minutes ago; sign in again to do this.",
        ),
    }
)


@strawberry.input(description="A token to be made for the viewer's account.")
class CreateAccessTokenInput:
    """A token to be made for the viewer's account."""

    name: str = line(100, description="What it is for, to tell it from others.")
    days: int = whole(1, LONGEST_LIFE, description="How long it holds; at most 366.")
    permissions: list[Permission] | None = several(
        least=1,
        once=lambda permission: permission,
        default=None,
        description="What it is for. To change something usually takes seeing it as well."
        " Without them it holds all that the account may do.",
    )
    unit: str | None = line(
        40,
        default=None,
        description="The code of the unit that it is limited to, with everything below. One's own"
        " initiatives are then not among what it holds.",
    )
    read_only: bool | None = strawberry.field(default=UNSET, description="No mutation takes it.")
    idempotency_key: str | None = key()


@strawberry.input(description="A token to be revoked.")
class RevokeAccessTokenInput:
    """A token to be revoked."""

    access_token: strawberry.ID = node_id("AccessToken")
    idempotency_key: str | None = key()


@strawberry.type(description="The token that was made.")
class CreateAccessTokenPayload:
    """The token that was made."""

    @sql(queries.access_tokens.of_row)
    def access_token(self) -> AccessToken | None:
        """The token."""

    secret: str | None = strawberry.field(
        description="What to send as `Authorization: Bearer …`. It is told this once and kept by"
        " nobody: null where the same idempotency key is sent again."
    )


@strawberry.type(description="The token as it is now.")
class RevokeAccessTokenPayload:
    """The token as it is now."""

    @sql(queries.access_tokens.of_row)
    def access_token(self) -> AccessToken | None:
        """The token."""


@shows(AccessTokenRejectedError)
@strawberry.type(description="A token that an account may not have.")
class AccessTokenRejected(Failure):
    """A token that an account may not have."""

    most: int = strawberry.field(description="How many tokens of an account may hold at once.")


CreateAccessTokenResult = Annotated[
    CreateAccessTokenPayload | AccessTokenRejected | Refusal,
    strawberry.union("CreateAccessTokenResult"),
]
RevokeAccessTokenResult = Annotated[
    RevokeAccessTokenPayload | Refusal, strawberry.union("RevokeAccessTokenResult")
]
# Whoever has been given a role: one of these goes with each but an auditor's, who only reads.
_WITH_A_ROLE = (Permission.INITIATIVE_READ, Permission.INITIATIVE_OWN)


@strawberry.type
class AccessTokenMutations:
    """What programs may do for the viewer; no such program makes or revokes tokens itself."""

    @mutation(access_tokens.create, *_WITH_A_ROLE)
    def create_access_token(self, input: CreateAccessTokenInput) -> CreateAccessTokenResult:
        """Make a token for a program, limited to a part of what the viewer may do."""

    @mutation(access_tokens.revoke, *_WITH_A_ROLE)
    def revoke_access_token(self, input: RevokeAccessTokenInput) -> RevokeAccessTokenResult:
        """Revoke a token of the viewer's; it is refused within five seconds."""
