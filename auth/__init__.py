"""Authentication and authorisation: tokens, principals, permissions and the built-in issuer."""
