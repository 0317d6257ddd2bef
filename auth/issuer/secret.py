"""The issuer's secrets: db/rules/secret.py."""

from db.rules.secret import hashed, new

__all__ = ["hashed", "new"]
