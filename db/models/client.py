"""Applications registered with the built-in issuer, and what people let them have."""

from datetime import datetime

from sqlalchemy import ARRAY, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Moment, Serial, to

_NONE = "{}"


class OAuthClient(Base):
    """An application that may ask for tokens.

    Without `secret_hash` it is a public one (a page, a phone). `account_id` is the service account
    that it acts as with the client credentials grant. People are not asked about a trusted one.
    Whoever it acts for, its tokens hold no more than its `permissions` (all, where there are
    none), below its unit (anywhere), and only to read, if so. Once it is revoked it gets no more
    tokens for its service account; `last_used_at` is when it got one.
    """

    __tablename__ = "oauth_client"

    client_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    secret_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    redirect_uris: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=_NONE)
    post_logout_redirect_uris: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=_NONE)
    grant_types: Mapped[list[str]] = mapped_column(ARRAY(Text))
    scope: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(to("account.id"))
    trusted: Mapped[bool] = mapped_column(server_default="false")
    may_introspect: Mapped[bool] = mapped_column(server_default="false")
    created_at: Mapped[Moment]
    removed_at: Mapped[datetime | None]
    permissions: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    unit_id: Mapped[int | None] = mapped_column(to("unit.id"))
    read_only: Mapped[bool] = mapped_column(server_default="false")
    serial: Mapped[Serial]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Consent(Base):
    """The scope that somebody let an application have."""

    __tablename__ = "consent"

    account_id: Mapped[int] = mapped_column(to("account.id"), primary_key=True)
    client_id: Mapped[str] = mapped_column(to("oauth_client.client_id"), primary_key=True)
    scope: Mapped[str]
    given_at: Mapped[datetime]
