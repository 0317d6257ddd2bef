"""The pages of an account: overview, change of password, invitation."""

from collections.abc import Awaitable, Callable

from starlette.responses import Response

from api.oauth.cookies import SESSION
from api.oauth.sign_in import SIGN_IN
from api.oauth.visit import Visit
from auth.issuer import sign_in
from auth.issuer.attempts import TooManyTriesError
from auth.issuer.passwords import WeakPasswordError
from auth.issuer.sessions import Session
from auth.issuer.sign_in import NotInvitedError, WrongError

PASSWORD = "/oauth/password"  # noqa: S105 - a path
KEEP = "keep_tokens"
"""The form field that keeps personal access tokens; without it all of them are revoked."""


async def account(visit: Visit) -> Response:
    """Return the page of the account that is signed in."""
    session = visit.signed_in
    if session is None:
        return visit.redirect(SIGN_IN)
    return visit.render("account", account=session.account, notice=None)


async def password(visit: Visit) -> Response:
    """Return the form that changes the password, and process it."""
    session = visit.signed_in
    if session is None:
        return visit.go(SIGN_IN, PASSWORD)
    if visit.request.method != "POST":
        return visit.render("password")
    fields = await visit.form()
    problem = await _problem(visit, fields, lambda: _changed(visit, session, fields))
    if problem is not None:
        return visit.render("password", status=422, error=problem)
    return visit.render("account", account=session.account, notice=visit.text("password_changed"))


async def invitation(visit: Visit) -> Response:
    """Return the form in which an invited person sets a password, and process it."""
    token = visit.request.path_params["token"]
    try:
        invited = await sign_in.invited(visit.issuer, token)
        if visit.request.method != "POST":
            return visit.render("invitation", username=invited.username)
        fields = await visit.form()
        problem = await _problem(
            visit,
            fields,
            lambda: sign_in.accept(visit.issuer, token, fields["new"], keep_tokens=KEEP in fields),
        )
    except NotInvitedError:
        return visit.render("error", status=404, error=visit.text("not_invited"))
    if problem is not None:
        return visit.render("invitation", status=422, error=problem, username=invited.username)
    return visit.redirect(f"{SIGN_IN}?set=1")


async def _changed(visit: Visit, session: Session, fields: dict[str, str]) -> None:
    made = await sign_in.change_password(
        *(visit.issuer, session, fields.get("current", ""), fields["new"]),
        keep_tokens=KEEP in fields,
    )
    visit.set_cookie(SESSION, made)


async def _problem(
    visit: Visit, fields: dict[str, str], change: Callable[[], Awaitable[None]]
) -> str | None:
    """Change a password; return the error message, or None where it succeeds."""
    if "new" not in fields or "repeat" not in fields:
        return visit.text("fill_in")
    if fields["new"] != fields["repeat"]:
        return visit.text("differ")
    try:
        await change()
    except WeakPasswordError as error:
        return visit.text(f"weak_{error.reason}")
    except WrongError:
        return visit.text("wrong_current")
    except TooManyTriesError as error:
        return visit.text("tries", seconds=error.seconds)
    return None
