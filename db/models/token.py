"""Codes and tokens that the built-in issuer has issued. Only hashes of secrets are stored."""

import uuid
from datetime import datetime

from sqlalchemy import ARRAY, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Serial, to


class TokenFamily(Base):
    """All tokens of one authorization; revoking it ends every one of them.

    Without `auth_time` no person signed in: the client used its own credentials.
    """

    __tablename__ = "token_family"
    __table_args__ = (
        Index("token_family_account_id_idx", "account_id"),
        Index("token_family_session_id_idx", "session_id"),
        Index("token_family_expires_at_idx", "expires_at"),
        Index("token_family_revoked_at_idx", "revoked_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(to("oauth_client.client_id"))
    account_id: Mapped[int] = mapped_column(to("account.id"))
    session_id: Mapped[int | None] = mapped_column(to("browser_session.id", ondelete="SET NULL"))
    scope: Mapped[str]
    auth_time: Mapped[datetime | None]
    amr: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    serial: Mapped[Serial]
    last_used_at: Mapped[datetime | None]


class AuthorizationCode(Base):
    """An authorization code and its bindings. A used one stays with its family, to detect reuse."""

    __tablename__ = "authorization_code"
    __table_args__ = (
        Index("authorization_code_expires_at_idx", "expires_at"),
        Index("authorization_code_family_id_idx", "family_id"),
        Index("authorization_code_session_id_idx", "session_id"),
    )

    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    client_id: Mapped[str] = mapped_column(to("oauth_client.client_id"))
    account_id: Mapped[int] = mapped_column(to("account.id"))
    session_id: Mapped[int | None] = mapped_column(to("browser_session.id", ondelete="SET NULL"))
    redirect_uri: Mapped[str]
    scope: Mapped[str]
    nonce: Mapped[str | None]
    code_challenge: Mapped[str]
    auth_time: Mapped[datetime]
    amr: Mapped[list[str]] = mapped_column(ARRAY(Text))
    expires_at: Mapped[datetime]
    family_id: Mapped[uuid.UUID | None] = mapped_column(to("token_family.id", ondelete="CASCADE"))


class RefreshToken(Base):
    """A refresh token; each is used once, in exchange for the next."""

    __tablename__ = "refresh_token"
    __table_args__ = (Index("refresh_token_family_id_idx", "family_id"),)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    family_id: Mapped[uuid.UUID] = mapped_column(to("token_family.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
