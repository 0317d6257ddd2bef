"""Commendations given by units to units and people."""

from datetime import date

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Key, one_of, to
from db.models.enums import AwardForm


class Award(Base):
    """One commendation; the recipient is either a unit or a person."""

    __tablename__ = "award"
    __table_args__ = (
        CheckConstraint("num_nonnulls(recipient_unit_id, recipient_person_id) = 1", "recipient"),
        Index("award_issuer_id_id_idx", "issuer_id", "id"),
        Index("award_recipient_unit_id_id_idx", "recipient_unit_id", "id"),
        Index("award_recipient_person_id_id_idx", "recipient_person_id", "id"),
        # One decision awards a recipient once. Nulls never equal one another.
        Index(
            "award_once_unit_idx", "issuer_id", "decision_number", "recipient_unit_id", unique=True
        ),
        Index(
            "award_once_person_idx",
            *("issuer_id", "decision_number", "recipient_person_id"),
            unique=True,
        ),
    )

    id: Mapped[Key]
    form: Mapped[AwardForm] = mapped_column(one_of(AwardForm, "form"))
    issuer_id: Mapped[int] = mapped_column(to("unit.id"))
    recipient_unit_id: Mapped[int | None] = mapped_column(to("unit.id"))
    recipient_person_id: Mapped[int | None] = mapped_column(to("person.id"))
    phase_id: Mapped[int | None] = mapped_column(to("phase.id"))
    citation: Mapped[str]
    decision_number: Mapped[str]
    awarded_on: Mapped[date]
