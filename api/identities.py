"""Who sends a request: the bearer of a token, or the browser session of our own pages.

The two never mix: a request that brings both is refused. What a browser sends by itself, the
cookie, counts only with what another site cannot make it send: a header of our own.
"""

from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from api import answers
from api.addresses import address_of
from api.limits import Crowd, Rate, stranger
from api.oauth.cookies import SESSION, Cookies
from api.refusals import refusal
from auth.access_tokens import AccessTokens
from auth.client_limits import ClientLimits
from auth.external.verifiers import Verifiers
from auth.issuer.issuer import Issuer
from auth.narrowing import WHOLE, Narrowing
from auth.tokens import OTP, READ, TOKENS, WRITE, Claims, TokenError
from auth.uses import Uses
from db.rules.access_token import PREFIX

CSRF_HEADER = "X-Sangkien-CSRF"
_BEARER = "bearer "
# Personal access tokens never seen before that one address may show a worker, a second and at once.
_GUESSES = (20.0, 500)
# Requests by cookie that look their session up at once: of all, and of one address.
_LOOKING = (1_000, 32)


class IdentityError(Exception):
    """Credentials that are not taken, for a reason other than an invalid token."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@refusal.register
def _(error: IdentityError, media: str) -> Response:
    return answers.failed(error.status, error.code, str(error), media)


@dataclass(frozen=True)
class Identity:
    """Who is asking, None for nobody, by which application, and what that may be used for.

    `narrowing` is the part of the account's permissions that the credentials hold; `expires` when
    they end at the latest, in seconds since 1970, where that is known; `signed_in_at` when
    a browser session was last signed in to.
    """

    username: str | None
    scope: frozenset[str]
    client_id: str | None = None
    narrowing: Narrowing = WHOLE
    expires: float | None = field(default=None, compare=False)
    signed_in_at: float | None = field(default=None, compare=False)

    def check(self, scope: str) -> None:
        """Refuse what the credentials are not for. Raises IdentityError."""
        if scope not in self.scope:
            raise IdentityError(
                403, "INSUFFICIENT_SCOPE", f"The access token is not for this: it lacks '{scope}'."
            )


NOBODY = Identity(None, frozenset({READ, WRITE}))


class Identities:
    """Tells who sends a request."""

    def __init__(
        self,
        verifier: Verifiers,
        issuer: Issuer,
        cookies: Cookies,
        *,
        limits: ClientLimits,
        access_tokens: AccessTokens,
        uses: Uses,
    ) -> None:
        """Take what knows credentials; `uses` are those of token families."""
        self._verifier = verifier
        self._issuer = issuer
        self._cookies = cookies
        self._limits = limits
        self._access_tokens = access_tokens
        self._uses = uses
        self._guesses = Rate(*_GUESSES)
        self._looking = Crowd(*_LOOKING, "requests")

    async def of(self, request: Request, *, uses: bool = True) -> Identity:
        """Return who sends a request; without `uses` only to look whether it is still so.

        Raises TokenError, IdentityError, LimitedError.
        """
        headers = request.headers.getlist("authorization")
        cookie = request.cookies.get(self._cookies.name_of(SESSION))
        if not headers and cookie is None:
            return NOBODY
        if headers and cookie is not None:
            raise IdentityError(
                400, "BAD_REQUEST", "Send either an access token or the session's cookie, not both."
            )
        if len(headers) > 1:
            raise IdentityError(400, "BAD_REQUEST", "Send one Authorization header.")
        if headers:
            return await self._bearer(request, headers[0])
        self._check_site(request)
        return await self._session(request, uses=uses)

    async def of_socket(
        self, handshake: HTTPConnection, authorization: str | None, *, uses: bool = True
    ) -> Identity:
        """Return who opens a WebSocket, by the `authorization` of its first message or a header.

        A browser adds the cookie to any handshake with us, whichever site's page asks for it, and
        a page cannot keep it back: so with a token the cookie is not looked at, and without one
        it counts for pages of ours alone. Raises TokenError, IdentityError, LimitedError.
        """
        given = [*handshake.headers.getlist("authorization"), *filter(None, [authorization])]
        if len(given) > 1:
            raise IdentityError(400, "BAD_REQUEST", "Send one access token.")
        if given:
            return await self._bearer(handshake, given[0])
        if handshake.cookies.get(self._cookies.name_of(SESSION)) is None:
            return NOBODY
        if "origin" not in handshake.headers or not self._is_same_site(handshake):
            raise IdentityError(403, "CSRF", "The connection is opened by another site.")
        return await self._session(handshake, uses=uses)

    async def _bearer(self, request: HTTPConnection, header: str) -> Identity:
        if not header.lower().startswith(_BEARER):
            raise TokenError("Send the access token as 'Authorization: Bearer …'.")
        token = header[len(_BEARER) :].strip()
        if token.startswith(PREFIX):
            return await self._personal(request, token)
        claims = await self._verifier.verify(token)
        if claims.family is not None:
            self._uses.tell(claims.family)
        narrowing = await self._narrowing(claims)
        scope = claims.scope - {WRITE} if narrowing.read_only else claims.scope
        return Identity(claims.subject, scope, claims.client_id, narrowing, claims.expires)

    async def _narrowing(self, claims: Claims) -> Narrowing:
        """Return what a token holds; access tokens by TOKENS alone, unless the operator made it."""
        limited = await self._limits.of(claims.client_id)
        narrowing = replace(limited or WHOLE, one_factor=claims.one_factor)
        if claims.amr is not None or claims.family is not None:
            may = limited is None and claims.family is not None and TOKENS in claims.scope
            narrowing = replace(narrowing, own_tokens=may, family=claims.family if may else None)
        if WRITE not in claims.scope:
            narrowing = replace(narrowing, read_only=True)
        return narrowing

    async def _personal(self, request: HTTPConnection, token: str) -> Identity:
        """Return whose personal access token it is."""
        if self._access_tokens.is_guess(token):
            self._guesses.take(stranger(request.client))
        holder = await self._access_tokens.holder(token)
        scope = {READ} if holder.narrowing.read_only else {READ, WRITE}
        return Identity(
            holder.username,
            frozenset(scope),
            narrowing=holder.narrowing,
            expires=holder.expires,
        )

    async def _session(self, request: HTTPConnection, *, uses: bool) -> Identity:
        caller = stranger(request.client)
        issuer = self._issuer.asked("session", address_of(request))
        self._looking.enter(caller)
        try:
            session = await issuer.session(self._cookies.get(request, SESSION), uses=uses)
        finally:
            self._looking.leave(caller)
        required = self._issuer.terms.second_factor_required
        if session is None or not session.is_whole(required=required):
            raise IdentityError(401, "UNAUTHENTICATED", "The session has ended; sign in again.")
        return Identity(
            session.account.username,
            frozenset({READ, WRITE}),
            narrowing=replace(WHOLE, one_factor=OTP not in session.amr),
            signed_in_at=session.signed_in_at.timestamp(),
        )

    def _check_site(self, request: Request) -> None:
        """Refuse a request that another site made the browser send. Raises IdentityError."""
        if request.method != "GET" and CSRF_HEADER not in request.headers:
            raise IdentityError(
                403, "CSRF", f"With the session's cookie, send the header '{CSRF_HEADER}: 1'."
            )
        if not self._is_same_site(request):
            raise IdentityError(403, "CSRF", "The request comes from another site.")

    def _is_same_site(self, request: HTTPConnection) -> bool:
        return is_same_site(request, self._issuer.terms.issuer)


def is_same_site(request: HTTPConnection, issuer: str) -> bool:
    """Whether a browser says that a page of ours sent a request, or says nothing of it."""
    origin = request.headers.get("origin")
    if origin is not None:
        ours = {urlsplit(issuer).netloc, request.headers.get("host")}
        return "://" in origin and origin.partition("://")[2] in ours
    return request.headers.get("sec-fetch-site", "none") in {"same-origin", "none"}
