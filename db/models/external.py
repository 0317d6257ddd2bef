"""Identities of accounts at external providers, and the codes that link them."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Moment, one_of, to
from db.models.enums import LinkedBy


class ExternalIdentity(Base):
    """A subject of an external provider, linked to an account; one per account and provider."""

    __tablename__ = "external_identity"
    __table_args__ = (UniqueConstraint("account_id", "issuer"),)

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(to("account.id"))
    linked_at: Mapped[Moment]
    linked_by: Mapped[LinkedBy] = mapped_column(one_of(LinkedBy, "linked_by"))


class LinkCode(Base):
    """A one-time code that links its bearer's identity to an account; only its hash is stored."""

    __tablename__ = "link_code"
    __table_args__ = (Index("link_code_expires_at_idx", "expires_at"),)

    account_id: Mapped[int] = mapped_column(to("account.id"), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[datetime]
