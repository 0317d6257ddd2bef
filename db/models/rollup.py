"""Totals kept by triggers (db/sql/rollup.sql); nothing else writes these tables.

`ordinal` is the phase's, or 0 for the whole campaign. A unit's total is the sum over its
slots; writers spread over the slots of the upper levels so that they do not queue.
"""

from datetime import date

from sqlalchemy import Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, LTree


class Rollup(Base):
    """Totals of a unit's subtree, benefits in VND; db/sql/rollup.sql defines each column."""

    __tablename__ = "rollup"
    __table_args__ = {"postgresql_with": {"fillfactor": "70"}}  # noqa: RUF012 - SQLAlchemy reads it as a plain class attribute

    unit_id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    path: Mapped[str] = mapped_column(LTree)
    submitted: Mapped[int] = mapped_column(server_default="0")
    recognised: Mapped[int] = mapped_column(server_default="0")
    confirmed: Mapped[int] = mapped_column(server_default="0")
    returned: Mapped[int] = mapped_column(server_default="0")
    rejected: Mapped[int] = mapped_column(server_default="0")
    achieved: Mapped[int] = mapped_column(server_default="0")
    achieved_production: Mapped[int] = mapped_column(server_default="0")
    achieved_public: Mapped[int] = mapped_column(server_default="0")
    benefit_claimed: Mapped[int] = mapped_column(server_default="0")
    benefit_verified: Mapped[int] = mapped_column(server_default="0")
    participants: Mapped[int] = mapped_column(server_default="0")
    units_reporting: Mapped[int] = mapped_column(server_default="0")
    units_meeting_floor: Mapped[int] = mapped_column(server_default="0")


class RollupTier(Base):
    """The number of achieved initiatives of a unit's subtree in a benefit tier."""

    __tablename__ = "rollup_tier"

    unit_id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    tier_id: Mapped[int] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    path: Mapped[str] = mapped_column(LTree)
    achieved: Mapped[int] = mapped_column(server_default="0")


class RollupDay(Base):
    """A subtree's gains on a day in Asia/Ho_Chi_Minh; a campaign's are the sum of its phases'."""

    __tablename__ = "rollup_day"

    unit_id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    path: Mapped[str] = mapped_column(LTree)
    submitted: Mapped[int] = mapped_column(server_default="0")
    recognised: Mapped[int] = mapped_column(server_default="0")
    confirmed: Mapped[int] = mapped_column(server_default="0")
    achieved: Mapped[int] = mapped_column(server_default="0")


class Participation(Base):
    """The number of achieved initiatives that a person authored in a phase, or in the campaign."""

    __tablename__ = "participation"
    __table_args__ = (Index("participation_unit_id_idx", "unit_id"),)

    person_id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int]
    initiatives: Mapped[int]
