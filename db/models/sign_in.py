"""Signing in: browser sessions, the devices known from before, failed tries, invitations."""

from datetime import datetime

from sqlalchemy import ARRAY, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Key, to


class BrowserSession(Base):
    """Somebody signed in with a browser; `complete` once every factor asked for was given."""

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
    """A browser that signed in as an account before."""

    __tablename__ = "known_device"
    __table_args__ = (Index("known_device_expires_at_idx", "expires_at"),)

    device_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[int] = mapped_column(to("account.id"), primary_key=True)
    expires_at: Mapped[datetime]


class SignInAttempt(Base):
    """Failed tries of one subject: an account, an address or a device, named by its hash."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index("sign_in_attempt_expires_at_idx", "expires_at"),)

    subject_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    failures: Mapped[int]
    blocked_until: Mapped[datetime]
    expires_at: Mapped[datetime]


class AuditAllowance(Base):
    """How many events of signing in an account, an address or all together had in this hour.

    `subject_hash` names which of them. `unrecorded` were too many; an event says of how many, once
    the window has ended.
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
    """A link by which the holder of an account chooses its password, once.

    `invited_by_id` is the account of the ADMIN who made it, null where the command line did.
    """

    __tablename__ = "invitation"
    __table_args__ = (Index("invitation_expires_at_idx", "expires_at"),)

    account_id: Mapped[int] = mapped_column(to("account.id"), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[datetime]
    invited_by_id: Mapped[int | None] = mapped_column(to("account.id"))
