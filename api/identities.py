"""The identity of a request: the holder of a token, or a browser session of our own pages.

A request with both is rejected. Browsers send the cookie by themselves, so it is accepted only with
a header of our own, which another site cannot make a browser send.
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
# Unknown personal access tokens that one address may try at one worker: per second, and at once.
_GUESSES = (20.0, 500)
# Requests with a cookie that look up their session at the same time: in total, and per address.
_LOOKING = (1_000, 32)


class IdentityError(Exception):
    """The credentials are rejected for a reason other than an invalid token."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@refusal.register
def _(error: IdentityError, media: str) -> Response:
    return answers.failed(error.status, error.code, str(error), media)


@dataclass(frozen=True)
class Identity:
    """A caller, with its application and scope; the username is None for anonymous callers.

    `narrowing` is the part of the account's permissions that the credentials have. `expires` is
    when they end at the latest, in seconds since 1970, if known; `signed_in_at` is the last sign-in
    of a browser session.
    """

    username: str | None
    scope: frozenset[str]
    client_id: str | None = None
    narrowing: Narrowing = WHOLE
    expires: float | None = field(default=None, compare=False)
    signed_in_at: float | None = field(default=None, compare=False)

    def check(self, scope: str) -> None:
        """Validate that the credentials have a scope. Raises IdentityError."""
        if scope not in self.scope:
            raise IdentityError(
                403, "INSUFFICIENT_SCOPE", f"The access token is not for this: it lacks '{scope}'."
            )


NOBODY = Identity(None, frozenset({READ, WRITE}))


class Identities:
    """Authenticates requests."""

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
        """Set the verifiers of each kind of credentials; `uses` records uses of token families."""
        self._verifier = verifier
        self._issuer = issuer
        self._cookies = cookies
        self._limits = limits
        self._access_tokens = access_tokens
        self._uses = uses
        self._guesses = Rate(*_GUESSES)
        self._looking = Crowd(*_LOOKING, "requests")

    async def of(self, request: Request, *, uses: bool = True) -> Identity:
        """Return the identity of a request; without `uses` the check does not extend a session.

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
        """Return the identity of a WebSocket, by `authorization` of its first message or a header.

        A browser adds the cookie to every handshake with this server, whichever site's page opens
        it, and a page cannot prevent that. So with a token the cookie is ignored, and without one
        it is accepted only from our own pages. Raises TokenError, IdentityError, LimitedError.
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
        """Return the narrowing of a token.

        Access to personal access tokens needs the scope TOKENS, except for the operator's own
        tokens.
        """
        limited = await self._limits.of(claims.client_id)
        narrowing = replace(limited or WHOLE, one_factor=claims.one_factor)
        if claims.amr is not None or claims.family is not None:
            may = limited is None and claims.family is not None and TOKENS in claims.scope
            narrowing = replace(narrowing, own_tokens=may, family=claims.family if may else None)
        if WRITE not in claims.scope:
            narrowing = replace(narrowing, read_only=True)
        return narrowing

    async def _personal(self, request: HTTPConnection, token: str) -> Identity:
        """Return the identity of a personal access token."""
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
        """Reject a request that another site made the browser send. Raises IdentityError."""
        if request.method != "GET" and CSRF_HEADER not in request.headers:
            raise IdentityError(
                403, "CSRF", f"With the session's cookie, send the header '{CSRF_HEADER}: 1'."
            )
        if not self._is_same_site(request):
            raise IdentityError(403, "CSRF", "The request comes from another site.")

    def _is_same_site(self, request: HTTPConnection) -> bool:
        return is_same_site(request, self._issuer.terms.issuer)


def is_same_site(request: HTTPConnection, issuer: str) -> bool:
    """Return whether a request is from one of our pages, or has no header that names its site."""
    origin = request.headers.get("origin")
    if origin is not None:
        ours = {urlsplit(issuer).netloc, request.headers.get("host")}
        return "://" in origin and origin.partition("://")[2] in ours
    return request.headers.get("sec-fetch-site", "none") in {"same-origin", "none"}
