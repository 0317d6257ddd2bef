"""Weak passwords of database roles: well known, derived from the URL, or shared by roles."""

import re
from collections.abc import Mapping

_KNOWN = frozenset(
    {
        *("sangkien", "sangkienowner", "sangkienreader", "sangkienwriter", "owner", "reader"),
        *("writer", "postgres", "postgresql", "pgpassword", "password", "passwd", "pass", "passw"),
        *("passwort", "changeme", "changeit", "changethis", "change", "secret"),
        *("secrets", "mysecretpassword", "topsecret", "admin", "administrator", "root", "user"),
        *("test", "testing", "demo", "example", "sample", "default", "guest", "letmein", "welcome"),
        *("qwerty", "qwertyuiop", "azerty", "abc", "abcd", "abcdef", "iloveyou", "monkey"),
        *("dragon", "database", "db", "docker", "dev", "development", "production", "prod"),
        *("matkhau", "none", "null", "todo", "xxx", "xxxx", "replaceme", "yourpassword"),
    }
)  # fmt: skip
_LEET = str.maketrans("@$0134578", "asoleastb")


def is_known(password: str, *names: str) -> bool:
    """Return whether a password is well known, or little more than one of the names.

    Case, punctuation and trailing digits are ignored.
    """
    folded = password.casefold()
    bare = folded.rstrip("0123456789!?.,#*+-_")
    forms = {_letters(text) for text in (folded, bare, bare.translate(_LEET))} - {""}
    known = _KNOWN | {_letters(name.casefold()) for name in names}
    return len(set(folded)) <= 1 or not bare or not forms.isdisjoint(known)


def shared(passwords: Mapping[str, str | None]) -> tuple[str, str] | None:
    """Return two roles that have the same password; None where all differ."""
    seen: dict[str, str] = {}
    for role, password in passwords.items():
        if password and seen.setdefault(password, role) != role:
            return seen[password], role
    return None


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text)
