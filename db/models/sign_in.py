"""Sign-in: browser sessions, known devices, failed attempts, invitations."""

from datetime import datetime

from sqlalchemy import ARRAY, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Key, to


class BrowserSession(Base):
    """A sign-in with a browser; `complete` once every required factor was verified."""

    __tablename__ = "browser_session"
    __table_args__ = (
        Index("browser_session_account_id_idx", "account_id"),
        Index("browser_session_idle_ends_at_idx", "idle_ends_at"),
    )

    id: Mapped[Key]
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    account_id: Mapped[int] = mapped_column(to("account.id"))
    complete: Mapped[bool]
    amr: Mapped[list[str]] = mapped_column(ARRAY(Text))
    signed_in_at: Mapped[datetime]
    idle_ends_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class KnownDevice(Base):
    """A browser that signed in to an account before."""

    __tablename__ = "known_device"
    __table_args__ = (Index("known_device_expires_at_idx", "expires_at"),)

    device_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[int] = mapped_column(to("account.id"), primary_key=True)
    expires_at: Mapped[datetime]


class SignInAttempt(Base):
    """Failed sign-in attempts of one subject: an account, an address or a device, by its hash."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index("sign_in_attempt_expires_at_idx", "expires_at"),)

    subject_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    failures: Mapped[int]
    blocked_until: Mapped[datetime]
    expires_at: Mapped[datetime]


class AuditAllowance(Base):
    """The number of sign-in events of an account, of an address, or of all, in the current hour.

    `subject_hash` identifies the subject. `unrecorded` events were over the limit; once the hour
    has ended, one audit event records their number.
    """

    __tablename__ = "audit_allowance"
    __table_args__ = (Index("audit_allowance_ends_at_idx", "ends_at"),)

    subject_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    kind: Mapped[str]
    account_id: Mapped[int | None]
    recorded: Mapped[int]
    unrecorded: Mapped[int]
    ends_at: Mapped[datetime]


class Invitation(Base):
    """A one-time link for the holder of an account to choose its password.

    `invited_by_id` is the account of the ADMIN who created it, null for the command line.
    """

    __tablename__ = "invitation"
    __table_args__ = (Index("invitation_expires_at_idx", "expires_at"),)

    account_id: Mapped[int] = mapped_column(to("account.id"), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[datetime]
    invited_by_id: Mapped[int | None] = mapped_column(to("account.id"))
