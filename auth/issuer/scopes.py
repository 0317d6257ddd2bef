"""OAuth scopes that an application can request."""

from auth.tokens import READ, TOKENS, WRITE

OPENID, PROFILE = "openid", "profile"
USUAL = (OPENID, PROFILE, READ, WRITE)
"""The scopes of a newly registered application, unless the operator sets others."""
SCOPES = (*USUAL, TOKENS)
