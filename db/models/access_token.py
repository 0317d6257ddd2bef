"""Personal access tokens: credentials of an account's programs instead of a password."""

import uuid
from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Key, Moment, to


class AccessToken(Base):
    """A personal access token, by the hash of its secret; it has permissions of its account.

    Null `permissions` means all of them, a null unit everywhere that the account has them; a token
    never has a permission that its account lacks. A revoked token stays as a record.
    `second_factor` is whether its creator used one. A token that an application created has the
    application's authorization as `family_id` and ends with it.
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
