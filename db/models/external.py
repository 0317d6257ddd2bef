"""Who a person is at an issuer of others, and the codes by which that becomes known."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Moment, one_of, to
from db.models.enums import LinkedBy


class ExternalIdentity(Base):
    """A subject of an issuer, who is an account here; an account has one at each issuer."""

    __tablename__ = "external_identity"
    __table_args__ = (UniqueConstraint("account_id", "issuer"),)

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(to("account.id"))
    linked_at: Mapped[Moment]
    linked_by: Mapped[LinkedBy] = mapped_column(one_of(LinkedBy, "linked_by"))


class LinkCode(Base):
    """A code that links whoever brings it to an account, once; only its hash is kept."""

    __tablename__ = "link_code"
    __table_args__ = (Index("link_code_expires_at_idx", "expires_at"),)

    account_id: Mapped[int] = mapped_column(to("account.id"), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[datetime]
