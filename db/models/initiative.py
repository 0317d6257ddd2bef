"""Initiatives, their texts for search, their authors, and duplicates."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, BIT
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Key, LTree, Moment, Version, one_of, to
from db.models.enums import InitiativeState, Sector, SolutionType

# The sum of an array of up to three yearly amounts, in the form in which PostgreSQL stores it.
_TOTAL = " + ".join(f"coalesce({{0}}[{year}], 0::bigint)" for year in (1, 2, 3))


class Initiative(Base):
    """A member's initiative.

    Benefits are whole VND, one amount for each of up to three years. `summary` describes the
    effect and is visible with the row; `content` of a confidential initiative is not.
    `path`, `federation_id` and `upper_id` copy the unit's ancestors (the latter two null where
    that level is missing), kept by triggers, for row-level security and ordered lists of a
    subtree. `submitted_at`, `recognised_at` and `confirmed_at` are the moments from which it
    counts in each of these columns of the totals; `awaited_at` is since when it awaits the unit
    `awaits_id`.
    """

    __tablename__ = "initiative"
    __table_args__ = (
        CheckConstraint(
            "cardinality(claimed) <= 3 and 0 <= all(claimed) and 1000000000000 >= all(claimed)",
            "claimed",
        ),
        CheckConstraint(
            "cardinality(verified) <= 3 and 0 <= all(verified) and 1000000000000 >= all(verified)",
            "verified",
        ),
        CheckConstraint(
            "state in ('DRAFT', 'WITHDRAWN')"
            " or (phase_id is not null and submitted_at is not null)",
            "submission",
        ),
        CheckConstraint(
            "state not in ('RECOGNISED', 'CONFIRMED') or recognised_at is not null",
            "recognition",
        ),
        CheckConstraint("state <> 'CONFIRMED' or confirmed_at is not null", "confirmation"),
        Index("initiative_unit_id_id_idx", "unit_id", "id"),
        Index("initiative_upper_id_id_idx", "upper_id", "id"),
        Index("initiative_federation_id_id_idx", "federation_id", "id"),
        Index("initiative_phase_id_idx", "phase_id"),
        Index(
            "initiative_awaited_idx",
            "awaits_id",
            "awaited_at",
            "id",
            postgresql_where=text("awaits_id is not null"),
        ),
        Index(
            "initiative_deciders_idx",
            "decider_ids",
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
            postgresql_where=text("awaits_id is not null"),
        ),
        Index("initiative_awaiting_idx", "id", postgresql_where=text("awaits_id is not null")),
        Index(
            "initiative_awaited_at_idx",
            "awaited_at",
            "id",
            postgresql_where=text("awaits_id is not null"),
        ),
        Index(
            "initiative_published_idx",
            "id",
            postgresql_where=text("published_at is not null"),
        ),
    )

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(Text(collation="C"), unique=True)
    title: Mapped[str]
    summary: Mapped[str]
    content: Mapped[str]
    solution_type: Mapped[SolutionType] = mapped_column(one_of(SolutionType, "solution_type"))
    field: Mapped[str | None]
    sector: Mapped[Sector] = mapped_column(one_of(Sector, "sector"))
    unit_id: Mapped[int] = mapped_column(to("unit.id"))
    upper_id: Mapped[int | None]
    federation_id: Mapped[int | None]
    path: Mapped[str] = mapped_column(LTree)
    campaign_id: Mapped[int] = mapped_column(to("campaign.id"))
    phase_id: Mapped[int | None] = mapped_column(to("phase.id"))
    state: Mapped[InitiativeState] = mapped_column(one_of(InitiativeState, "state"))
    applied_on: Mapped[date]
    submitted_at: Mapped[datetime | None]
    recognised_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    confidential: Mapped[bool] = mapped_column(server_default="false")
    claimed: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default="{}")
    verified: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    benefit_claimed: Mapped[int] = mapped_column(
        Computed(_TOTAL.format("claimed"), persisted=True),
    )
    benefit_verified: Mapped[int | None] = mapped_column(
        Computed(
            f"case when verified is not null then {_TOTAL.format('verified')}"
            " else null::bigint end",
            persisted=True,
        ),
    )
    other_benefit: Mapped[str | None]
    awaits_id: Mapped[int | None] = mapped_column(to("unit.id"))
    awaited_at: Mapped[datetime | None]
    drafted_by_id: Mapped[int | None] = mapped_column(to("account.id"))
    decider_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default="{}")
    created_at: Mapped[Moment]
    version: Mapped[Version]


class InitiativeSearch(Base):
    """The folded title and summary of an initiative, kept by triggers.

    A table of its own, so that a change of state does not touch the large indexes of its text.
    """

    __tablename__ = "initiative_search"
    __table_args__ = (
        Index(
            "initiative_search_search_idx",
            "search",
            postgresql_using="gin",
            postgresql_ops={"search": "gin_trgm_ops"},
        ),
    )

    initiative_id: Mapped[int] = mapped_column(
        ForeignKey("initiative.id", ondelete="CASCADE"), primary_key=True
    )
    search: Mapped[str] = mapped_column(Text(collation="C"))


class InitiativeSketch(Base):
    """The sketch of a submitted initiative (db/sql/sketch.sql), kept by triggers.

    `worded_by_id` is the account that submitted this text, at `worded_at`; `wordings` is the
    number of texts of this initiative within an hour. `within_limit` is false where the account
    had submitted too many to see hidden initiatives that resemble it (db/sql/duplicates.sql).
    """

    __tablename__ = "initiative_sketch"
    __table_args__ = (
        Index(
            "initiative_sketch_keys_idx",
            "keys",
            postgresql_using="gin",
            # Without fastupdate: a search would scan the index's pending list from end to end.
            postgresql_with={"fastupdate": "off"},
        ),
        Index(
            "initiative_sketch_worded_idx",
            "worded_by_id",
            "worded_at",
            postgresql_where=text("worded_by_id is not null"),
        ),
    )

    initiative_id: Mapped[int] = mapped_column(
        ForeignKey("initiative.id", ondelete="CASCADE"), primary_key=True
    )
    keys: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    trigrams: Mapped[str] = mapped_column(BIT(512))
    worded_by_id: Mapped[int | None] = mapped_column(to("account.id"))
    worded_at: Mapped[datetime | None]
    wordings: Mapped[int] = mapped_column(Integer, server_default="1")
    within_limit: Mapped[bool] = mapped_column(server_default="true")


class Authorship(Base):
    """A person's part in an initiative, in percent; the shares of an initiative sum to 100.

    `counted_unit_id` is the unit that the person belonged to when the initiative was first
    achieved, null until then. Triggers set it once; a merge of units updates it.
    """

    __tablename__ = "authorship"
    __table_args__ = (
        CheckConstraint("share >= 1 and share <= 100", "share"),
        Index("authorship_person_id_idx", "person_id"),
        Index(
            "authorship_counted_unit_id_idx",
            "counted_unit_id",
            postgresql_where=text("counted_unit_id is not null"),
        ),
    )

    initiative_id: Mapped[int] = mapped_column(to("initiative.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(to("person.id"), primary_key=True)
    path: Mapped[str] = mapped_column(LTree)
    share: Mapped[float] = mapped_column(Numeric(5, 2))
    counted_unit_id: Mapped[int | None] = mapped_column(to("unit.id"))


class InitiativeMaker(Base):
    """An account that drafted, edited or submitted an initiative (db/sql/duties.sql)."""

    __tablename__ = "initiative_maker"
    __table_args__ = (Index("initiative_maker_account_id_idx", "account_id"),)

    initiative_id: Mapped[int] = mapped_column(
        ForeignKey("initiative.id", ondelete="CASCADE"), primary_key=True
    )
    account_id: Mapped[int] = mapped_column(to("account.id"), primary_key=True)


class DuplicateLink(Base):
    """A decision that one initiative repeats another; similarity from 0 to 1."""

    __tablename__ = "duplicate_link"
    __table_args__ = (
        CheckConstraint("initiative_id <> original_id", "distinct"),
        UniqueConstraint("initiative_id", "original_id"),
        Index("duplicate_link_original_id_idx", "original_id"),
    )

    id: Mapped[Key]
    initiative_id: Mapped[int] = mapped_column(to("initiative.id"))
    original_id: Mapped[int] = mapped_column(to("initiative.id"))
    similarity: Mapped[float | None]
    reason: Mapped[str | None]
    decided_at: Mapped[Moment]
    account_id: Mapped[int | None] = mapped_column(to("account.id"))


class InitiativeCounter(Base):
    """The last number given to an initiative of a unit in a year."""

    __tablename__ = "initiative_counter"

    unit_id: Mapped[int] = mapped_column(to("unit.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]
