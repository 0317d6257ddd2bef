"""A faulty command can do no more than the role matrix: the database checks each column."""

import pytest

from db.rules.errors import ForbiddenError
from tests.mutating import rows, writing

# The columns of each table that commands and the issuer change. A new column belongs here only if
# they write it.
UPDATED = {
    "account": "disabled_at person_id",
    "emulation_bloc": "name",
    "review_sheet": "unit_id scores comment at",
    "campaign": "title counts_from confirming_level applied_from applied_to rubric rubric_required"
    " version",
    "benefit_tier": "ordinal from_vnd to_vnd",
    "phase": "title opens_on closes_on floor audience occasions frozen_at version",
    "window_override": "opens_on closes_on version",
    "target": "assigned registered version",
    "initiative": "title summary content solution_type field sector phase_id state applied_on"
    " submitted_at recognised_at confirmed_at published_at confidential claimed verified"
    " other_benefit awaits_id version",
    "authorship": "share",
    "unit": "name parent_id bloc_id member_count valid_to merged_into_id version",
    "person": "name unit_id sector email phone version",
    "role_grant": "revoked_at revoked_by_id",
    "request_key": "outcome",
    "access_token": "last_used_at revoked_at",
    "oauth_client": "last_used_at revoked_at",
    "token_family": "last_used_at revoked_at",
}
# Only in transactions of the issuer, which bind no caller.
ISSUERS = {
    *(
        "audit_allowance",
        "authorization_code",
        "browser_session",
        "consent",
        "invitation",
        "known_device",
    ),
    *("link_code", "recovery_code", "refresh_token", "sign_in_attempt", "totp_secret"),
}
DERIVED = {
    *("path", "depth", "search", "grassroots_count", "upper_id", "federation_id", "number"),
    *("benefit_claimed", "benefit_verified", "awaited_at", "grants_version"),
}
GIVEN = """
    select table_name, string_agg(column_name, ' ') as columns
    from information_schema.column_privileges
    where grantee = 'sangkien_writer' and privilege_type = %s group by table_name
"""
OF = {code: f"(select id from unit where code = '{code}')" for code in ("TLD", "VNPT-HNI")}
TREE = {
    "path": "update unit set path = '1' where code = 'TTTT'",
    "count": "update unit set grassroots_count = 9 where code = 'TTTT'",
    "code": "update unit set code = 'FAKE' where code = 'TTTT'",
    "level": "update unit set level = 'UPPER' where code = 'VNPT-HNI'",
    "own path": "insert into unit (code, name, level, parent_id, valid_from, path)"
    f" values ('X', 'X', 'UPPER', {OF['VNPT-HNI']}, '2022-01-01', '1')",
    "person": "update person set path = '1'",
    "target": "update target set path = '1'",
    "target of another": f"update target set unit_id = {OF['VNPT-HNI']}",
    "override of another": f"update window_override set unit_id = {OF['VNPT-HNI']}",
    "owner": f"update campaign set owner_id = {OF['VNPT-HNI']}",
    "ordinal": "update phase set ordinal = 9",
    "granted": "update role_grant set role = 'ADMIN'",
    "review": "update review set decision = 'REJECT'",
    "award": "update award set citation = ''",
    "result": "update phase_result set figures = '{}'",
}


def given(url: str, privilege: str) -> dict[str, set[str]]:
    """Return the columns of each table for which the writer has a privilege."""
    return {row["table_name"]: {*row["columns"].split()} for row in rows(url, GIVEN, privilege)}


def test_the_writer_updates_no_column_that_is_not_listed(database):
    updated = given(database, "UPDATE")
    listed = {table: {*columns.split()} for table, columns in UPDATED.items()}
    assert {table: updated[table] for table in updated.keys() - ISSUERS} == listed


def test_the_writer_inserts_nothing_that_triggers_work_out(database):
    inserted = given(database, "INSERT")
    assert {table for table, columns in inserted.items() if columns & DERIVED} == set()


@pytest.mark.parametrize("statement", TREE.values(), ids=TREE)
async def test_nobody_writes_what_is_derived_or_stays_as_it_is(programme, statement):
    async with writing(programme) as session:
        with pytest.raises(ForbiddenError):
            await session.execute("confed-admin", statement)
