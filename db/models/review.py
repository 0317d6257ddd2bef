"""Decisions on initiatives."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Key, LTree, Moment, one_of, to
from db.models.enums import ReviewDecision


class Review(Base):
    """What one unit decided on an initiative; every decision other than approval has a reason."""

    __tablename__ = "review"
    __table_args__ = (
        CheckConstraint("decision = 'APPROVE' or reason is not null", "reason"),
        Index("review_initiative_id_idx", "initiative_id"),
    )

    id: Mapped[Key]
    initiative_id: Mapped[int] = mapped_column(to("initiative.id"))
    path: Mapped[str] = mapped_column(LTree)
    unit_id: Mapped[int] = mapped_column(to("unit.id"))
    decision: Mapped[ReviewDecision] = mapped_column(one_of(ReviewDecision, "decision"))
    reason: Mapped[str | None]
    scores: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    decision_number: Mapped[str | None]
    verified: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    at: Mapped[Moment]
    account_id: Mapped[int | None] = mapped_column(to("account.id"))
