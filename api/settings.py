"""Settings, from the environment as `SANGKIEN_*`; wrong ones are refused in one line."""

from datetime import date
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from db.url import READER, WRITER, with_role

DEFAULT_ISSUER = "http://localhost:8000"
DEMO_TODAY = date(2022, 10, 21)  # the day of the article


class SettingsError(Exception):
    """A setting that cannot be; the text names it and says what it may be."""


def _postgresql(url: str) -> str:
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError("it must begin with postgresql://")
    try:
        make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ValueError("it must be a URL such as postgresql://user:password@host/name") from error
    return url


def _issuer(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    local = host in {"localhost", "127.0.0.1", "::1"}
    if not host or f"{parts.scheme}://{parts.netloc}" != url or "@" in url:
        raise ValueError("it must be an origin such as https://host, without a path")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise ValueError("it must begin with https:// (http:// only on localhost)")
    return url


DatabaseUrl = Annotated[str, AfterValidator(_postgresql)]


class Settings(BaseSettings):
    """What one process runs with."""

    model_config = SettingsConfigDict(env_prefix="SANGKIEN_", extra="ignore", env_ignore_empty=True)

    database_url: DatabaseUrl | None = None
    reader_url: DatabaseUrl | None = None
    writer_url: DatabaseUrl | None = None
    home: Path = Path(".data")
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    issuer: Annotated[str, AfterValidator(_issuer)] = DEFAULT_ISSUER
    audience: str = "sangkien"
    pool_size: Annotated[int, Field(ge=1, le=200)] = 8
    totp_required: bool | None = None
    demo: bool = False
    today: date | None = None

    @property
    def second_factor_required(self) -> bool:
        """Whether admins and auditors need one: unless set, everywhere but in the demo."""
        return not self.demo if self.totp_required is None else self.totp_required

    def urls(self) -> tuple[str, str, str]:
        """Return the URLs of the owner, the reader and the writer."""
        assert self.database_url is not None
        return (
            self.database_url,
            self.reader_url or with_role(self.database_url, READER),
            self.writer_url or with_role(self.database_url, WRITER),
        )


def load() -> Settings:
    """Read the settings. Raises SettingsError."""
    try:
        return Settings()
    except ValidationError as error:
        problem = error.errors()[0]
        name = "SANGKIEN_" + ".".join(str(part) for part in problem["loc"]).upper()
        message = problem["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{name}={problem['input']!r} cannot be: {message}") from error
