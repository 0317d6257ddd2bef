"""The pages for sign-in by password and second factor."""

import io

import segno
from starlette.responses import Response

from api.oauth.authorize import destination
from api.oauth.choices import choices
from api.oauth.cookies import DEVICE, SESSION
from api.oauth.visit import Visit, onward, wait
from auth.issuer import second_factor, sign_in, totp
from auth.issuer.attempts import TooManyTriesError
from auth.issuer.sessions import Session
from auth.issuer.sign_in import WrongError
from auth.tokens import OTP

SIGN_IN, SECOND_FACTOR, ENROL = (
    "/oauth/sign-in",
    "/oauth/second-factor",
    "/oauth/second-factor/enrol",
)


async def password(visit: Visit) -> Response:
    """Return the form for a username and a password, and process it."""
    if visit.request.method != "POST":
        return await password_form(visit, to=visit.onward)
    fields = await visit.form()
    to, username = onward(fields.get("to")), fields.get("username", "").strip()
    if not username or "password" not in fields:
        text = visit.text("fill_in")
        return await password_form(visit, to=to, status=422, error=text, username=username)
    try:
        signed_in = await sign_in.by_password(
            visit.issuer, username, fields["password"], visit.browser
        )
    except WrongError:
        text = visit.text("wrong")
        return await password_form(visit, to=to, status=422, error=text, username=username)
    except TooManyTriesError as error:
        text = visit.text("tries", seconds=error.seconds)
        form = await password_form(visit, to=to, status=429, error=text, username=username)
        return wait(form, error.seconds)
    visit.set_cookie(SESSION, signed_in.secret)
    visit.set_cookie(DEVICE, signed_in.device)
    if signed_in.complete:
        return visit.redirect(to)
    return visit.go(SECOND_FACTOR if signed_in.enrolled else ENROL, to)


async def code(visit: Visit) -> Response:
    """Return the form for the second factor's code, and process it."""
    session = visit.session
    if session is None or not session.account.has_totp:
        return visit.go(SIGN_IN, visit.onward)
    if visit.request.method != "POST":
        return await _code_form(visit, to=visit.onward)
    fields = await visit.form()
    to = onward(fields.get("to"))
    try:
        made = await sign_in.by_code(
            visit.issuer, session, fields.get("code", ""), visit.cookie(DEVICE)
        )
    except WrongError:
        return await _code_form(visit, to=to, status=422, error=visit.text("wrong_code"))
    except TooManyTriesError as error:
        text = visit.text("tries", seconds=error.seconds)
        return wait(await _code_form(visit, to=to, status=429, error=text), error.seconds)
    visit.set_cookie(SESSION, made)
    return visit.redirect(to)


async def enrol(visit: Visit) -> Response:
    """Return a new secret for an authenticator app, and process the app's first code."""
    session = visit.session
    if session is None:
        return visit.go(SIGN_IN, visit.onward)
    if session.account.has_totp:
        return visit.redirect(visit.onward)
    if not visit.signed_in_recently:
        return visit.go(SIGN_IN, ENROL)
    if visit.request.method != "POST":
        return await _enrolment(visit, session, to=visit.onward)
    fields = await visit.form()
    to = onward(fields.get("to"))
    try:
        made, codes = await sign_in.enrol(
            visit.issuer, session, fields.get("code", ""), visit.cookie(DEVICE)
        )
    except WrongError:
        return await _enrolment(visit, session, to=to, status=422, error=visit.text("wrong_code"))
    except TooManyTriesError as error:
        text = visit.text("tries", seconds=error.seconds)
        form = await _enrolment(visit, session, to=to, status=429, error=text)
        return wait(form, error.seconds)
    visit.set_cookie(SESSION, made)
    return visit.render("enrolled", codes=codes, to=to)


async def password_form(
    visit: Visit,
    *,
    to: str,
    status: int = 200,
    error: str | None = None,
    username: str = "",
    elsewhere: bool = False,
) -> Response:
    """Return the form for a username and a password, with the other ways to sign in.

    `elsewhere` marks an error that does not concern the form's fields.
    """
    client, destinations = await destination(visit, to)
    return visit.render(
        "sign_in",
        status=status,
        destinations=destinations,
        error=error,
        to=to,
        client=client,
        username=username,
        choices=choices(visit, to),
        wrong=None if elsewhere else error,
        path=SIGN_IN,
        demo=visit.issuer.terms.demo,
        notice=visit.text("password_set") if "set" in visit.query else None,
    )


async def _code_form(
    visit: Visit, *, to: str, status: int = 200, error: str | None = None
) -> Response:
    client, destinations = await destination(visit, to)
    return visit.render(
        "second_factor",
        status=status,
        destinations=destinations,
        error=error,
        to=to,
        client=client,
    )


async def _enrolment(
    visit: Visit, session: Session, *, to: str, status: int = 200, error: str | None = None
) -> Response:
    secret = await visit.issuer.run(
        lambda connection, _: second_factor.pending_secret(connection, session.account.id)
    )
    if secret is None:
        return visit.redirect(to)
    uri, key = totp.uri_of(secret, session.account.username), totp.text_of(secret)
    return visit.render(
        "enrol",
        status=status,
        error=error,
        to=to,
        due=not session.complete and OTP not in session.amr,
        uri=uri,
        key=" ".join(key[start : start + 4] for start in range(0, len(key), 4)),
        picture=_picture(uri),
    )


def _picture(uri: str) -> str:
    """Return a QR code as an SVG element."""
    out = io.BytesIO()
    segno.make(uri, error="m", micro=False).save(
        out,
        kind="svg",
        xmldecl=False,
        svgns=False,
        omitsize=True,
        border=4,
        svgclass="qr",
        lineclass=None,
        nl=False,
    )
    return out.getvalue().decode()
