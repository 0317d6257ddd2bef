"""Sign-in through an external provider, and linking of its subjects to accounts."""

from dataclasses import dataclass, field
from datetime import datetime

from auth.external import codes
from auth.external.trust import Link, Trust
from auth.issuer import accounts, attempts, trail
from auth.issuer.accounts import FEDERATED, Account
from auth.issuer.attempts import Subject
from auth.issuer.issuer import Issuer
from auth.issuer.sign_in import Browser, SignedIn, WrongError, begin_session
from auth.principal import VIETNAM
from auth.tokens import OTP
from db.issuing import Issuing
from db.models.enums import AccountKind, LinkedBy

_LONGEST_EMAIL = 254  # characters


class NotLinkedError(Exception):
    """No account is linked to the subject, and none could be linked."""


@dataclass(frozen=True)
class Somebody:
    """A subject of an external provider; `email` is set only if the provider has verified it."""

    subject: str = field(repr=False)
    email: str | None = field(repr=False)
    amr: frozenset[str]


@dataclass(frozen=True)
class _Arrival:
    """A subject with its provider and browser; `required` is as in `Account.owes_second_factor`."""

    trust: Trust
    somebody: Somebody
    browser: Browser
    required: bool


async def sign_in(issuer: Issuer, trust: Trust, somebody: Somebody, browser: Browser) -> SignedIn:
    """Sign in a subject that is linked, or that can be linked by e-mail address.

    Raises NotLinkedError.
    """
    required = issuer.terms.second_factor_required
    signed_in = await issuer.run(_sign_in, _Arrival(trust, somebody, browser, required))
    if signed_in is None:
        raise NotLinkedError
    return signed_in


async def link(
    issuer: Issuer, trust: Trust, somebody: Somebody, code: str, browser: Browser
) -> SignedIn:
    """Link a subject to the account of a link code, and sign it in.

    Raises WrongError, TooManyTriesError.
    """
    required = issuer.terms.second_factor_required
    arrival = _Arrival(trust, somebody, browser, required)
    await issuer.run(_count, arrival)
    signed_in = await issuer.run(_link, arrival, code)
    if signed_in is None:
        trail.count_failure("linkIdentity", "WRONG_CODE")
        raise WrongError
    return signed_in


def _sign_in(connection: Issuing, now: datetime, arrival: _Arrival) -> SignedIn | None:
    account = _linked(connection, arrival, now)
    trust, email = arrival.trust, arrival.somebody.email
    if account is None and trust.link is Link.EMAIL and _is_address(email):
        day = now.astimezone(VIETNAM).date()
        row = connection.execute(
            "select external_candidate(%s, %s, %s) as id", (email, trust.issuer, day)
        ).fetchone()
        if row is not None and row["id"] is not None:
            account = _linked_now(connection, arrival, row["id"], LinkedBy.EMAIL, now)
    return _begin(connection, now, account, arrival)


def _link(connection: Issuing, now: datetime, arrival: _Arrival, code: str) -> SignedIn | None:
    if arrival.trust.link is not Link.CODE or _linked(connection, arrival, now) is not None:
        return None
    account_id = codes.take(connection, code, now)
    if account_id is None:
        return None
    attempts.forgive(connection, _subjects(arrival), now)
    account = _linked_now(connection, arrival, account_id, LinkedBy.CODE, now)
    return _begin(connection, now, account, arrival)


def _count(connection: Issuing, now: datetime, arrival: _Arrival) -> None:
    attempts.begin(connection, _subjects(arrival), now)


def _subjects(arrival: _Arrival) -> list[Subject]:
    return [
        attempts.of_external(arrival.trust.issuer, arrival.somebody.subject),
        attempts.of_address(arrival.browser.address),
    ]


def _linked(connection: Issuing, arrival: _Arrival, now: datetime) -> Account | None:
    row = connection.execute(
        "select account_id from external_identity where issuer = %s and subject = %s",
        (arrival.trust.issuer, arrival.somebody.subject),
    ).fetchone()
    return None if row is None else accounts.by_id(connection, row["account_id"], now)


def _linked_now(
    connection: Issuing, arrival: _Arrival, account_id: int, way: LinkedBy, now: datetime
) -> Account | None:
    """Link a subject to an account that has no subject of this provider, and return the account.

    If two requests link at the same time, the first one wins. The second returns the account that
    the subject is linked to then, or None.
    """
    connection.execute(
        "insert into external_identity (issuer, subject, account_id, linked_at, linked_by)"
        " values (%s, %s, %s, %s, %s) on conflict do nothing",
        (arrival.trust.issuer, arrival.somebody.subject, account_id, now, way),
    )
    return _linked(connection, arrival, now)


def _begin(
    connection: Issuing, now: datetime, account: Account | None, arrival: _Arrival
) -> SignedIn | None:
    trust = arrival.trust
    if account is None or account.disabled or account.kind != AccountKind.PERSON:
        trail.count_failure("signIn", "NOT_LINKED")
        return None
    amr = [FEDERATED, OTP] if trust.gave_second_factor(arrival.somebody.amr) else [FEDERATED]
    complete = not account.owes_second_factor(amr, required=arrival.required)
    return begin_session(connection, now, account, arrival.browser, amr=amr, complete=complete)


def _is_address(email: str | None) -> bool:
    """Return whether an address can be compared: ASCII letters have exactly one lower-case form."""
    return bool(email and email.isascii() and email.isprintable() and len(email) <= _LONGEST_EMAIL)
