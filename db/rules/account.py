"""Rules of usernames and of the management of accounts.

Source: PROGRAMME.md, "People come and go" and "Separation of duties".
"""

import re

from db.rules.errors import InvalidInputError, Problem, RejectedError

INVITATION_HOURS = 72  # validity of an invitation
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._@+-]*")


class AccountRejectedError(RejectedError):
    """The rules for accounts do not allow it.

    OWN_ACCOUNT: the account is the caller's. ROLES_ELSEWHERE: it has a role where the caller does
    not manage accounts. PERSON_HAS_ACCOUNT: the person has another account. ACCOUNT_DISABLED: a
    disabled account cannot be invited. NOT_A_PERSON: a service account cannot be tied to a person
    or invited. HAS_ACTED: its person has had a hand in initiatives, so the tie cannot change.
    """


def check_username(username: str) -> None:
    """Raise InvalidInputError for a username that is easily mistaken for another one."""
    if not _USERNAME.fullmatch(username):
        raise InvalidInputError(Problem(("username",), "NOT_A_USERNAME"))


def check_manageable(
    *, own: bool, elsewhere: bool, service: bool = False, disabled: bool = False
) -> None:
    """Raise AccountRejectedError if the caller may not manage an account.

    Pass `service` and `disabled` only for actions that these rule out.
    """
    for stands_in_the_way, code in (
        (own, "OWN_ACCOUNT"),
        (elsewhere, "ROLES_ELSEWHERE"),
        (service, "NOT_A_PERSON"),
        (disabled, "ACCOUNT_DISABLED"),
    ):
        if stands_in_the_way:
            raise AccountRejectedError(code)


def check_tie(*, acted: bool) -> None:
    """Raise AccountRejectedError if an account that has acted would be tied to another person."""
    if acted:
        raise AccountRejectedError("HAS_ACTED")
