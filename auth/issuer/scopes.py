"""What an application can be let have."""

from auth.tokens import READ, WRITE

OPENID, PROFILE = "openid", "profile"
SCOPES = (OPENID, PROFILE, READ, WRITE)
