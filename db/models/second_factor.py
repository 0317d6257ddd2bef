"""Second factors: the secret shared with an authenticator app, and recovery codes."""

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, to


class TotpSecret(Base):
    """A secret of RFC 6238; `last_step` is the time step of the newest accepted code.

    It is in force from `confirmed_at` on, when a first code proved that the app has it.
    """

    __tablename__ = "totp_secret"

    account_id: Mapped[int] = mapped_column(to("account.id"), primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(server_default="0")


class RecoveryCode(Base):
    """A code that replaces a lost authenticator once; it is deleted when used."""

    __tablename__ = "recovery_code"

    account_id: Mapped[int] = mapped_column(to("account.id"), primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
