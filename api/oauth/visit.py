"""A browser's request to one of our pages: its language, session and form."""

import hmac
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from api.addresses import address_of
from api.identities import is_same_site
from api.limits import LimitedError
from api.oauth import page
from api.oauth.cookies import DEVICE, FORM, LANGUAGE, SESSION, Cookies
from api.oauth.limits import Limits
from api.oauth.parameters import ParametersError, form_of, query_of
from api.oauth.texts import LANGUAGES, Texts, language_for
from api.refusals import AGAIN, correlation, note, unavailable_code
from auth.issuer.issuer import Issuer
from auth.issuer.sessions import Session
from auth.issuer.sign_in import Browser
from db.request_context import called_by, refused
from db.rules import secret
from db.sessions import TooSlowError
from db.traces import trace
from db.unavailable import UnavailableError

ACCOUNT = "/oauth/account"
# The code in the log for a rejection without a code of its own.
_CODES = {
    400: "BAD_REQUEST",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    413: "BODY_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: "INVALID_INPUT",
    429: "TOO_MANY_TRIES",
    500: "INTERNAL",
}
_LEAST_REFUSED = 400
_ONWARD = re.compile(r"/graphql|/oauth/(account|password|second-factor/enrol|authorize\?[!-~]+)")

_LOG = logging.getLogger("sangkien.identity")


class ForgedFormError(Exception):
    """The form does not come from a page that this browser received."""


class Visit:
    """The data of a request that pages need, and the cookies that the response sets."""

    def __init__(self, request: Request, action: str) -> None:
        self.request = request
        self._address = address_of(request)
        issuer: Issuer = request.app.state.issuer
        self.issuer = issuer.asked(action, self._address)
        self._cookies: Cookies = request.app.state.cookies
        self.query: dict[str, str] = {}
        self.session: Session | None = None
        self._set: dict[str, str | None] = {}
        self._form_secret = self.cookie(FORM) or ""
        self.language = self._preferred_language({})

    async def begin(self) -> None:
        """Read the query and look up the session. Raises ParametersError."""
        self.query = query_of(self.request)
        self.language = self._preferred_language(self.query)
        if self.query.get("ui_locales"):
            self._set[LANGUAGE] = self.language
        self.session = await self.issuer.session(self.cookie(SESSION))
        if self.session is not None:
            called_by(self.session.account.id)
        elif self.cookie(SESSION):
            self._set[SESSION] = None

    @property
    def signed_in(self) -> Session | None:
        """The session, if it meets all of today's requirements."""
        required = self.issuer.terms.second_factor_required
        whole = self.session is not None and self.session.is_whole(required=required)
        return self.session if whole else None

    @property
    def signed_in_recently(self) -> bool:
        """Whether the sign-in was within `sessions.RECENT`; the session may be incomplete."""
        return self.session is not None and self.session.is_recent(self.issuer.clock())

    @property
    def browser(self) -> Browser:
        """The browser that signs in: its address, device and session."""
        return Browser(self._address or "", self.cookie(DEVICE), self.session)

    @property
    def onward(self) -> str:
        """The page after signing in: one of our own."""
        return onward(self.query.get("to"))

    def cookie(self, name: str) -> str | None:
        """Return the value of one of our cookies."""
        return self._cookies.get(self.request, name)

    def set_cookie(self, name: str, value: str | None) -> None:
        """Set a cookie in the response; None deletes it."""
        self._set[name] = value

    def text(self, key: str, **facts: object) -> str:
        """Return a text in the language of the visit."""
        return Texts(self.language)(key, **facts)

    async def form(self) -> dict[str, str]:
        """Return the fields of a form that one of our pages sent.

        Raises ParametersError, ForgedFormError.
        """
        fields = await form_of(self.request)
        given = fields.pop("csrf", "")
        if not self._form_secret or not is_same_site(self.request, self.issuer.terms.issuer):
            raise ForgedFormError
        if not hmac.compare_digest(given.encode(), self._proof().encode()):
            raise ForgedFormError
        return fields

    def render(
        self,
        template: str,
        *,
        status: int = 200,
        destinations: Sequence[str] = (),
        error: str | None = None,
        code: str | None = None,
        **facts: Any,
    ) -> Response:
        """Return a page; `error` is the text of its error summary, `code` the code in the log."""
        if status >= _LEAST_REFUSED:
            refused(code or _CODES.get(status, "REFUSED"))
        if not self._form_secret:
            self._form_secret = self._set[FORM] = secret.new()
        return self._with_cookies(
            page.render(
                template,
                self.language,
                status=status,
                destinations=destinations,
                csrf=self._proof(),
                error=error,
                **{"other": self._other_language(), "path": self.request.url.path, **facts},
            )
        )

    def redirect(self, path: str) -> Response:
        """Return a redirect (303) to a URL."""
        headers = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
        return self._with_cookies(RedirectResponse(path, 303, headers=headers))

    def go(self, page_path: str, to: str) -> Response:
        """Return a redirect to one of our pages, which then continues to another one."""
        return self.redirect(page_path if to == ACCOUNT else f"{page_path}?to={quote(to, safe='')}")

    def _proof(self) -> str:
        """Return the CSRF token of a form, derived from the browser's and the session's secret.

        A new session has another token, so a form from before the sign-in is rejected after it.
        """
        session = self._set.get(SESSION, self.cookie(SESSION)) or ""
        return hmac.digest(self._form_secret.encode(), session.encode(), "sha256").hex()

    def _preferred_language(self, query: dict[str, str]) -> str:
        return (
            language_for(query.get("ui_locales", ""))
            or language_for(self.cookie(LANGUAGE) or "")
            or language_for(self.request.headers.get("accept-language", ""))
            or next(iter(LANGUAGES))
        )

    def _other_language(self) -> str:
        """Return the query that opens the same page in the other language."""
        other = next(language for language in LANGUAGES if language != self.language)
        kept = {name: value for name, value in self.query.items() if name != "ui_locales"}
        pairs = {**kept, "ui_locales": other}.items()
        return "?" + "&".join(
            f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs
        )

    def _with_cookies(self, response: Response) -> Response:
        for name, value in self._set.items():
            self._cookies.set(response, name, value)
        return response


