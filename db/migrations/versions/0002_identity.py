"""The built-in issuer: clients, tokens, sessions, second factors."""

import sqlalchemy as sa
from alembic import op

from db.migrations.load import load

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# In an order in which they can be dropped.
TABLES = (
    "recovery_code",
    "totp_secret",
    "invitation",
    "audit_allowance",
    "sign_in_attempt",
    "known_device",
    "refresh_token",
    "authorization_code",
    "token_family",
    "browser_session",
    "consent",
    "oauth_client",
)
FUNCTIONS = (
    "identity_note(text, text, bigint, jsonb)",
    "identity_sweep(timestamptz, int)",
    "revoked_families(timestamptz)",
    "identity_set_password(bigint, text)",
    "identity_account(bigint, text, date)",
)


def upgrade() -> None:
    """Create the tables and their policies."""
    create_tables()
    load("identity", "identity_policies")


def downgrade() -> None:
    """Drop the tables; all users have to sign in again."""
    for function in FUNCTIONS:
        op.execute(f"drop function {function}")
    for table in TABLES:
        op.drop_table(table)
    op.execute("drop function issuing()")


def create_tables() -> None:
    """Create the tables, as the models had them at this revision."""
    op.create_table(
        "sign_in_attempt",
        sa.Column("subject_hash", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject_hash", name="sign_in_attempt_pkey"),
    )
    op.create_index(
        "sign_in_attempt_expires_at_idx", "sign_in_attempt", ["expires_at"], unique=False
    )
    op.create_table(
        "audit_allowance",
        sa.Column("subject_hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("recorded", sa.BigInteger(), nullable=False),
        sa.Column("unrecorded", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject_hash", name="audit_allowance_pkey"),
    )
    op.create_index("audit_allowance_ends_at_idx", "audit_allowance", ["ends_at"], unique=False)
    op.create_table(
        "browser_session",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("amr", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idle_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="browser_session_account_id_fkey"
        ),
        sa.PrimaryKeyConstraint("id", name="browser_session_pkey"),
        sa.UniqueConstraint("secret_hash", name="browser_session_secret_hash_key"),
    )
    op.create_index(
        "browser_session_account_id_idx", "browser_session", ["account_id"], unique=False
    )
    op.create_index(
        "browser_session_idle_ends_at_idx", "browser_session", ["idle_ends_at"], unique=False
    )
    op.create_table(
        "invitation",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invited_by_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="invitation_account_id_fkey"),
        sa.ForeignKeyConstraint(
            ["invited_by_id"], ["account.id"], name="invitation_invited_by_id_fkey"
        ),
        sa.PrimaryKeyConstraint("account_id", name="invitation_pkey"),
        sa.UniqueConstraint("token_hash", name="invitation_token_hash_key"),
    )
    op.create_index("invitation_expires_at_idx", "invitation", ["expires_at"], unique=False)
    op.create_table(
        "known_device",
        sa.Column("device_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="known_device_account_id_fkey"
        ),
        sa.PrimaryKeyConstraint("device_hash", "account_id", name="known_device_pkey"),
    )
    op.create_index("known_device_expires_at_idx", "known_device", ["expires_at"], unique=False)
    op.create_table(
        "oauth_client",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=True),
        sa.Column("redirect_uris", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column(
            "post_logout_redirect_uris", sa.ARRAY(sa.Text()), server_default="{}", nullable=False
        ),
        sa.Column("grant_types", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("trusted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("may_introspect", sa.Boolean(), server_default="false", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="oauth_client_account_id_fkey"
        ),
        sa.PrimaryKeyConstraint("client_id", name="oauth_client_pkey"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="recovery_code_account_id_fkey"
        ),
        sa.PrimaryKeyConstraint("account_id", "code_hash", name="recovery_code_pkey"),
    )
    op.create_table(
        "totp_secret",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="totp_secret_account_id_fkey"),
        sa.PrimaryKeyConstraint("account_id", name="totp_secret_pkey"),
    )
    op.create_table(
        "consent",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="consent_account_id_fkey"),
        sa.ForeignKeyConstraint(
            ["client_id"], ["oauth_client.client_id"], name="consent_client_id_fkey"
        ),
        sa.PrimaryKeyConstraint("account_id", "client_id", name="consent_pkey"),
    )
    op.create_table(
        "token_family",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("auth_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("amr", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="token_family_account_id_fkey"
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["oauth_client.client_id"], name="token_family_client_id_fkey"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["browser_session.id"],
            name="token_family_session_id_fkey",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="token_family_pkey"),
    )
    op.create_index("token_family_account_id_idx", "token_family", ["account_id"], unique=False)
    op.create_index("token_family_expires_at_idx", "token_family", ["expires_at"], unique=False)
    op.create_index("token_family_revoked_at_idx", "token_family", ["revoked_at"], unique=False)
    op.create_index("token_family_session_id_idx", "token_family", ["session_id"], unique=False)
    op.create_table(
        "authorization_code",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=True),
        sa.Column("code_challenge", sa.Text(), nullable=False),
        sa.Column("auth_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amr", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="authorization_code_account_id_fkey"
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["oauth_client.client_id"], name="authorization_code_client_id_fkey"
        ),
        sa.ForeignKeyConstraint(
            ["family_id"],
            ["token_family.id"],
            name="authorization_code_family_id_fkey",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["browser_session.id"],
            name="authorization_code_session_id_fkey",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("code_hash", name="authorization_code_pkey"),
    )
    op.create_index(
        "authorization_code_expires_at_idx", "authorization_code", ["expires_at"], unique=False
    )
    op.create_index(
        "authorization_code_family_id_idx", "authorization_code", ["family_id"], unique=False
    )
    op.create_index(
        "authorization_code_session_id_idx", "authorization_code", ["session_id"], unique=False
    )
    op.create_table(
        "refresh_token",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["family_id"],
            ["token_family.id"],
            name="refresh_token_family_id_fkey",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name="refresh_token_pkey"),
    )
    op.create_index("refresh_token_family_id_idx", "refresh_token", ["family_id"], unique=False)
