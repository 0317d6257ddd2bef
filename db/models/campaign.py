"""Campaigns with their phases, benefit tiers, window overrides, drives, results, adjustments."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Key, Moment, Version, one_of, to
from db.models.enums import AdjustmentKind, CountsFrom, UnitLevel


class Campaign(Base):
    """An emulation campaign; `rubric` maps a criterion to its highest score.

    With `rubric_required`, an approval scores every criterion.
    """

    __tablename__ = "campaign"
    __table_args__ = (CheckConstraint("applied_to >= applied_from", "applied"),)

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(Text(collation="C"), unique=True)
    title: Mapped[str]
    owner_id: Mapped[int] = mapped_column(to("unit.id"))
    counts_from: Mapped[CountsFrom] = mapped_column(one_of(CountsFrom, "counts_from"))
    confirming_level: Mapped[UnitLevel] = mapped_column(
        one_of(UnitLevel, "confirming_level"),
        server_default="FEDERATION",
    )
    applied_from: Mapped[date]
    applied_to: Mapped[date]
    rubric: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    rubric_required: Mapped[bool] = mapped_column(server_default="false")
    version: Mapped[Version]


class BenefitTier(Base):
    """A band of benefit in VND, both ends included; bands may overlap, an open end is null."""

    __tablename__ = "benefit_tier"
    __table_args__ = (
        CheckConstraint("from_vnd >= 0 and (to_vnd is null or to_vnd >= from_vnd)", "band"),
        # Deferrable, so checked at the end of a statement, and one statement can reorder all tiers.
        UniqueConstraint("campaign_id", "ordinal", deferrable=True, initially="IMMEDIATE"),
    )

    id: Mapped[Key]
    campaign_id: Mapped[int] = mapped_column(to("campaign.id"))
    ordinal: Mapped[int]
    label: Mapped[str]
    from_vnd: Mapped[int]
    to_vnd: Mapped[int | None]


class Phase(Base):
    """A dated part of a campaign, both days included; `floor`: a grassroots unit's minimum.

    `frozen_at` is when its results table was stored (PhaseResult).
    """

    __tablename__ = "phase"
    __table_args__ = (
        CheckConstraint("ordinal >= 1", "ordinal"),
        CheckConstraint("floor >= 1", "floor"),
        CheckConstraint("closes_on >= opens_on", "window"),
        UniqueConstraint("campaign_id", "ordinal"),
        ExcludeConstraint(
            ("campaign_id", "="),
            (func.daterange(text("opens_on"), text("closes_on"), text("'[]'")), "&&"),
            name="phase_no_overlap_excl",
        ),
    )

    id: Mapped[Key]
    campaign_id: Mapped[int] = mapped_column(to("campaign.id"))
    ordinal: Mapped[int]
    title: Mapped[str]
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    floor: Mapped[int] = mapped_column(server_default="1")
    audience: Mapped[str | None]
    occasions: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    frozen_at: Mapped[datetime | None]
    version: Mapped[Version]


class WindowOverride(Base):
    """Other dates of a phase for a unit's subtree; the nearest override above a unit applies."""

    __tablename__ = "window_override"
    __table_args__ = (
        CheckConstraint("closes_on >= opens_on", "window"),
        UniqueConstraint("phase_id", "unit_id"),
    )

    id: Mapped[Key]
    phase_id: Mapped[int] = mapped_column(to("phase.id"))
    unit_id: Mapped[int] = mapped_column(to("unit.id"))
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    version: Mapped[Version]


class Drive(Base):
    """A dated peak within a phase (tháng cao điểm), set by a unit for its subtree."""

    __tablename__ = "drive"
    __table_args__ = (
        CheckConstraint("closes_on >= opens_on", "window"),
        Index("drive_phase_id_idx", "phase_id"),
    )

    id: Mapped[Key]
    phase_id: Mapped[int] = mapped_column(to("phase.id"))
    unit_id: Mapped[int] = mapped_column(to("unit.id"))
    title: Mapped[str]
    opens_on: Mapped[date]
    closes_on: Mapped[date]


class PhaseResult(Base):
    """The frozen figures of one unit in a closed phase; adjustments record later changes.

    `figures` are those of the unit's progress by column name, benefits in VND; `tiers` is a list
    of the tiers at that time, each with its count.
    """

    __tablename__ = "phase_result"

    phase_id: Mapped[int] = mapped_column(to("phase.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(to("unit.id"), primary_key=True)
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB)
    frozen_at: Mapped[Moment]
    account_id: Mapped[int | None] = mapped_column(to("account.id"))


class Adjustment(Base):
    """A named change to a phase after it was closed, at the unit concerned.

    `gained` is the change in the number of achieved initiatives, 0 if it has not changed; the
    event with before and after is in the audit log.
    """

    __tablename__ = "adjustment"
    __table_args__ = (Index("adjustment_phase_id_unit_id_idx", "phase_id", "unit_id"),)

    id: Mapped[Key]
    phase_id: Mapped[int] = mapped_column(to("phase.id"))
    unit_id: Mapped[int] = mapped_column(to("unit.id"))
    kind: Mapped[AdjustmentKind] = mapped_column(one_of(AdjustmentKind, "kind"))
    initiative_id: Mapped[int | None] = mapped_column(to("initiative.id"))
    gained: Mapped[int] = mapped_column(server_default="0")
    reason: Mapped[str]
    at: Mapped[Moment]
    account_id: Mapped[int | None] = mapped_column(to("account.id"))
