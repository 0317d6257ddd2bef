"""The routes of the issuer."""

from starlette.routing import BaseRoute, Route

from api.oauth import account, authorize, choices, external, page, protocol, sign_in, sign_out
from api.oauth.visit import visited

_BOTH = ["GET", "POST"]

ROUTES: list[BaseRoute] = [
    Route("/.well-known/openid-configuration", protocol.discovery),
    Route("/.well-known/oauth-authorization-server", protocol.discovery),
    Route("/oauth/jwks", protocol.jwks),
    Route("/oauth/token", protocol.token, methods=["POST"]),
    Route("/oauth/revoke", protocol.revoke, methods=["POST"]),
    Route("/oauth/introspect", protocol.introspect, methods=["POST"]),
    Route("/oauth/userinfo", protocol.userinfo, methods=_BOTH),
    Route(authorize.PATH, visited("authorize", authorize.authorize), methods=_BOTH),
    Route(sign_out.PATH, visited("signOut", sign_out.end_session), methods=_BOTH),
    Route("/oauth/signed-out", visited("signOut", sign_out.signed_out)),
    Route(sign_in.SIGN_IN, visited("signIn", sign_in.password), methods=_BOTH),
    Route(f"{choices.PATH}/{{key}}", visited("signIn", external.start)),
    Route(f"{choices.PATH}/{{key}}/callback", visited("signIn", external.callback)),
    Route(external.LINK, visited("linkIdentity", external.link), methods=_BOTH),
    Route(sign_in.SECOND_FACTOR, visited("secondFactor", sign_in.code), methods=_BOTH),
    Route(sign_in.ENROL, visited("enrolSecondFactor", sign_in.enrol), methods=_BOTH),
    Route(account.PASSWORD, visited("changePassword", account.password), methods=_BOTH),
    Route("/oauth/account", visited("account", account.account)),
    Route(
        "/oauth/invitation/{token}", visited("acceptInvitation", account.invitation), methods=_BOTH
    ),
    Route("/oauth/style.css", page.style),
]
