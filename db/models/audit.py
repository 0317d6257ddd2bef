"""The audit log."""

from typing import Any

from sqlalchemy import Index, LargeBinary, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Key, Moment, one_of
from db.models.enums import AuditKind


class AuditEvent(Base):
    """One event: who, when, from where, what, before and after, why.

    `action` is what was requested: the name of a mutation or of another cause of the write.
    `before` and `after` hold the differences, without personal data. `unit_id` is the unit
    concerned, `federation_id` and `upper_id` its ancestors at the time: the event is visible at
    all three, however units move later. Append-only: events form hash chains, one per shard, and
    `hash` covers the event and the previous hash of its shard (db/sql/audit_chain.sql).
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        UniqueConstraint("shard", "sequence"),
        Index("audit_event_unit_id_id_idx", "unit_id", "id"),
        Index("audit_event_federation_id_id_idx", "federation_id", "id"),
        Index("audit_event_upper_id_id_idx", "upper_id", "id"),
        Index("audit_event_account_id_id_idx", "account_id", "id"),
        Index("audit_event_object_type_object_id_idx", "object_type", "object_id"),
        Index("audit_event_at_idx", "at"),
        Index(
            "audit_event_import_idx",
            "at",
            postgresql_where=text("action = 'import' and kind in ('NOTED', 'REFUSED')"),
        ),
    )

    id: Mapped[Key]
    shard: Mapped[int] = mapped_column(SmallInteger)
    sequence: Mapped[int]
    at: Mapped[Moment]
    account_id: Mapped[int | None]
    address: Mapped[str | None]
    action: Mapped[str]
    kind: Mapped[AuditKind] = mapped_column(one_of(AuditKind, "kind"))
    object_type: Mapped[str | None]
    object_id: Mapped[int | None]
    unit_id: Mapped[int | None]
    federation_id: Mapped[int | None]
    upper_id: Mapped[int | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    reason: Mapped[str | None]
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditHead(Base):
    """The head of a shard's chain: its last event's sequence and hash. An append locks it."""

    __tablename__ = "audit_head"

    shard: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    sequence: Mapped[int]
    hash: Mapped[bytes] = mapped_column(LargeBinary)
