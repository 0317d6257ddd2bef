"""The audit log."""

from typing import Any

from sqlalchemy import Index, LargeBinary, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Key, Moment, to


class AuditEvent(Base):
    """One event: who, when, from where, what, before and after, why.

    Append-only. Events form hash chains, one per shard: `hash` covers the event and the
    hash before it in its shard.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        UniqueConstraint("shard", "sequence"),
        Index("audit_event_unit_id_idx", "unit_id"),
        Index("audit_event_account_id_idx", "account_id"),
        Index("audit_event_object_type_object_id_idx", "object_type", "object_id"),
    )

    id: Mapped[Key]
    shard: Mapped[int] = mapped_column(SmallInteger)
    sequence: Mapped[int]
    at: Mapped[Moment]
    account_id: Mapped[int | None] = mapped_column(to("account.id"))
    address: Mapped[str | None]
    kind: Mapped[str]
    object_type: Mapped[str | None]
    object_id: Mapped[int | None]
    unit_id: Mapped[int | None] = mapped_column(to("unit.id"))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    reason: Mapped[str | None]
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
