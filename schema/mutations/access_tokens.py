"""Mutations of personal access tokens."""

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


@strawberry.input
class CreateAccessTokenInput:
    """The values of a new access token of the caller's account."""

    name: str = line(100, description="A name by which the account recognises the token.")
    days: int = whole(1, LONGEST_LIFE, description="For how many days the token is valid.")
    permissions: list[Permission] | None = several(
        least=1,
        once=lambda permission: permission,
        default=None,
        description="The permissions to limit the token to. A mutation usually also needs the"
        " permission to see the object. Omitted: all that the account has.",
    )
    unit: str | None = line(
        40,
        default=None,
        description="The code of the unit to whose subtree the token is limited; it then does"
        " not cover the caller's own initiatives. Omitted: no limit.",
    )
    read_only: bool | None = strawberry.field(
        default=UNSET,
        description="Whether every mutation with the token returns Forbidden. Omitted: false.",
    )
    idempotency_key: str | None = key()


@strawberry.input
class RevokeAccessTokenInput:
    """The access token to revoke."""

    access_token: strawberry.ID = node_id(
        "AccessToken", description="The global id of the access token."
    )
    idempotency_key: str | None = key()


@strawberry.type
class CreateAccessTokenPayload:
    """The new access token."""

    @sql(queries.access_tokens.of_row)
    def access_token(self) -> AccessToken | None:
        """The token's entry. Null where the caller may not see it."""

    secret: str | None = strawberry.field(
        description="The token itself, to send as `Authorization: Bearer …`. It is returned"
        " once and stored nowhere: null where the same idempotency key is sent"
        " again."
    )


@strawberry.type
class RevokeAccessTokenPayload:
    """The access token after the mutation."""

    @sql(queries.access_tokens.of_row)
    def access_token(self) -> AccessToken | None:
        """The token's entry, with `revokedAt`. Null where the caller may not see it."""


@shows(AccessTokenRejectedError)
@strawberry.type
class AccessTokenRejected(Failure):
    """The account has as many valid access tokens as it may have. Revoke one first."""

    most: int = strawberry.field(description="How many valid tokens an account may have.")


CreateAccessTokenResult = Annotated[
    CreateAccessTokenPayload | AccessTokenRejected | Refusal,
    strawberry.union("CreateAccessTokenResult"),
]
RevokeAccessTokenResult = Annotated[
    RevokeAccessTokenPayload | Refusal, strawberry.union("RevokeAccessTokenResult")
]
# Every role has one of these permissions, except AUDITOR, which only reads.
_WITH_A_ROLE = (Permission.INITIATIVE_READ, Permission.INITIATIVE_OWN)


@strawberry.type
class AccessTokenMutations:
    """Mutations of access tokens."""

    @mutation(access_tokens.create, *_WITH_A_ROLE)
    def create_access_token(self, input: CreateAccessTokenInput) -> CreateAccessTokenResult:
        """Create an access token for a program, limited to a part of what the caller may do.

        It takes a sign-in of the last 10 minutes (code SIGN_IN_AGAIN), or an application that may
        create access tokens (code OWN_SESSION).
        """

    @mutation(access_tokens.revoke, *_WITH_A_ROLE)
    def revoke_access_token(self, input: RevokeAccessTokenInput) -> RevokeAccessTokenResult:
        """Revoke an access token of the caller's account.

        The server rejects the token within five seconds. No access token can do this.
        """
