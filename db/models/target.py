"""Targets per phase and unit, with every revision."""

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Key, LTree, Moment, Version, one_of, to
from db.models.enums import TargetKind


class Target(Base):
    """A unit's target in a phase, in initiatives: assigned by its parent, registered by itself."""

    __tablename__ = "target"
    __table_args__ = (
        CheckConstraint("assigned >= 0", "assigned"),
        CheckConstraint("registered >= 0", "registered"),
        Index("target_phase_id_idx", "phase_id"),
    )

    unit_id: Mapped[int] = mapped_column(to("unit.id"), primary_key=True)
    phase_id: Mapped[int] = mapped_column(to("phase.id"), primary_key=True)
    path: Mapped[str] = mapped_column(LTree)
    assigned: Mapped[int | None]
    registered: Mapped[int | None]
    version: Mapped[Version]


class TargetRevision(Base):
    """One change of a target: who, when, why, and the value before."""

    __tablename__ = "target_revision"
    __table_args__ = (
        CheckConstraint("value >= 0", "value"),
        Index("target_revision_unit_id_phase_id_idx", "unit_id", "phase_id"),
    )

    id: Mapped[Key]
    unit_id: Mapped[int] = mapped_column(to("unit.id"))
    phase_id: Mapped[int] = mapped_column(to("phase.id"))
    kind: Mapped[TargetKind] = mapped_column(one_of(TargetKind, "kind"))
    value: Mapped[int | None]
    previous: Mapped[int | None]
    reason: Mapped[str | None]
    at: Mapped[Moment]
    account_id: Mapped[int | None] = mapped_column(to("account.id"))
