"""The union tree: units, their emulation blocs and their history."""

from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, Computed, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Key, LTree, Moment, Version, one_of, to
from db.models.enums import UnitChange, UnitLevel


class EmulationBloc(Base):
    """Units that are compared with one another (Khối Thi đua)."""

    __tablename__ = "emulation_bloc"

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]


class Unit(Base):
    """A union organisation. Never deleted: closed, moved or merged, with history.

    `path` has the ids from the root down to the unit itself; triggers maintain it and
    `grassroots_count` (open grassroots units in the subtree, itself included), and rewrite
    the subtree when the unit moves (db/sql/unit.sql).
    """

    __tablename__ = "unit"
    __table_args__ = (
        CheckConstraint("member_count >= 0", "member_count"),
        CheckConstraint("valid_to is null or valid_to >= valid_from", "validity"),
        CheckConstraint("(parent_id is null) = (level = 'CONFEDERATION')", "root"),
        Index("unit_parent_id_code_idx", "parent_id", "code"),
        Index("unit_path_idx", "path", postgresql_using="gist"),
        Index("unit_bloc_id_idx", "bloc_id"),
        Index(
            "unit_one_root_idx",
            text("(parent_id is null)"),
            unique=True,
            postgresql_where=text("parent_id is null"),
        ),
        Index(
            "unit_search_idx",
            "search",
            postgresql_using="gin",
            postgresql_ops={"search": "gin_trgm_ops"},
        ),
    )

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(Text(collation="C"), unique=True)
    name: Mapped[str]
    level: Mapped[UnitLevel] = mapped_column(one_of(UnitLevel, "level"))
    parent_id: Mapped[int | None] = mapped_column(to("unit.id"))
    path: Mapped[str] = mapped_column(LTree)
    depth: Mapped[int] = mapped_column(Computed("nlevel(path) - 1", persisted=True))
    bloc_id: Mapped[int | None] = mapped_column(to("emulation_bloc.id"))
    member_count: Mapped[int] = mapped_column(server_default="0")
    grassroots_count: Mapped[int] = mapped_column(server_default="0")
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    merged_into_id: Mapped[int | None] = mapped_column(to("unit.id"))
    search: Mapped[str] = mapped_column(
        Text(collation="C"),
        Computed("fold(name || ' ' || code)", persisted=True),
    )
    version: Mapped[Version]


class UnitHistory(Base):
    """One change of a unit, with the values before and after."""

    __tablename__ = "unit_history"
    __table_args__ = (Index("unit_history_unit_id_idx", "unit_id"),)

    id: Mapped[Key]
    unit_id: Mapped[int] = mapped_column(to("unit.id"))
    change: Mapped[UnitChange] = mapped_column(one_of(UnitChange, "change"))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    reason: Mapped[str | None]
    at: Mapped[Moment]
    account_id: Mapped[int | None] = mapped_column(to("account.id"))
