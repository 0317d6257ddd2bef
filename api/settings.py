"""Settings, from the environment as `SANGKIEN_*`; wrong ones are refused in one line."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, ValidationInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from api import issuers
from api.cors import origin
from api.introspection import Introspection
from auth.external.trust import Trust
from db.rules.calendar import within_calendar
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


def _list(text: str | tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(text, tuple):
        return text
    return tuple(part.strip() for part in text.split(",") if part.strip())


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


def _others(trusted: tuple[Trust, ...], info: ValidationInfo) -> tuple[Trust, ...]:
    if any(trust.issuer == info.data.get("issuer") for trust in trusted):
        raise ValueError("SANGKIEN_ISSUER is trusted already")
    return trusted


DatabaseUrl = Annotated[str, AfterValidator(_postgresql)]
Issuers = Annotated[
    tuple[Trust, ...], NoDecode, BeforeValidator(issuers.parse), AfterValidator(_others)
]


class Settings(BaseSettings):
    """What one process runs with."""

    model_config = SettingsConfigDict(env_prefix="SANGKIEN_", extra="ignore", env_ignore_empty=True)

    database_url: DatabaseUrl | None = None
    reader_url: DatabaseUrl | None = None
    writer_url: DatabaseUrl | None = None
    home: Path = Path(".data")
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    # After SIGTERM the server serves on for so long, while /readyz says that it is stopping.
    drain_seconds: Annotated[float, Field(ge=0, le=600)] | None = None
    issuer: Annotated[str, AfterValidator(_issuer)] = DEFAULT_ISSUER
    audience: str = "sangkien"
    oidc_issuers: Issuers = ()
    pool_size: Annotated[int, Field(ge=1, le=200)] = 8
    # What stands between here and PostgreSQL; and how to reach that itself, as the writer.
    pooler: Literal["none", "transaction"] = "none"
    direct_url: DatabaseUrl | None = None
    totp_required: bool | None = None
    demo: bool = False
    today: Annotated[date, AfterValidator(within_calendar)] | None = None
    introspection: Introspection | None = None
    trusted_documents: Path | None = None
    batch_limit: Annotated[int, Field(ge=0, le=50)] = 0
    cors_origins: Origins = ()
    # Of one caller in one process: operations a second, at once after a pause, and running.
    rate: Annotated[float, Field(ge=0)] | None = None
    burst: Annotated[int, Field(ge=1)] = 1_000
    concurrency_each: Annotated[int, Field(ge=1)] = 128
    concurrency: Annotated[int, Field(ge=1)] = 512  # of all callers in one process
    # WebSockets and event streams, and the subscriptions that run over them.
    connections_each: Annotated[int, Field(ge=1)] = 100
    connections: Annotated[int, Field(ge=1)] = 2_000
    subscriptions_each: Annotated[int, Field(ge=1)] = 200
    subscriptions: Annotated[int, Field(ge=1)] = 5_000

    @property
    def behind_pooler(self) -> bool:
        """Whether two transactions of one connection may run on two of the server's."""
        return self.pooler == "transaction"

    @property
    def introspection_for(self) -> Introspection:
        """Who may read the schema from the API: unless set, those signed in; in a demo, all."""
        default = Introspection.ALL if self.demo else Introspection.SIGNED_IN
        return self.introspection or default

    @property
    def operations_a_second(self) -> float:
        """How many operations one caller may run, 0 for no limit: unless set, 100; in a demo, 0."""
        default = 0.0 if self.demo else 100.0
        return default if self.rate is None else self.rate

    @property
    def drain(self) -> float:
        """How many seconds a server drains: unless set, 5; in a demo, none."""
        default = 0.0 if self.demo else 5.0
        return default if self.drain_seconds is None else self.drain_seconds

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
        # A database's URL has a password in it, and an issuer may have a client's secret.
        secret = name.endswith("_URL") or name.startswith("SANGKIEN_OIDC_ISSUERS")
        value = "…" if secret else repr(problem["input"])
        raise SettingsError(f"{name}={value} cannot be: {message}") from None
