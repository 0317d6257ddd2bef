-- What the API's roles may touch at all; which rows of it, policies.sql says.
grant usage on schema public to sangkien_reader, sangkien_writer;
revoke create on schema public from public;

do $$
declare
    name text;
begin
    for name in select tablename from pg_tables
        where schemaname = 'public' and tablename <> 'alembic_version'
    loop
        execute format('alter table %I enable row level security', name);
        if name not in (
            'account', 'signing_key', 'participation', 'audit_head', 'initiative_counter',
            'initiative_search', 'initiative_sketch'
        ) then
            execute format('grant select on %I to sangkien_reader, sangkien_writer', name);
        end if;
    end loop;
end
$$;

grant select on alembic_version to sangkien_reader, sangkien_writer;
-- Password hashes and private keys are not for reading.
grant select (id, username, kind, person_id, disabled_at, created_at)
    on account to sangkien_reader, sangkien_writer;
grant select (kid, public_jwk, created_at, retired_at) on signing_key to sangkien_reader;
grant select on signing_key to sangkien_writer;

-- What the writer may write; which rows of it, writes.sql says. Paths, totals, numbers, versions of
-- grants and the audit log are written by triggers alone.
grant insert, update on campaign, phase, window_override, target, initiative, authorship, unit,
    request_key to sangkien_writer;
grant insert, update, delete on benefit_tier to sangkien_writer;
grant insert on phase_result, drive, target_revision, review, duplicate_link, award, unit_history,
    adjustment to sangkien_writer;
grant delete on window_override, authorship, request_key to sangkien_writer;
grant insert, update (revoked_at, revoked_by_id) on role_grant to sangkien_writer;
grant insert (code, name, unit_id, sector, email, phone),
    update (name, unit_id, sector, email, phone, version) on person to sangkien_writer;
-- A row whose own policy cannot see it yet gets its key before it is inserted.
grant usage on sequence initiative_id_seq to sangkien_writer;

-- Functions that change totals or read as owner without asking for a scope are not for calling.
revoke execute on function
    rollup_rebuild(bigint), rollup_shift(bigint, bigint[], int), line_rewrite(bigint[]),
    await_anew(ltree, bigint[]), grants_follow(bigint, bigint), account_paths_changed(ltree),
    audit_hold(), audit_watch(text, text, text, text),
    audit_append(text, text, bigint, bigint, jsonb, jsonb, bigint[]),
    audit_note(text, text, bigint, bigint, jsonb)
from public;
grant execute on function audit_note(text, text, bigint, bigint, jsonb) to sangkien_writer;

-- Nor may anybody hang a trigger of ours on a temporary table, and have it write as owner.
do $$
declare
    name regprocedure;
begin
    for name in select oid from pg_proc
        where pronamespace = 'public'::regnamespace and prorettype = 'trigger'::regtype
    loop
        execute format('revoke execute on function %s from public', name);
    end loop;
end
$$;
