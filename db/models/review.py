"""Decisions on initiatives."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Key, LTree, Moment, one_of, to
from db.models.enums import ReviewDecision


class Review(Base):
    """One unit's decision on an initiative; every decision other than approval has a reason.

    `unit_id` is the unit whose decision it is; `acting_unit_id` the unit above that decided in its
    place, null where the unit decided itself.
    """

    __tablename__ = "review"
    __table_args__ = (
        CheckConstraint("decision = 'APPROVE' or reason is not null", "reason"),
        CheckConstraint("acting_unit_id <> unit_id", "acting"),
        Index("review_account_id_idx", "account_id"),
        Index("review_initiative_id_idx", "initiative_id"),
    )

    id: Mapped[Key]
    initiative_id: Mapped[int] = mapped_column(to("initiative.id"))
    path: Mapped[str] = mapped_column(LTree)
    unit_id: Mapped[int] = mapped_column(to("unit.id"))
    acting_unit_id: Mapped[int | None] = mapped_column(to("unit.id"))
    decision: Mapped[ReviewDecision] = mapped_column(one_of(ReviewDecision, "decision"))
    reason: Mapped[str | None]
    scores: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    decision_number: Mapped[str | None]
    verified: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    at: Mapped[Moment]
    account_id: Mapped[int | None] = mapped_column(to("account.id"))


class ReviewSheet(Base):
    """The scores that one account gives an initiative before a unit's decision.

    `review_id` is the decision that ended the round; null until that decision.
    """

    __tablename__ = "review_sheet"
    __table_args__ = (
        Index("review_sheet_account_id_idx", "account_id"),
        Index("review_sheet_initiative_id_idx", "initiative_id"),
        Index("review_sheet_review_id_idx", "review_id"),
        Index(
            "review_sheet_open_idx",
            "initiative_id",
            "account_id",
            unique=True,
            postgresql_where=text("review_id is null"),
        ),
    )

    id: Mapped[Key]
    initiative_id: Mapped[int] = mapped_column(to("initiative.id"))
    unit_id: Mapped[int] = mapped_column(to("unit.id"))
    account_id: Mapped[int] = mapped_column(to("account.id"))
    scores: Mapped[dict[str, Any]] = mapped_column(JSONB)
    comment: Mapped[str | None]
    at: Mapped[Moment]
    review_id: Mapped[int | None] = mapped_column(to("review.id"))
