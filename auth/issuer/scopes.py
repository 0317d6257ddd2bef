"""What an application can be let have."""

from auth.tokens import READ, TOKENS, WRITE

OPENID, PROFILE = "openid", "profile"
USUAL = (OPENID, PROFILE, READ, WRITE)
"""What an application is registered with unless the operator says otherwise."""
SCOPES = (*USUAL, TOKENS)
