"""Error responses, by the type of error."""

import logging
import uuid
from functools import singledispatch

from starlette.responses import Response

from api import answers
from api.bodies import BodyError
from api.limits import LimitedError
from auth.external.provider import IssuerUnavailableError
from auth.external.verifiers import NotLinkedError
from auth.principal import UnknownAccountError
from auth.tokens import OneFactorError, TokenError
from db.outages import OUTAGES, is_outage
from db.request_context import CURRENT
from db.sessions import OneAtATimeError, TooSlowError
from db.traces import trace
from db.unavailable import (
    BusyError,
    CommitUnknownError,
    LockedError,
    NotReadBackError,
    UnavailableError,
)
from schema.compiler.errors import RefusedError

_LOG = logging.getLogger("sangkien.graphql")
AGAIN = {"Retry-After": "2"}
"""Headers of a response to a request that can be retried soon."""
_UNKNOWN = (
    "The database went away while the mutation was committed: it may be carried out or not. "
    "Send it again with the same idempotencyKey; without one, look first."
)
_COMMITTED = (
    "The mutation is carried out, but its result could not be read. "
    "Send it again with the same idempotencyKey to read it; without one, do not."
)


def note(error: Exception) -> None:
    """Log a request that was rejected because of the database."""
    if is_outage(error):
        OUTAGES.note(error, "a request was refused")
    else:
        _LOG.warning("a request took too long")


def unavailable_code(error: UnavailableError | TooSlowError) -> str:
    """Return the code of an error after which the request can be retried."""
    if isinstance(error, TooSlowError):
        return "TIMEOUT"
    return "BUSY" if isinstance(error, BusyError) else "UNAVAILABLE"


def correlation() -> str:
    """Return the id of the current request, which identifies an unexpected error in the log."""
    context = CURRENT.get()
    return uuid.uuid4().hex if context is None else context.id


@singledispatch
def refusal(error: Exception, media: str) -> Response:
    """Return the response to an error. An unexpected one is logged; the caller only gets its id."""
    correlation_id = correlation()
    _LOG.error("unexpected error %s: %s", correlation_id, trace(error))
    return answers.failed(
        500,
        "INTERNAL",
        "Something went wrong on our side; it was logged under this id.",
        media,
        correlationId=correlation_id,
    )


@refusal.register
def _(error: BodyError, media: str) -> Response:
    return answers.failed(error.status, error.code, str(error), media, headers=error.headers)


@refusal.register
def _(error: LimitedError, media: str) -> Response:
    headers = {"Retry-After": str(error.retry_after)}
    return answers.failed(error.status, error.code, str(error), media, headers=headers)


@refusal.register
def _(error: RefusedError, media: str) -> Response:
    return answers.refused(error.errors, media)


@refusal.register
def _(error: TokenError, media: str) -> Response:
    return _unauthenticated(str(error), media)


@refusal.register
def _(error: NotLinkedError, media: str) -> Response:
    return answers.failed(403, "NOT_LINKED", str(error), media)


@refusal.register
def _(error: OneFactorError, media: str) -> Response:
    return answers.failed(403, "SECOND_FACTOR_NEEDED", str(error), media)


@refusal.register
def _(error: IssuerUnavailableError, media: str) -> Response:
    _LOG.warning("a token could not be verified: %s", str(error))
    message = "The issuer of this token cannot be reached; try again."
    headers = {"Retry-After": "10"}
    return answers.failed(503, "ISSUER_UNAVAILABLE", message, media, headers=headers)


@refusal.register
def _(_: UnknownAccountError, media: str) -> Response:
    return _unauthenticated("The token's account does not exist or is disabled.", media)


@refusal.register
def _(error: UnavailableError, media: str) -> Response:
    note(error)
    message = "The database is not available; try again."
    return answers.failed(503, "UNAVAILABLE", message, media, headers=AGAIN)


@refusal.register
def _(error: CommitUnknownError, media: str) -> Response:
    note(error)
    return answers.failed(503, "UNAVAILABLE", _UNKNOWN, media, headers=AGAIN, outcome="UNKNOWN")


@refusal.register
def _(error: NotReadBackError, media: str) -> Response:
    note(error)
    return answers.failed(503, "UNAVAILABLE", _COMMITTED, media, headers=AGAIN, outcome="COMMITTED")


@refusal.register
def _(error: BusyError, media: str) -> Response:
    message = "Too much is asked for at this moment; try again."
    return _busy(error, "QUEUE", message, media)


@refusal.register
def _(error: LockedError, media: str) -> Response:
    message = "Others are changing the same, such as by an import at the unit; try again later."
    return _busy(error, "LOCKED", message, media)


@refusal.register
def _(_: TooSlowError, media: str) -> Response:
    message = "The operation took too long and was stopped; ask for less."
    return answers.failed(503, "TIMEOUT", message, media)


def _busy(error: BusyError, reason: str, message: str, media: str) -> Response:
    headers = {"Retry-After": str(error.retry_after)}
    return answers.failed(503, "BUSY", message, media, headers=headers, reason=reason)


@refusal.register
def _(_: OneAtATimeError, media: str) -> Response:
    message = "Another verification is running; try again."
    headers = {"Retry-After": "10"}
    return answers.failed(503, "BUSY", message, media, headers=headers, reason="ONE_AT_A_TIME")


def _unauthenticated(message: str, media: str) -> Response:
    challenge = 'Bearer realm="sangkien", error="invalid_token"'
    headers = {"WWW-Authenticate": challenge}
    return answers.failed(401, "UNAUTHENTICATED", message, media, headers=headers)
