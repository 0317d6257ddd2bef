"""Mutations of the accounts of members."""

from typing import Annotated

import strawberry

from db import queries
from db.commands import accounts
from db.rules.account import AccountRejectedError
from schema.compiler.commands import mutation
from schema.compiler.fields import sql
from schema.errors import Failure, Refusal, shows
from schema.inputs import key, line, prose
from schema.messages import says
from schema.mutations.grants import GrantRejected
from schema.people import Account
from schema.scalars import Permission

says(
    {
        "NOT_A_USERNAME": (
            "Tên đăng nhập gồm chữ a-z, chữ số và các dấu . _ @ + -, bắt đầu bằng chữ hoặc số.",
            "A username has letters a-z, digits and . _ @ + -, and begins with a letter or digit.",
        ),
        "OWN_ACCOUNT": (
            "Không tự quản lý tài khoản của chính mình; hãy nhờ một quản trị viên khác.",
            "Nobody manages their own account; ask another administrator.",
        ),
        "ROLES_ELSEWHERE": (
            "Tài khoản có vai trò ở nơi bạn không quản lý; hãy nhờ quản trị viên cấp trên.",
            "The account has a role outside your subtree; ask an administrator above.",
        ),
        "PERSON_HAS_ACCOUNT": (
            "Người này đã có tài khoản khác.",
            "This person has another account already.",
        ),
        "HAS_ACTED": (
            "Người có tài khoản này đã viết hoặc xét sáng kiến; hãy tạo tài khoản khác.",
            "The account's person has had a hand in initiatives; create another account.",
        ),
        "NOT_A_PERSON": (
            "Đây là tài khoản của một dịch vụ, không phải của một người.",
            "This is the account of a service, not of a person.",
        ),
    }
)


@strawberry.input
class CreateAccountInput:
    """The values of a new account of a member."""

    person: str = line(40, description="The member's code. A member has at most one account.")
    username: str = line(
        100,
        description="The name to sign in with: letters a-z, digits and `. _ @ + -`. It cannot"
        " be changed later.",
    )
    invite: bool = strawberry.field(
        default=True,
        description="Whether to create an invitation at once; `inviteAccount` creates one later.",
    )
    idempotency_key: str | None = key()


@strawberry.input
class UpdateAccountInput:
    """The changes of an account. Omitted fields stay as they are."""

    username: str = line(100, description="The account's username.")
    person: str | None = line(
        40, default=None, description="The code of the member to tie the account to."
    )
    disabled: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="True ends the account's sessions, tokens and invitation for good, and it"
        " cannot sign in. False lets it sign in again, with the roles that it has.",
    )
    reason: str | None = prose(2_000, default=None, description="The reason, for the audit log.")
    idempotency_key: str | None = key()


@strawberry.input
class InviteAccountInput:
    """The account to invite."""

    username: str = line(100, description="The account's username.")
    idempotency_key: str | None = key()


@strawberry.type
class AccountPayload:
    """The account after the mutation."""

    @sql(queries.people.account_of_row)
    def account(self) -> Account | None:
        """The account. Null where the caller no longer sees it."""

    invitation: str | None = strawberry.field(
        description="The path, on this server, of the page on which the account's holder"
        " chooses a password. It works once, for 72 hours, and is returned once:"
        " null where the same idempotency key is sent again, and where the mutation"
        " created no invitation."
    )


@shows(AccountRejectedError)
@strawberry.type
class AccountRejected(Failure):
    """A rule for accounts does not allow the mutation; `code` and `message` name it."""


CreateAccountResult = Annotated[
    AccountPayload | AccountRejected | Refusal, strawberry.union("CreateAccountResult")
]
UpdateAccountResult = Annotated[
    AccountPayload | AccountRejected | GrantRejected | Refusal,
    strawberry.union("UpdateAccountResult"),
]
InviteAccountResult = Annotated[
    AccountPayload | AccountRejected | Refusal, strawberry.union("InviteAccountResult")
]


@strawberry.type
class AccountMutations:
    """Mutations of accounts."""

    @mutation(accounts.create, Permission.ACCOUNT_MANAGE)
    def create_account(self, input: CreateAccountInput) -> CreateAccountResult:
        """Create the account of a member; `grantRole` then gives it roles."""

    @mutation(accounts.update, Permission.ACCOUNT_MANAGE)
    def update_account(self, input: UpdateAccountInput) -> UpdateAccountResult:
        """Tie an account to a member, disable it or enable it.

        The permission is needed at the member's unit and wherever the account has a role. Nobody
        manages their own account.
        """

    @mutation(accounts.invite, Permission.ACCOUNT_MANAGE)
    def invite_account(self, input: InviteAccountInput) -> InviteAccountResult:
        """Create a link on which an account's holder chooses a password; earlier links end.

        The permission is needed at the member's unit and wherever the account has a role. Nobody
        manages their own account.
        """
