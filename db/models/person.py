"""People and their memberships, accounts and their role grants, and signing keys."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Key, LTree, Moment, Version, one_of, to
from db.models.enums import AccountKind, Role, Sector


class Person(Base):
    """A member of a union; code, name, e-mail and phone are personal data."""

    __tablename__ = "person"
    __table_args__ = (
        Index("person_unit_id_idx", "unit_id"),
        Index("person_email_idx", text("lower(email)")),
    )

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    unit_id: Mapped[int] = mapped_column(to("unit.id"))
    path: Mapped[str] = mapped_column(LTree)
    sector: Mapped[Sector] = mapped_column(one_of(Sector, "sector"))
    email: Mapped[str | None]
    phone: Mapped[str | None]
    version: Mapped[Version]


class Membership(Base):
    """A person's membership of a unit, from a day to a day, both included.

    `valid_from` is null where it is unknown, `valid_to` while the membership lasts. Written by
    triggers (db/sql/membership.sql).
    """

    __tablename__ = "membership"
    __table_args__ = (
        CheckConstraint("valid_to >= valid_from", "validity"),
        Index("membership_person_id_idx", "person_id"),
        Index(
            "membership_current_idx",
            "person_id",
            unique=True,
            postgresql_where=text("valid_to is null"),
        ),
    )

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(to("person.id"))
    unit_id: Mapped[int] = mapped_column(to("unit.id"))
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]


class Account(Base):
    """An account: of a person, of a service, or the one of all anonymous callers.

    `grants_version` rises with every change of the account's rights, so that caches of its scopes
    detect the change (db/sql/account.sql).
    """

    __tablename__ = "account"

    id: Mapped[Key]
    username: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[AccountKind] = mapped_column(one_of(AccountKind, "kind"))
    person_id: Mapped[int | None] = mapped_column(to("person.id"), unique=True)
    password_hash: Mapped[str | None]
    disabled_at: Mapped[datetime | None]
    grants_version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[Moment]


class RoleGrant(Base):
    """A role of an account at a unit and its subtree, from a day to a day, both included.

    A revoked one stays as a record without effect.
    """

    __tablename__ = "role_grant"
    __table_args__ = (
        CheckConstraint("valid_to is null or valid_to >= valid_from", "validity"),
        Index(
            "role_grant_once_idx",
            "account_id",
            "role",
            "unit_id",
            "valid_from",
            unique=True,
            postgresql_where=text("revoked_at is null"),
        ),
        Index("role_grant_unit_id_idx", "unit_id"),
    )

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(to("account.id"))
    role: Mapped[Role] = mapped_column(one_of(Role, "role"))
    unit_id: Mapped[int] = mapped_column(to("unit.id"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    granted_by_id: Mapped[int | None] = mapped_column(to("account.id"))
    granted_at: Mapped[Moment]
    revoked_at: Mapped[datetime | None]
    revoked_by_id: Mapped[int | None] = mapped_column(to("account.id"))


class SigningKey(Base):
    """A key pair of the built-in issuer, as JWKs; only the writer role may read the private one."""

    __tablename__ = "signing_key"

    kid: Mapped[str] = mapped_column(primary_key=True)
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSONB)
    private_jwk: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[Moment]
    retired_at: Mapped[datetime | None]