def wait(response: Response, seconds: int) -> Response:
    """Add the header Retry-After to a response."""
    response.headers["Retry-After"] = str(seconds)
    return response


def onward(path: str | None) -> str:
    """Return a path to which a sign-in may continue; any other becomes the account's page."""
    return path if path and _ONWARD.fullmatch(path) else ACCOUNT


def visited(
    action: str, handle: Callable[[Visit], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint from a function that handles a visit; errors become pages.

    Audit events of the visit's changes carry `action`.
    """

    async def endpoint(request: Request) -> Response:
        visit = Visit(request, action)
        limits: Limits = request.app.state.oauth_limits
        try:
            with limits.admitted(request):
                await visit.begin()
                return await handle(visit)
        except LimitedError as error:
            text = visit.text("limited", seconds=error.retry_after)
            limited = visit.render("error", status=429, error=text, code=error.code)
            return wait(limited, error.retry_after)
        except ClientDisconnect:
            return Response(status_code=400)  # the client has disconnected
        except ParametersError as error:
            text = visit.text("refused", reason=str(error))
            return visit.render("error", status=error.status, error=text)
        except ForgedFormError:
            return visit.render("error", status=403, error=visit.text("forged"), code="CSRF")
        except (UnavailableError, TooSlowError) as error:
            note(error)
            text, code = visit.text("unavailable"), unavailable_code(error)
            response = visit.render("error", status=503, error=text, code=code)
            response.headers.update(AGAIN)
            return response
        except Exception as error:  # noqa: BLE001 - every error gets a response
            correlation_id = correlation()
            _LOG.error("unexpected error %s: %s", correlation_id, trace(error))
            text = visit.text("internal", correlation_id=correlation_id)
            return visit.render("error", status=500, error=text)

    return endpoint
