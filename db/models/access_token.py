"""Personal access tokens: what an account gives to its programs instead of a password."""

import uuid
from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Key, Moment, to


class AccessToken(Base):
    """A token, by the hash of its secret. It holds a part of what its account may do.

    Without `permissions` it holds all of them, without a unit wherever the account may; it never
    holds what the account does not. A revoked one stays as a record. `second_factor` is whether who
    made it had given one. A token that an application made has the application's authorization as
    `family_id` and ends with it.
    """

    __tablename__ = "access_token"
    __table_args__ = (
        CheckConstraint("expires_at - created_at <= interval '366 days'", "expiry"),
        Index("access_token_account_id_idx", "account_id"),
        Index("access_token_family_id_idx", "family_id"),
    )

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(to("account.id"))
    name: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    permissions: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    unit_id: Mapped[int | None] = mapped_column(to("unit.id"))
    read_only: Mapped[bool] = mapped_column(server_default="false")
    created_at: Mapped[Moment]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    second_factor: Mapped[bool] = mapped_column(server_default="false")
    family_id: Mapped[uuid.UUID | None] = mapped_column(to("token_family.id", ondelete="SET NULL"))
