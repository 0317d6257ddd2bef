"""Applications registered with the built-in issuer, and the consents of people to them."""

from datetime import datetime

from sqlalchemy import ARRAY, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Moment, Serial, to

_NONE = "{}"


class OAuthClient(Base):
    """An application that may request tokens.

    Without `secret_hash` it is a public client (a page, a phone). `account_id` is the service
    account that it acts as with the client credentials grant. A trusted client needs no consent.
    Its tokens, whatever their account, are limited to its `permissions` (null: all), to the subtree
    of its unit (null: anywhere), and to reading if `read_only`. Once it is revoked it gets no more
    tokens for its service account; `last_used_at` is when it last got one.
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
    """The scope that an account has consented to for an application."""

    __tablename__ = "consent"

    account_id: Mapped[int] = mapped_column(to("account.id"), primary_key=True)
    client_id: Mapped[str] = mapped_column(to("oauth_client.client_id"), primary_key=True)
    scope: Mapped[str]
    given_at: Mapped[datetime]
