"""The built-in issuer: sign-in to accounts, and tokens for applications."""
