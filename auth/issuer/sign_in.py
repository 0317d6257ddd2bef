"""Sign-in by password and second factor, invitations, and password changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from auth.issuer import (
    accounts,
    attempts,
    devices,
    families,
    invitations,
    personal_tokens,
    second_factor,
    sessions,
    trail,
)
from auth.issuer.accounts import PASSWORD, Account
from auth.issuer.attempts import Subject
from auth.issuer.issuer import Issuer
from auth.issuer.passwords import check_strength
from auth.issuer.sessions import Session
from auth.tokens import OTP
from db.issuing import Issuing
from db.models.enums import AccountKind
from db.rules import secret
from db.seed.demo_accounts import PASSWORD as DEMO_PASSWORD


class WrongError(Exception):
    """The username, password or code is wrong; the error does not reveal which."""


class NotInvitedError(Exception):
    """The invitation is unknown, used or expired."""


@dataclass(frozen=True)
class Browser:
    """The client address, the device cookie, and the session that the browser still has."""

    address: str
    device: str | None = field(repr=False)
    session: Session | None


@dataclass(frozen=True)
class SignedIn:
    """The new secrets of the session and the device, for their cookies."""

    secret: str = field(repr=False)
    device: str = field(repr=False)
    complete: bool
    enrolled: bool


@dataclass(frozen=True)
class _Try:
    """A counted attempt: its account, if one exists, and its counters."""

    account: Account | None
    subjects: Sequence[Subject]
    browser: Browser


async def by_password(issuer: Issuer, username: str, password: str, browser: Browser) -> SignedIn:
    """Sign a person in. Raises WrongError, TooManyTriesError, BusyError.

    A username that does not exist, or is not a person's, costs the same work and the same time.
    """
    tried = await issuer.run(_count, username, browser)
    account = tried.account
    may = account is not None and not account.disabled and account.kind == AccountKind.PERSON
    right = await issuer.passwords.verify(
        account.password_hash if account and may else None, password, browser.address
    )
    if password == DEMO_PASSWORD and not issuer.terms.demo:
        right = False  # demo accounts can be used only in a demo
    if account is None:
        trail.count_failure("signIn", "UNKNOWN")
        raise WrongError
    if not right:
        # In the background: the response takes as long as that for an unknown username.
        issuer.run_later(trail.record_failure, "signIn", account.id, "WRONG_PASSWORD")
        raise WrongError
    due = account.owes_second_factor([PASSWORD], required=issuer.terms.second_factor_required)
    return await issuer.run(_begin, account, tried, complete=not due)


async def by_code(issuer: Issuer, session: Session, code: str, device: str | None) -> str:
    """Complete a session with its second factor, and return its new secret.

    Raises WrongError, TooManyTriesError.
    """
    await issuer.run(_count_factor, session.account.id, "totp")
    made = await issuer.run(_complete, session, code, device)
    if made is None:
        raise WrongError
    return made


async def enrol(
    issuer: Issuer, session: Session, code: str, device: str | None
) -> tuple[str, list[str]]:
    """Set up a second factor; return the session's new secret and the recovery codes.

    Raises WrongError, TooManyTriesError.
    """
    await issuer.run(_count_factor, session.account.id, "totp")
    made = await issuer.run(_enrol, session, code, device)
    if made is None:
        raise WrongError
    return made


async def change_password(
    issuer: Issuer, session: Session, current: str, new: str, *, keep_tokens: bool
) -> str:
    """Change the password and return the session's new secret; all other sessions end.

    Personal access tokens and the session's token families are revoked unless `keep_tokens`.

    Raises WrongError, TooManyTriesError, WeakPasswordError, BusyError.
    """
    check_strength(new, session.account.username)
    await issuer.run(_count_factor, session.account.id, "password")
    if not await issuer.passwords.verify(session.account.password_hash, current, issuer.address):
        await issuer.run(
            trail.record_failure, "changePassword", session.account.id, "WRONG_PASSWORD"
        )
        raise WrongError
    password_hash = await issuer.passwords.hash(new, issuer.address)
    return await issuer.run(_change_password, session, password_hash, keep_tokens=keep_tokens)


async def accept(issuer: Issuer, token: str, password: str, *, keep_tokens: bool) -> None:
    """Accept an invitation by setting a password; every session of the account ends.

    Personal access tokens are revoked unless `keep_tokens`.

    Raises NotInvitedError, WeakPasswordError, BusyError.
    """
    account = await invited(issuer, token)
    check_strength(password, account.username)
    password_hash = await issuer.passwords.hash(password, issuer.address)
    if not await issuer.run(_accept, token, password_hash, keep_tokens=keep_tokens):
        raise NotInvitedError


async def invited(issuer: Issuer, token: str) -> Account:
    """Return the account of an invitation. Raises NotInvitedError."""
    account = await issuer.run(_invited, token)
    if account is None:
        raise NotInvitedError
    return account


def _count(connection: Issuing, now: datetime, username: str, browser: Browser) -> _Try:
    account = accounts.by_name(connection, username, now)
    device, account_id = browser.device or "", account.id if account else 0
    if devices.is_known(connection, device, account_id, now):
        subjects = [attempts.of_device(device, username)]
    else:
        subjects = [
            attempts.of_account_from(username, browser.address),
            attempts.of_address(browser.address),
            attempts.of_account(username),
        ]
    attempts.begin(connection, subjects, now)
    return _Try(account, subjects, browser)


def _begin(
    connection: Issuing, now: datetime, account: Account, tried: _Try, *, complete: bool
) -> SignedIn:
    attempts.forgive(connection, tried.subjects, now)
    return begin_session(connection, now, account, tried.browser, amr=[PASSWORD], complete=complete)


def begin_session(
    connection: Issuing,
    now: datetime,
    account: Account,
    browser: Browser,
    *,
    amr: Sequence[str],
    complete: bool,
) -> SignedIn:
    """Begin a session with the factors given, or renew the browser's session of the account.

    If the browser's session is of another account, that session ends.
    """
    device = browser.device or secret.new()
    known = devices.is_known(connection, device, account.id, now)
    facts = {"factors": list(amr), "complete": complete, "device": "known" if known else "new"}
    trail.record(connection, now, "signIn", account.id, **facts)
    if complete:
        devices.remember(connection, device, account.id, now)
    old = browser.session
    if old is not None and old.account.id == account.id:
        made = sessions.renew(connection, old, amr=amr, complete=complete, now=now)
    else:
        if old is not None:
            sessions.end(connection, old, now)
        made = sessions.begin(connection, account.id, amr=amr, complete=complete, now=now)
    return SignedIn(made, device, complete, account.has_totp)


def _count_factor(connection: Issuing, now: datetime, account_id: int, factor: str) -> None:
    attempts.begin(connection, [attempts.of_factor(account_id, factor)], now)


def _complete(
    connection: Issuing, now: datetime, session: Session, code: str, device: str | None
) -> str | None:
    account_id = session.account.id
    if not second_factor.verify(connection, account_id, code, now):
        trail.record_failure(connection, now, "secondFactor", account_id, "WRONG_CODE")
        return None
    trail.record(connection, now, "secondFactor", account_id)
    return _second_factor_given(connection, now, session, device)


def _enrol(
    connection: Issuing, now: datetime, session: Session, code: str, device: str | None
) -> tuple[str, list[str]] | None:
    account_id = session.account.id
    codes = second_factor.confirm(connection, account_id, code, now)
    if codes is None:
        trail.record_failure(connection, now, "enrolSecondFactor", account_id, "WRONG_CODE")
        return None
    return _second_factor_given(connection, now, session, device), codes


def _second_factor_given(
    connection: Issuing, now: datetime, session: Session, device: str | None
) -> str:
    attempts.forgive(connection, [attempts.of_factor(session.account.id, "totp")], now)
    if device is not None:
        devices.remember(connection, device, session.account.id, now)
    amr = [*(name for name in session.amr if name != OTP), OTP]
    return sessions.renew(connection, session, amr=amr, complete=True, now=now)


def _change_password(
    connection: Issuing, now: datetime, session: Session, password_hash: str, *, keep_tokens: bool
) -> str:
    attempts.forgive(connection, [attempts.of_factor(session.account.id, "password")], now)
    accounts.set_password(connection, session.account.id, password_hash)
    sessions.end_all(connection, session.account.id, now, but=session)
    if not keep_tokens:
        families.revoke_of_session(connection, session.id, now)
        personal_tokens.end(connection, session.account.id, now)
    return sessions.renew(connection, session, amr=session.amr, complete=True, now=now)


def _invited(connection: Issuing, now: datetime, token: str) -> Account | None:
    return invitations.invited(connection, token, now)


def _accept(
    connection: Issuing, now: datetime, token: str, password_hash: str, *, keep_tokens: bool
) -> bool:
    account = invitations.invited(connection, token, now)
    if account is None:
        return False
    accounts.set_password(connection, account.id, password_hash)
    invitations.use(connection, token)
    sessions.end_all(connection, account.id, now)
    if not keep_tokens:
        personal_tokens.end(connection, account.id, now)
    return True
