"""Idempotency keys, so that a request sent twice is carried out once."""

from typing import Any

from sqlalchemy import Index, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Moment, to


class RequestKey(Base):
    """An idempotency key of an account, with the digest of its input and the outcome."""

    __tablename__ = "request_key"
    __table_args__ = (Index("request_key_at_idx", "account_id", "at"),)

    account_id: Mapped[int] = mapped_column(to("account.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    at: Mapped[Moment]
