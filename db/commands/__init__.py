"""Commands: one function for each change, in one transaction that it does not commit.

A command loads and locks, applies rules of db/rules, and writes. It raises DomainErrors.
"""
