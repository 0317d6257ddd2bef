"""Tables, and the SQL of row-level security, triggers and totals."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from db.migrations.load import drop_everything, load
from db.models.base import LTree

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Ordered by their dependencies.
SQL = (
    "session",
    "total",
    "unit",
    "line",
    "membership",
    "window",
    "rollup",
    "recount",
    "verify",
    "account",
    "standing",
    "pace",
    "policies",
    "scope",
    "sketch",
    "search",
    "duplicates",
    "target",
    "person",
    "result",
    "number",
    "audit_prose",
    "audit",
    "review",
    "duties",
    "makers",
    "sheets",
    "audit_chain",
    "audit_read",
    "verify_audit",
    "verification",
    "writes",
    "sides",
    "merge",
    "granting",
    "account_management",
    "marks",
    "figures",
    "grants",
)


def upgrade() -> None:
    """Create everything."""
    load("calendar", "text")
    create_tables()
    op.execute("insert into account (id, username, kind) values (0, 'public', 'PUBLIC')")
    load(*SQL)


def downgrade() -> None:
    """Drop everything except the extensions and the roles, which other databases may share."""
    drop_everything()


def create_tables() -> None:
    """Create the tables, as the models had them at this revision."""
    op.create_table(
        "emulation_bloc",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=("emulation_bloc_pkey")),
        sa.UniqueConstraint("code", name=("emulation_bloc_code_key")),
    )
    op.create_table(
        "participation",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("initiatives", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "campaign_id", "ordinal", name=("participation_pkey")),
    )
    op.create_index("participation_unit_id_idx", "participation", ["unit_id"], unique=False)
    op.create_table(
        "rollup",
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("path", LTree(), nullable=False),
        sa.Column("submitted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("recognised", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("confirmed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("returned", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rejected", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("achieved", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("achieved_production", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("achieved_public", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("benefit_claimed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("benefit_verified", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("participants", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("units_reporting", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("units_meeting_floor", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("unit_id", "campaign_id", "ordinal", "slot", name=("rollup_pkey")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_table(
        "rollup_day",
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("path", LTree(), nullable=False),
        sa.Column("submitted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("recognised", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("confirmed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("achieved", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint(
            "unit_id", "campaign_id", "ordinal", "day", "slot", name=("rollup_day_pkey")
        ),
    )
    op.create_table(
        "rollup_tier",
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("tier_id", sa.BigInteger(), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("path", LTree(), nullable=False),
        sa.Column("achieved", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint(
            "unit_id", "campaign_id", "ordinal", "tier_id", "slot", name=("rollup_tier_pkey")
        ),
    )
    op.create_table(
        "signing_key",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("public_jwk", postgresql.JSONB(), nullable=False),
        sa.Column("private_jwk", postgresql.JSONB(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("kid", name=("signing_key_pkey")),
    )
    op.create_table(
        "unit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "level",
            sa.Enum(
                "CONFEDERATION",
                "FEDERATION",
                "UPPER",
                "GRASSROOTS",
                name="level",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("path", LTree(), nullable=False),
        sa.Column(
            "depth",
            sa.BigInteger(),
            sa.Computed("nlevel(path) - 1", persisted=True),
            nullable=False,
        ),
        sa.Column("bloc_id", sa.BigInteger(), nullable=True),
        sa.Column("member_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("grassroots_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("merged_into_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "search",
            sa.Text(collation="C"),
            sa.Computed("fold(name || ' ' || code)", persisted=True),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(parent_id is null) = (level = 'CONFEDERATION')", name=("unit_root_check")
        ),
        sa.CheckConstraint("member_count >= 0", name=("unit_member_count_check")),
        sa.CheckConstraint(
            "valid_to is null or valid_to >= valid_from", name=("unit_validity_check")
        ),
        sa.ForeignKeyConstraint(["bloc_id"], ["emulation_bloc.id"], name=("unit_bloc_id_fkey")),
        sa.ForeignKeyConstraint(["merged_into_id"], ["unit.id"], name=("unit_merged_into_id_fkey")),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name=("unit_parent_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=("unit_pkey")),
        sa.UniqueConstraint("code", name=("unit_code_key")),
    )
    op.create_index("unit_bloc_id_idx", "unit", ["bloc_id"], unique=False)
    op.create_index(
        "unit_one_root_idx",
        "unit",
        [sa.literal_column("(parent_id is null)")],
        unique=True,
        postgresql_where=sa.text("parent_id is null"),
    )
    op.create_index("unit_parent_id_code_idx", "unit", ["parent_id", "code"], unique=False)
    op.create_index("unit_path_idx", "unit", ["path"], unique=False, postgresql_using="gist")
    op.create_index(
        "unit_search_idx",
        "unit",
        ["search"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search": "gin_trgm_ops"},
    )
    op.create_table(
        "campaign",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "counts_from",
            sa.Enum(
                "RECOGNISED",
                "CONFIRMED",
                name="counts_from",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "confirming_level",
            sa.Enum(
                "CONFEDERATION",
                "FEDERATION",
                "UPPER",
                "GRASSROOTS",
                name="confirming_level",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="FEDERATION",
            nullable=False,
        ),
        sa.Column("applied_from", sa.Date(), nullable=False),
        sa.Column("applied_to", sa.Date(), nullable=False),
        sa.Column("rubric", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("rubric_required", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("applied_to >= applied_from", name=("campaign_applied_check")),
        sa.ForeignKeyConstraint(["owner_id"], ["unit.id"], name=("campaign_owner_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=("campaign_pkey")),
        sa.UniqueConstraint("code", name=("campaign_code_key")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("path", LTree(), nullable=False),
        sa.Column(
            "sector",
            sa.Enum(
                "PRODUCTION",
                "PUBLIC",
                name="sector",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=("person_unit_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=("person_pkey")),
        sa.UniqueConstraint("code", name=("person_code_key")),
    )
    op.create_index("person_unit_id_idx", "person", ["unit_id"], unique=False)
    op.create_table(
        "membership",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("valid_to >= valid_from", name=("membership_validity_check")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=("membership_person_id_fkey")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=("membership_unit_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=("membership_pkey")),
    )
    op.create_index("membership_person_id_idx", "membership", ["person_id"], unique=False)
    op.create_index(
        "membership_current_idx",
        "membership",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("valid_to is null"),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "PUBLIC",
                "PERSON",
                "SERVICE",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("grants_version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=("account_person_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=("account_pkey")),
        sa.UniqueConstraint("person_id", name=("account_person_id_key")),
        sa.UniqueConstraint("username", name=("account_username_key")),
    )
    op.create_table(
        "benefit_tier",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("from_vnd", sa.BigInteger(), nullable=False),
        sa.Column("to_vnd", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "from_vnd >= 0 and (to_vnd is null or to_vnd >= from_vnd)",
            name=("benefit_tier_band_check"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=("benefit_tier_campaign_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=("benefit_tier_pkey")),
        sa.UniqueConstraint(
            "campaign_id",
            "ordinal",
            name=("benefit_tier_campaign_id_ordinal_key"),
            deferrable=True,
            initially="IMMEDIATE",
        ),
    )
    op.create_table(
        "phase",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("floor", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("audience", sa.Text(), nullable=True),
        sa.Column("occasions", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("campaign_id"), "="),
            (sa.text("daterange(opens_on, closes_on, '[]')"), "&&"),
            using="gist",
            name="phase_no_overlap_excl",
        ),
        sa.CheckConstraint("closes_on >= opens_on", name=("phase_window_check")),
        sa.CheckConstraint("floor >= 1", name=("phase_floor_check")),
        sa.CheckConstraint("ordinal >= 1", name=("phase_ordinal_check")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=("phase_campaign_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=("phase_pkey")),
        sa.UniqueConstraint("campaign_id", "ordinal", name=("phase_campaign_id_ordinal_key")),
    )
    op.create_table(
        "audit_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "CREATED",
                "CHANGED",
                "REMOVED",
                "REFUSED",
                "NOTED",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("object_type", sa.Text(), nullable=True),
        sa.Column("object_id", sa.BigInteger(), nullable=True),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("federation_id", sa.BigInteger(), nullable=True),
        sa.Column("upper_id", sa.BigInteger(), nullable=True),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.Column("after", postgresql.JSONB(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=("audit_event_pkey")),
        sa.UniqueConstraint("shard", "sequence", name=("audit_event_shard_sequence_key")),
    )
    op.create_index(
        "audit_event_account_id_id_idx", "audit_event", ["account_id", "id"], unique=False
    )
    op.create_index("audit_event_at_idx", "audit_event", ["at"], unique=False)
    op.create_index(
        "audit_event_import_idx",
        "audit_event",
        ["at"],
        unique=False,
        postgresql_where=sa.text("action = 'import' and kind in ('NOTED', 'REFUSED')"),
    )
    op.create_index(
        "audit_event_federation_id_id_idx", "audit_event", ["federation_id", "id"], unique=False
    )
    op.create_index(
        "audit_event_object_type_object_id_idx",
        "audit_event",
        ["object_type", "object_id"],
        unique=False,
    )
    op.create_index("audit_event_unit_id_id_idx", "audit_event", ["unit_id", "id"], unique=False)
    op.create_index("audit_event_upper_id_id_idx", "audit_event", ["upper_id", "id"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("shard", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("shard", name=("audit_head_pkey")),
    )
    op.create_table(
        "award",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "form",
            sa.Enum(
                "BANG_KHEN",
                "GIAY_KHEN",
                "CREATIVE_LABOUR",
                name="form",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("issuer_id", sa.BigInteger(), nullable=False),
        sa.Column("recipient_unit_id", sa.BigInteger(), nullable=True),
        sa.Column("recipient_person_id", sa.BigInteger(), nullable=True),
        sa.Column("phase_id", sa.BigInteger(), nullable=True),
        sa.Column("citation", sa.Text(), nullable=False),
        sa.Column("decision_number", sa.Text(), nullable=False),
        sa.Column("awarded_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(recipient_unit_id, recipient_person_id) = 1",
            name=("award_recipient_check"),
        ),
        sa.ForeignKeyConstraint(["issuer_id"], ["unit.id"], name=("award_issuer_id_fkey")),
        sa.ForeignKeyConstraint(["phase_id"], ["phase.id"], name=("award_phase_id_fkey")),
        sa.ForeignKeyConstraint(
            ["recipient_person_id"], ["person.id"], name=("award_recipient_person_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["recipient_unit_id"], ["unit.id"], name=("award_recipient_unit_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=("award_pkey")),
    )
    op.create_index("award_issuer_id_id_idx", "award", ["issuer_id", "id"], unique=False)
    op.create_index(
        "award_recipient_person_id_id_idx", "award", ["recipient_person_id", "id"], unique=False
    )
    op.create_index(
        "award_recipient_unit_id_id_idx", "award", ["recipient_unit_id", "id"], unique=False
    )
    op.create_index(
        "award_once_unit_idx",
        "award",
        ["issuer_id", "decision_number", "recipient_unit_id"],
        unique=True,
    )
    op.create_index(
        "award_once_person_idx",
        "award",
        ["issuer_id", "decision_number", "recipient_person_id"],
        unique=True,
    )
    op.create_table(
        "drive",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("phase_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.CheckConstraint("closes_on >= opens_on", name=("drive_window_check")),
        sa.ForeignKeyConstraint(["phase_id"], ["phase.id"], name=("drive_phase_id_fkey")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=("drive_unit_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=("drive_pkey")),
    )
    op.create_index("drive_phase_id_idx", "drive", ["phase_id"], unique=False)
    op.create_table(
        "initiative",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(collation="C"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column(
            "solution_type",
            sa.Enum(
                "TECHNICAL",
                "MANAGEMENT",
                "OPERATIONAL",
                "APPLIED_TECHNOLOGY",
                "RESEARCH",
                name="solution_type",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column(
            "sector",
            sa.Enum(
                "PRODUCTION",
                "PUBLIC",
                name="sector",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("upper_id", sa.BigInteger(), nullable=True),
        sa.Column("federation_id", sa.BigInteger(), nullable=True),
        sa.Column("path", LTree(), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("phase_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "DRAFT",
                "SUBMITTED",
                "RECOGNISED",
                "CONFIRMED",
                "RETURNED",
                "REJECTED",
                "WITHDRAWN",
                "DUPLICATE",
                "REVOKED",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recognised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confidential", sa.Boolean(), server_default="false", nullable=False),
        sa.Column(
            "claimed", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False
        ),
        sa.Column("verified", postgresql.ARRAY(sa.BigInteger()), nullable=True),
        sa.Column(
            "benefit_claimed",
            sa.BigInteger(),
            sa.Computed(
                "coalesce(claimed[1], 0) + coalesce(claimed[2], 0) + coalesce(claimed[3], 0)",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "benefit_verified",
            sa.BigInteger(),
            sa.Computed(
                "case when verified is not null then coalesce(verified[1], 0) + coalesce(verified[2], 0) + coalesce(verified[3], 0) end",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.Column("other_benefit", sa.Text(), nullable=True),
        sa.Column("awaits_id", sa.BigInteger(), nullable=True),
        sa.Column("awaited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("drafted_by_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "decider_ids", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "state <> 'CONFIRMED' or confirmed_at is not null",
            name=("initiative_confirmation_check"),
        ),
        sa.CheckConstraint(
            "state in ('DRAFT', 'WITHDRAWN') or (phase_id is not null and submitted_at is not null)",
            name=("initiative_submission_check"),
        ),
        sa.CheckConstraint(
            "state not in ('RECOGNISED', 'CONFIRMED') or recognised_at is not null",
            name=("initiative_recognition_check"),
        ),
        sa.CheckConstraint(
            "cardinality(claimed) <= 3 and 0 <= all(claimed) and 1000000000000 >= all(claimed)",
            name=("initiative_claimed_check"),
        ),
        sa.CheckConstraint(
            "cardinality(verified) <= 3 and 0 <= all(verified) and 1000000000000 >= all(verified)",
            name=("initiative_verified_check"),
        ),
        sa.ForeignKeyConstraint(["awaits_id"], ["unit.id"], name=("initiative_awaits_id_fkey")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=("initiative_campaign_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["drafted_by_id"], ["account.id"], name=("initiative_drafted_by_id_fkey")
        ),
        sa.ForeignKeyConstraint(["phase_id"], ["phase.id"], name=("initiative_phase_id_fkey")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=("initiative_unit_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=("initiative_pkey")),
        sa.UniqueConstraint("number", name=("initiative_number_key")),
    )
    op.create_index(
        "initiative_awaited_idx",
        "initiative",
        ["awaits_id", "awaited_at", "id"],
        unique=False,
        postgresql_where=sa.text("awaits_id is not null"),
    )
    op.create_index(
        "initiative_awaited_at_idx",
        "initiative",
        ["awaited_at", "id"],
        unique=False,
        postgresql_where=sa.text("awaits_id is not null"),
    )
    op.create_index(
        "initiative_deciders_idx",
        "initiative",
        ["decider_ids"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
        postgresql_where=sa.text("awaits_id is not null"),
    )
    op.create_index(
        "initiative_awaiting_idx",
        "initiative",
        ["id"],
        unique=False,
        postgresql_where=sa.text("awaits_id is not null"),
    )
    op.create_index(
        "initiative_federation_id_id_idx", "initiative", ["federation_id", "id"], unique=False
    )
    op.create_index("initiative_phase_id_idx", "initiative", ["phase_id"], unique=False)
    op.create_index(
        "initiative_published_idx",
        "initiative",
        ["id"],
        unique=False,
        postgresql_where=sa.text("published_at is not null"),
    )
    op.create_index("initiative_unit_id_id_idx", "initiative", ["unit_id", "id"], unique=False)
    op.create_index("initiative_upper_id_id_idx", "initiative", ["upper_id", "id"], unique=False)
    op.create_table(
        "initiative_search",
        sa.Column("initiative_id", sa.BigInteger(), nullable=False),
        sa.Column("search", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["initiative_id"],
            ["initiative.id"],
            name=("initiative_search_initiative_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("initiative_id", name=("initiative_search_pkey")),
    )
    op.create_index(
        "initiative_search_search_idx",
        "initiative_search",
        ["search"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"search": "gin_trgm_ops"},
    )
    op.create_table(
        "initiative_sketch",
        sa.Column("initiative_id", sa.BigInteger(), nullable=False),
        sa.Column("keys", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("trigrams", postgresql.BIT(512), nullable=False),
        sa.Column("worded_by_id", sa.BigInteger(), nullable=True),
        sa.Column("worded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wordings", sa.Integer(), server_default="1", nullable=False),
        sa.Column("within_limit", sa.Boolean(), server_default="true", nullable=False),
        sa.ForeignKeyConstraint(
            ["initiative_id"],
            ["initiative.id"],
            name=("initiative_sketch_initiative_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["worded_by_id"], ["account.id"], name=("initiative_sketch_worded_by_id_fkey")
        ),
        sa.PrimaryKeyConstraint("initiative_id", name=("initiative_sketch_pkey")),
    )
    op.create_index(
        "initiative_sketch_keys_idx",
        "initiative_sketch",
        ["keys"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_index(
        "initiative_sketch_worded_idx",
        "initiative_sketch",
        ["worded_by_id", "worded_at"],
        unique=False,
        postgresql_where=sa.text("worded_by_id is not null"),
    )
    op.create_table(
        "phase_result",
        sa.Column("phase_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column(
            "frozen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=("phase_result_account_id_fkey")
        ),
        sa.ForeignKeyConstraint(["phase_id"], ["phase.id"], name=("phase_result_phase_id_fkey")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=("phase_result_unit_id_fkey")),
        sa.PrimaryKeyConstraint("phase_id", "unit_id", name=("phase_result_pkey")),
    )
    op.create_table(
        "role_grant",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "MEMBER",
                "SUPPORT",
                "OFFICER",
                "COUNCIL",
                "ADMIN",
                "AUDITOR",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("granted_by_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "granted_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "valid_to is null or valid_to >= valid_from", name=("role_grant_validity_check")
        ),
        sa.ForeignKeyConstraint(
            ["revoked_by_id"], ["account.id"], name=("role_grant_revoked_by_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=("role_grant_account_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["granted_by_id"], ["account.id"], name=("role_grant_granted_by_id_fkey")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=("role_grant_unit_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=("role_grant_pkey")),
    )
    op.create_index("role_grant_unit_id_idx", "role_grant", ["unit_id"], unique=False)
    op.create_index(
        "role_grant_once_idx",
        "role_grant",
        ["account_id", "role", "unit_id", "valid_from"],
        unique=True,
        postgresql_where=sa.text("revoked_at is null"),
    )
    op.create_table(
        "target",
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("phase_id", sa.BigInteger(), nullable=False),
        sa.Column("path", LTree(), nullable=False),
        sa.Column("assigned", sa.BigInteger(), nullable=True),
        sa.Column("registered", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("assigned >= 0", name=("target_assigned_check")),
        sa.CheckConstraint("registered >= 0", name=("target_registered_check")),
        sa.ForeignKeyConstraint(["phase_id"], ["phase.id"], name=("target_phase_id_fkey")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=("target_unit_id_fkey")),
        sa.PrimaryKeyConstraint("unit_id", "phase_id", name=("target_pkey")),
    )
    op.create_index("target_phase_id_idx", "target", ["phase_id"], unique=False)
    op.create_table(
        "target_revision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("phase_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "ASSIGNED",
                "REGISTERED",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("previous", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("value >= 0", name=("target_revision_value_check")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=("target_revision_account_id_fkey")
        ),
        sa.ForeignKeyConstraint(["phase_id"], ["phase.id"], name=("target_revision_phase_id_fkey")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=("target_revision_unit_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=("target_revision_pkey")),
    )
    op.create_index(
        "target_revision_unit_id_phase_id_idx",
        "target_revision",
        ["unit_id", "phase_id"],
        unique=False,
    )
    op.create_table(
        "unit_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "change",
            sa.Enum(
                "CREATED",
                "CHANGED",
                "MOVED",
                "MERGED",
                "CLOSED",
                name="change",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.Column("after", postgresql.JSONB(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=("unit_history_account_id_fkey")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=("unit_history_unit_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=("unit_history_pkey")),
    )
    op.create_index("unit_history_unit_id_idx", "unit_history", ["unit_id"], unique=False)
    op.create_table(
        "window_override",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("phase_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("closes_on >= opens_on", name=("window_override_window_check")),
        sa.ForeignKeyConstraint(["phase_id"], ["phase.id"], name=("window_override_phase_id_fkey")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=("window_override_unit_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=("window_override_pkey")),
        sa.UniqueConstraint("phase_id", "unit_id", name=("window_override_phase_id_unit_id_key")),
    )
    op.create_table(
        "authorship",
        sa.Column("initiative_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("path", LTree(), nullable=False),
        sa.Column("share", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("counted_unit_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("share >= 1 and share <= 100", name=("authorship_share_check")),
        sa.ForeignKeyConstraint(
            ["counted_unit_id"], ["unit.id"], name=("authorship_counted_unit_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["initiative_id"], ["initiative.id"], name=("authorship_initiative_id_fkey")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=("authorship_person_id_fkey")),
        sa.PrimaryKeyConstraint("initiative_id", "person_id", name=("authorship_pkey")),
    )
    op.create_index("authorship_person_id_idx", "authorship", ["person_id"], unique=False)
    op.create_index(
        "authorship_counted_unit_id_idx",
        "authorship",
        ["counted_unit_id"],
        unique=False,
        postgresql_where=sa.text("counted_unit_id is not null"),
    )
    op.create_table(
        "duplicate_link",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("initiative_id", sa.BigInteger(), nullable=False),
        sa.Column("original_id", sa.BigInteger(), nullable=False),
        sa.Column("similarity", sa.Double(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "decided_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("initiative_id <> original_id", name=("duplicate_link_distinct_check")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=("duplicate_link_account_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["initiative_id"], ["initiative.id"], name=("duplicate_link_initiative_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["original_id"], ["initiative.id"], name=("duplicate_link_original_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=("duplicate_link_pkey")),
        sa.UniqueConstraint(
            "initiative_id", "original_id", name=("duplicate_link_initiative_id_original_id_key")
        ),
    )
    op.create_index(
        "duplicate_link_original_id_idx", "duplicate_link", ["original_id"], unique=False
    )
    op.create_table(
        "review",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("initiative_id", sa.BigInteger(), nullable=False),
        sa.Column("path", LTree(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("acting_unit_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "decision",
            sa.Enum(
                "APPROVE",
                "RETURN",
                "REJECT",
                "REVOKE",
                name="decision",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("scores", postgresql.JSONB(), nullable=True),
        sa.Column("decision_number", sa.Text(), nullable=True),
        sa.Column("verified", postgresql.ARRAY(sa.BigInteger()), nullable=True),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "decision = 'APPROVE' or reason is not null", name=("review_reason_check")
        ),
        sa.CheckConstraint("acting_unit_id <> unit_id", name=("review_acting_check")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=("review_account_id_fkey")),
        sa.ForeignKeyConstraint(
            ["acting_unit_id"], ["unit.id"], name=("review_acting_unit_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["initiative_id"], ["initiative.id"], name=("review_initiative_id_fkey")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=("review_unit_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=("review_pkey")),
    )
    op.create_index("review_account_id_idx", "review", ["account_id"], unique=False)
    op.create_index("review_initiative_id_idx", "review", ["initiative_id"], unique=False)
    op.create_table(
        "review_sheet",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("initiative_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("scores", postgresql.JSONB(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("review_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=("review_sheet_account_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["initiative_id"], ["initiative.id"], name=("review_sheet_initiative_id_fkey")
        ),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=("review_sheet_review_id_fkey")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=("review_sheet_unit_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=("review_sheet_pkey")),
    )
    op.create_index("review_sheet_account_id_idx", "review_sheet", ["account_id"])
    op.create_index("review_sheet_initiative_id_idx", "review_sheet", ["initiative_id"])
    op.create_index(
        "review_sheet_open_idx",
        "review_sheet",
        ["initiative_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("review_id is null"),
    )
    op.create_index("review_sheet_review_id_idx", "review_sheet", ["review_id"])
    op.create_table(
        "initiative_maker",
        sa.Column("initiative_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=("initiative_maker_account_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["initiative_id"],
            ["initiative.id"],
            name=("initiative_maker_initiative_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("initiative_id", "account_id", name=("initiative_maker_pkey")),
    )
    op.create_index("initiative_maker_account_id_idx", "initiative_maker", ["account_id"])
    op.create_table(
        "adjustment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("phase_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "PHASE",
                "WINDOW",
                "DRIVE",
                "TARGET",
                "INITIATIVE",
                "UNIT",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("initiative_id", sa.BigInteger(), nullable=True),
        sa.Column("gained", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=("adjustment_account_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["initiative_id"], ["initiative.id"], name=("adjustment_initiative_id_fkey")
        ),
        sa.ForeignKeyConstraint(["phase_id"], ["phase.id"], name=("adjustment_phase_id_fkey")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=("adjustment_unit_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=("adjustment_pkey")),
    )
    op.create_index(
        "adjustment_phase_id_unit_id_idx", "adjustment", ["phase_id", "unit_id"], unique=False
    )
    op.create_table(
        "initiative_counter",
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=("initiative_counter_unit_id_fkey")),
        sa.PrimaryKeyConstraint("unit_id", "year", name=("initiative_counter_pkey")),
    )
    op.create_table(
        "request_key",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", postgresql.JSONB(), nullable=True),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=("request_key_account_id_fkey")
        ),
        sa.PrimaryKeyConstraint("account_id", "key", name=("request_key_pkey")),
    )
    op.create_index("request_key_at_idx", "request_key", ["account_id", "at"], unique=False)
