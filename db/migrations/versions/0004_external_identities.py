"""Identities at external providers, and the codes that link them to accounts."""

import sqlalchemy as sa
from alembic import op

from db.migrations.load import load

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and their policies."""
    op.create_index("person_email_idx", "person", [sa.literal_column("lower(email)")])
    create_tables()
    load("external", "external_policies")


def downgrade() -> None:
    """Drop them; users of an external provider have to be linked again."""
    op.execute("drop function external_candidate(text, text, date)")
    op.execute("drop function external_account(text, text)")
    op.drop_table("link_code")
    op.drop_table("external_identity")
    op.drop_index("person_email_idx", table_name="person")


def create_tables() -> None:
    """Create the tables, as the models had them at this revision."""
    op.create_table(
        "external_identity",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "linked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "linked_by",
            sa.Enum(
                "EMAIL",
                "CODE",
                "ADMIN",
                name="linked_by",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="external_identity_account_id_fkey"
        ),
        sa.PrimaryKeyConstraint("issuer", "subject", name="external_identity_pkey"),
        sa.UniqueConstraint("account_id", "issuer", name="external_identity_account_id_issuer_key"),
    )
    op.create_table(
        "link_code",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="link_code_account_id_fkey"),
        sa.PrimaryKeyConstraint("account_id", name="link_code_pkey"),
        sa.UniqueConstraint("code_hash", name="link_code_code_hash_key"),
    )
    op.create_index("link_code_expires_at_idx", "link_code", ["expires_at"], unique=False)
