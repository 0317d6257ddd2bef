"""What an account's username is, and what may be done with an account.

Source: PROGRAMME.md, "People come and go" and "Separation of duties".
"""

import re

from db.rules.errors import InvalidInputError, Problem, RejectedError

INVITATION_HOURS = 72  # how long an invitation is good
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._@+-]*")


class AccountRejectedError(RejectedError):
    """What the rules for accounts do not allow.

    OWN_ACCOUNT: it is the caller's. ROLES_ELSEWHERE: it has a role where the caller manages no
    accounts. PERSON_HAS_ACCOUNT: the person has another account. ACCOUNT_DISABLED: it is not
    invited. NOT_A_PERSON: a service's account is neither tied to a person nor invited.
    HAS_ACTED: its person has had a hand in initiatives, so it is not tied to another.
    """


def check_username(username: str) -> None:
    """Refuse a name that is easily mistaken for another one. Raises InvalidInputError."""
    if not _USERNAME.fullmatch(username):
        raise InvalidInputError(Problem(("username",), "NOT_A_USERNAME"))


def check_manageable(
    *, own: bool, elsewhere: bool, service: bool = False, disabled: bool = False
) -> None:
    """Refuse to manage an account. `service` and `disabled` where that stands in the way.

    Raises AccountRejectedError.
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
    """Refuse to tie an account to another person than the one who acted with it."""
    if acted:
        raise AccountRejectedError("HAS_ACTED")
