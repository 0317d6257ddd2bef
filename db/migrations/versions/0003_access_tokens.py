"""Personal access tokens, and limits of applications."""

import sqlalchemy as sa
from alembic import op

from db.migrations.load import load

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LIMITS = ("read_only", "unit_id", "permissions")
LIMITED = "select client_id from limited_clients()"
FUNCTIONS = ("limited_clients()", "access_token_holder(bytea)")


def upgrade() -> None:
    """Create the table, the columns of the limits, and their policies."""
    create_table()
    limit_clients()
    load("access_tokens", "access_token_policies")


def downgrade() -> None:
    """Drop them. Access tokens become invalid; limited clients end, else they would gain rights."""
    for table in ("oauth_client set removed_at", "token_family set revoked_at"):
        op.execute(f"update {table} = now() where client_id in ({LIMITED})")
    for function in FUNCTIONS:
        op.execute(f"drop function {function}")
    op.execute("drop trigger tokens_end on token_family")
    op.execute("drop function authorization_ended()")
    op.drop_table("access_token")
    op.execute("drop function own_tokens()")
    op.execute("drop trigger audited on oauth_client")
    for column in LIMITS:
        op.drop_column("oauth_client", column)
    op.execute("select audit_watch('oauth_client', 'Client', 'serial')")


def create_table() -> None:
    """Create the table, as the model had it at this revision."""
    op.create_table(
        "access_token",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("permissions", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("read_only", sa.Boolean(), server_default="false", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("second_factor", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "expires_at - created_at <= interval '366 days'", name="access_token_expiry_check"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="access_token_account_id_fkey"
        ),
        sa.ForeignKeyConstraint(
            ["family_id"],
            ["token_family.id"],
            name="access_token_family_id_fkey",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="access_token_unit_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="access_token_pkey"),
        sa.UniqueConstraint("token_hash", name="access_token_token_hash_key"),
    )
    op.create_index("access_token_account_id_idx", "access_token", ["account_id"], unique=False)
    op.create_index("access_token_family_id_idx", "access_token", ["family_id"], unique=False)


def limit_clients() -> None:
    """Add the columns that limit the tokens of an application."""
    for column in (
        sa.Column("permissions", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("read_only", sa.Boolean(), server_default="false", nullable=False),
    ):
        op.add_column("oauth_client", column)
    op.create_foreign_key("oauth_client_unit_id_fkey", "oauth_client", "unit", ["unit_id"], ["id"])
