"""Settings from the environment variables `SANGKIEN_*`; invalid values are reported in one line."""

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

import psycopg
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from api import issuers
from api.cors import origin
from api.introspection import Introspection
from api.proxies import Networks, networks
from api.secret_files import SECRETS, SecretFileError, SecretFiles
from auth.external.trust import Trust
from db.rules.calendar import within_calendar
from db.url import READER, WRITER, password_of, with_password, with_role

DEFAULT_ISSUER = "http://localhost:8000"
_SHORTEST_TOKEN = 24  # characters
DEMO_TODAY = date(2022, 10, 21)  # the day of the article
# nginx by default sends nothing for 10 seconds to a server that it could not reach. When two
# servers restart one after the other, the second must serve until that has passed.
DRAIN_SECONDS = 12.0


class SettingsError(Exception):
    """A setting is invalid; the text names it and the valid values."""


def _postgresql(url: str) -> str:
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError("it must begin with postgresql://")
    try:
        make_url(url)
        password_of(url)
    except (ArgumentError, ValueError, psycopg.Error):
        raise ValueError("it must be a URL such as postgresql://user:password@host/name") from None
    return url


def _list(text: str | tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(text, tuple):
        return text
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _networks(text: str | Networks) -> Networks:
    return networks(_list(text)) if isinstance(text, str) else text


def _token(text: str) -> str:
    if len(text) < _SHORTEST_TOKEN or not re.fullmatch(r"[!-~]+", text):
        raise ValueError(
            f"it must have at least {_SHORTEST_TOKEN} characters, printable ASCII without spaces"
        )
    return text


Origins = Annotated[
    tuple[Annotated[str, AfterValidator(origin)], ...], NoDecode, BeforeValidator(_list)
]


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


def _collector(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise ValueError("it must be a URL such as http://127.0.0.1:4318")
    return url


def _others(trusted: tuple[Trust, ...], info: ValidationInfo) -> tuple[Trust, ...]:
    if any(trust.issuer == info.data.get("issuer") for trust in trusted):
        raise ValueError("SANGKIEN_ISSUER is trusted already")
    return trusted


DatabaseUrl = Annotated[str, AfterValidator(_postgresql)]
Issuers = Annotated[
    tuple[Trust, ...], NoDecode, BeforeValidator(issuers.parse), AfterValidator(_others)
]


class Settings(BaseSettings):
    """The settings of one process."""

    model_config = SettingsConfigDict(env_prefix="SANGKIEN_", extra="ignore", env_ignore_empty=True)

    database_url: DatabaseUrl | None = None
    reader_url: DatabaseUrl | None = None
    writer_url: DatabaseUrl | None = None
    # Passwords that the URLs omit, so that no character needs to be escaped.
    database_password: str | None = None
    reader_password: str | None = None
    writer_password: str | None = None
    home: Path = Path(".data")
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    # After SIGTERM the server keeps serving this long, while /readyz reports that it is stopping.
    drain_seconds: Annotated[float, Field(ge=0, le=600)] | None = None
    issuer: Annotated[str, AfterValidator(_issuer)] = DEFAULT_ISSUER
    audience: str = "sangkien"
    oidc_issuers: Issuers = ()
    pool_size: Annotated[int, Field(ge=1, le=200)] = 8
    # The kind of pooler in front of PostgreSQL, and the writer's URL that bypasses it.
    pooler: Literal["none", "transaction"] = "none"
    direct_url: DatabaseUrl | None = None
    totp_required: bool | None = None
    demo: bool = False
    today: Annotated[date, AfterValidator(within_calendar)] | None = None
    introspection: Introspection | None = None
    trusted_documents: Path | None = None
    batch_limit: Annotated[int, Field(ge=0, le=50)] = 0
    cors_origins: Origins = ()
    # Per caller and process: operations per second, operations in a burst, and concurrent
    # operations.
    rate: Annotated[float, Field(ge=0)] | None = None
    burst: Annotated[int, Field(ge=1)] = 1_000
    concurrency_each: Annotated[int, Field(ge=1)] = 128
    concurrency: Annotated[int, Field(ge=1)] = 512  # of all callers in one process
    # WebSockets and event streams, and the subscriptions that run over them.
    connections_each: Annotated[int, Field(ge=1)] = 100
    connections: Annotated[int, Field(ge=1)] = 2_000
    subscriptions_each: Annotated[int, Field(ge=1)] = 200
    subscriptions: Annotated[int, Field(ge=1)] = 5_000
    # The proxies whose X-Forwarded-For and X-Forwarded-Proto are trusted.
    proxies: Annotated[Networks, NoDecode, BeforeValidator(_networks)] = ()
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    access_log: bool = False
    slow_seconds: Annotated[float, Field(ge=0.001, le=600)] = 1.0
    otlp_endpoint: Annotated[str, AfterValidator(_collector)] | None = None
    metrics_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    metrics_token: Annotated[str, AfterValidator(_token)] | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments first, then the environment, then the files that it names."""
        _ = dotenv_settings, file_secret_settings
        return init_settings, env_settings, SecretFiles(settings_cls)

    @model_validator(mode="after")
    def _put_passwords_in(self) -> Self:
        for role in ("database", "reader", "writer"):
            url, password = getattr(self, f"{role}_url"), getattr(self, f"{role}_password")
            if password is None:
                continue
            name = f"SANGKIEN_{role.upper()}"
            if url is None:
                raise SettingsError(f"{name}_PASSWORD needs {name}_URL, which names the role")
            if password_of(url):
                raise SettingsError(f"{name}_URL has a password, and {name}_PASSWORD is set too")
            setattr(self, f"{role}_url", with_password(url, password))
            setattr(self, f"{role}_password", None)
        return self

    @property
    def behind_pooler(self) -> bool:
        """Whether two transactions of one connection may run on different server connections."""
        return self.pooler == "transaction"

    @property
    def introspection_for(self) -> Introspection:
        """Who may read the schema; by default accounts, and everyone in a demo."""
        default = Introspection.ALL if self.demo else Introspection.SIGNED_IN
        return self.introspection or default

    @property
    def operations_a_second(self) -> float:
        """Operations per second of one caller, 0 for no limit; by default 100, and 0 in a demo."""
        default = 0.0 if self.demo else 100.0
        return default if self.rate is None else self.rate

    @property
    def drain(self) -> float:
        """The seconds that a server drains; by default DRAIN_SECONDS, and 0 in a demo."""
        default = 0.0 if self.demo else DRAIN_SECONDS
        return default if self.drain_seconds is None else self.drain_seconds

    @property
    def second_factor_required(self) -> bool:
        """Whether SENSITIVE roles need a second factor; by default yes, except in a demo."""
        return not self.demo if self.totp_required is None else self.totp_required

    @property
    def has_database(self) -> bool:
        """Whether a PostgreSQL server is set; otherwise the embedded one is used."""
        return bool(self.database_url or self.reader_url or self.writer_url)

    def owner_url(self) -> str:
        """Return the URL of the role that owns the schema. Raises SettingsError."""
        if self.database_url is None:
            raise SettingsError(
                "SANGKIEN_DATABASE_URL is not set; this command works as the role that owns the "
                "schema"
            )
        return self.database_url

    def urls(self) -> tuple[str, str, str]:
        """Return the URLs of the owner, the reader and the writer. Raises SettingsError."""
        return (self.owner_url(), *self.serving_urls())

    def role_urls(self) -> tuple[str, str]:
        """Return the URLs that name the roles of reader and writer; they may lack a password."""
        return (
            self.reader_url or with_role(self.owner_url(), READER),
            self.writer_url or with_role(self.owner_url(), WRITER),
        )

    def serving_urls(self) -> tuple[str, str]:
        """Return the URLs of the reader and the writer, which the API uses.

        A role without its own URL uses the owner's, if that has no password: a password belongs to
        one role. Raises SettingsError.
        """
        return (
            self.reader_url or self._owner_as(READER, "READER"),
            self.writer_url or self._owner_as(WRITER, "WRITER"),
        )

    def _owner_as(self, role: str, setting: str) -> str:
        if self.database_url is None:
            raise SettingsError(f"SANGKIEN_{setting}_URL is not set")
        if password_of(self.database_url):
            raise SettingsError(
                f"SANGKIEN_{setting}_URL is not set; "
                f"the password of SANGKIEN_DATABASE_URL is the owner's, not that of {role}"
            )
        return with_role(self.database_url, role)


def load() -> Settings:
    """Return the settings of the environment. Raises SettingsError."""
    try:
        return Settings()
    except SecretFileError as error:
        raise SettingsError(str(error)) from None
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        value = "…" if str(problem["loc"][0]) in SECRETS else repr(problem["input"])
        raise SettingsError(f"SANGKIEN_{name.upper()}={value} cannot be: {message}") from None
