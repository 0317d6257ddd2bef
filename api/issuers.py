"""The setting of external OIDC providers: URLs, JSON, or a TOML or JSON file.

Errors name the position and the field, but not the value, because it may be a secret.
"""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from auth.external.trust import LOCAL, Link, Trust
from auth.tokens import READ, WRITE

_KEY = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?")
_FIELDS = {
    "issuer", "key", "name", "client_id", "client_secret", "audiences", "link", "plain_jwt",
    "scope", "second_factor",
}  # fmt: skip
LANGUAGES = ("vi", "en")


def parse(text: str | Sequence[Trust]) -> tuple[Trust, ...]:
    """Return the providers in a setting. Raises ValueError; its text contains no secret."""
    if not isinstance(text, str):
        return tuple(text)
    trusted = [_trust(given, number) for number, given in enumerate(_given(text.strip()), 1)]
    for name in ("issuer", "key"):
        if len({getattr(trust, name) for trust in trusted}) < len(trusted):
            raise ValueError(f"two of the issuers have the same '{name}'")
    return tuple(trusted)


def _given(text: str) -> Sequence[Any]:
    """Return the settings of each provider. Raises ValueError."""
    if text.startswith(("{", "[")):
        return _listed(_json(text))
    if text.endswith((".json", ".toml")) and "://" not in text:
        try:
            read = Path(text).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"the file cannot be read: {type(error).__name__}") from None
        return _listed(_json(read) if text.endswith(".json") else _toml(read))
    return [{"issuer": part.strip()} for part in text.split(",") if part.strip()]


def _listed(found: Any) -> Sequence[Any]:
    if isinstance(found, dict) and set(found) == {"issuers"}:
        found = found["issuers"]
    return found if isinstance(found, list) else [found]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it is not well-formed JSON") from None


def _toml(text: str) -> Any:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it is not well-formed TOML") from None


def _trust(given: Any, number: int) -> Trust:
    if not isinstance(given, dict):
        raise ValueError(  # noqa: TRY004 - pydantic expects ValueError
            f"issuer {number} must be an object such as {{'issuer': 'https://host'}}"
        )
    fields = _Fields(given, number)
    if unknown := set(given) - _FIELDS:
        raise fields.wrong(min(unknown, key=str), f"there is none; known are {sorted(_FIELDS)}")
    issuer = fields.text("issuer")
    host = _host(issuer)
    if issuer is None or host is None:
        raise fields.wrong("issuer", "it must be like https://host/path (http on localhost alone)")
    key = fields.text("key") or host.lower().replace(":", "-").strip("-")
    if _KEY.fullmatch(key) is None:
        raise fields.wrong("key", "it must be of small letters, digits, dots and hyphens")
    trust = Trust(
        issuer,
        key,
        _names(fields, host),
        fields.text("client_id"),
        fields.text("client_secret"),
        tuple(fields.texts("audiences")),
        fields.link(),
        plain_jwt=fields.flag("plain_jwt"),
        scope=frozenset((fields.text("scope") or "").split()),
        second_factor=frozenset(fields.texts("second_factor")),
    )
    _check(trust, fields)
    return trust


def _check(trust: Trust, fields: "_Fields") -> None:
    """Validate the combination of fields. Raises ValueError."""
    if not trust.scope <= {READ, WRITE}:
        raise fields.wrong("scope", f"it may be of '{READ} {WRITE}'")
    if trust.client_id is None and (trust.client_secret or trust.link is not Link.NONE):
        raise fields.wrong("client_id", "'client_secret' and 'link' need one")
    if trust.plain_jwt and (not trust.audiences or trust.client_id in trust.audiences):
        # Its ID tokens are plain JWTs too, with the client as audience.
        raise fields.wrong("plain_jwt", "it needs 'audiences', and the client_id not among them")


def _host(issuer: str | None) -> str | None:
    """Return the host of an issuer's URL; None where the URL is invalid."""
    try:
        parts = urlsplit(issuer or "")
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    bare = not (parts.query or parts.fragment or "@" in parts.netloc)
    fits = bare and (issuer or "").isascii() and re.fullmatch(r"[!-~]+", issuer or "")
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in LOCAL)
    return host if host and fits and secure else None


def _names(fields: "_Fields", host: str) -> Mapping[str, str]:
    name = fields.given.get("name", host)
    if isinstance(name, str):
        name = dict.fromkeys(LANGUAGES, name)
    if not isinstance(name, dict) or set(name) != set(LANGUAGES):
        raise fields.wrong("name", "it must be a text, or one each for 'vi' and 'en'")
    if not all(isinstance(text, str) and 0 < len(text) <= 100 for text in name.values()):  # noqa: PLR2004 - characters
        raise fields.wrong("name", "it must have 1 to 100 characters")
    return name


class _Fields:
    """The typed fields of one provider; errors name the field, not the value."""

    def __init__(self, given: Mapping[str, Any], number: int) -> None:
        self.given = given
        self._number = number

    def wrong(self, name: str, told: str) -> ValueError:
        return ValueError(f"'{name}' of issuer {self._number}: {told}")

    def text(self, name: str) -> str | None:
        value = self.given.get(name)
        if value is not None and not (isinstance(value, str) and value and value.isprintable()):
            raise self.wrong(name, "it must be a text")
        return value

    def texts(self, name: str) -> Sequence[str]:
        value = self.given.get(name, [])
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise self.wrong(name, "it must be a list of texts")
        return value

    def flag(self, name: str) -> bool:
        value = self.given.get(name, False)
        if not isinstance(value, bool):
            raise self.wrong(name, "it must be true or false")
        return value

    def link(self) -> Link:
        try:
            return Link(self.given.get("link", Link.NONE))
        except ValueError:
            raise self.wrong("link", f"it must be one of {[way.value for way in Link]}") from None
