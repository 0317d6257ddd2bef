"""Authorizations and applications of service accounts: listed, with their use, and revoked."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from db.migrations.load import execute, load

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COLUMNS: dict[str, tuple[str, ...]] = {
    "token_family": ("serial", "last_used_at"),
    "oauth_client": ("serial", "last_used_at", "revoked_at"),
}
POLICIES: dict[str, tuple[str, ...]] = {
    "token_family": ("seen", "revoked"),
    "oauth_client": ("seen", "revoked"),
    "consent": ("seen", "taken_back"),
}
FUNCTIONS = ("service_username(bigint)", "services_managed()", "services_read()")


def upgrade() -> None:
    """Add the columns of authorizations and clients, and their policies."""
    for table, names in COLUMNS.items():
        for name in names:
            op.add_column(table, _column(name))
        op.create_unique_constraint(f"{table}_serial_key", table, ["serial"])
    load("authorizations", "authorization_policies")


def downgrade() -> None:
    """Drop it. A revoked application is removed, as it would otherwise get tokens again."""
    op.execute("update oauth_client set removed_at = now() where revoked_at is not null")
    for table, policies in POLICIES.items():
        for name in policies:
            op.execute(f"drop policy {name} on {table}")
    op.execute("drop trigger audited_revocation on token_family")
    for function in FUNCTIONS:
        op.execute(f"drop function {function}")
    execute("revoke delete on consent from sangkien_writer")
    op.execute("drop trigger audited on oauth_client")
    for table, names in COLUMNS.items():
        for name in names:
            op.drop_column(table, name)
    _forget_columns()
    op.execute("select audit_watch('oauth_client', 'Client', 'serial')")


def _column(name: str) -> sa.Column[Any]:
    if name == "serial":
        return sa.Column(name, sa.BigInteger(), sa.Identity(always=False), nullable=False)
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def _forget_columns() -> None:
    """Revoke the rights to columns that stay."""
    execute(
        "revoke select (client_id, account_id, scope, auth_time, created_at, expires_at,"
        " revoked_at) on token_family from sangkien_reader"
    )
    execute(
        "revoke select (client_id, name, scope, account_id, permissions, unit_id, read_only,"
        " created_at, removed_at) on oauth_client from sangkien_reader"
    )
