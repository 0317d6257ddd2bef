"""External OIDC providers: trust settings, token verification, account linking."""
