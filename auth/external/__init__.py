"""Issuers of others: whose tokens and whose sign-in we take, and who that is here."""
