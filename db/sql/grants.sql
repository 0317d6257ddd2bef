-- The tables and columns that the API's roles may access; policies.sql restricts the rows.
-- roles.sql lets them, and no other roles, use the schema.
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
            'initiative_search', 'initiative_sketch', 'initiative_maker'
        ) then
            execute format('grant select on %I to sangkien_reader, sangkien_writer', name);
        end if;
    end loop;
end
$$;

grant select on alembic_version to sangkien_reader, sangkien_writer;
-- Not the password hashes and private keys.
grant select (id, username, kind, person_id, disabled_at, created_at)
    on account to sangkien_reader, sangkien_writer;
grant select (kid, public_jwk, created_at, retired_at) on signing_key to sangkien_reader;
grant select on signing_key to sangkien_writer;

-- What the writer may write: only the columns that commands set in inserts and in updates.
-- writes.sql restricts the rows, and sides.sql the changes by columns. Only triggers write paths,
-- totals, numbers, versions of grants and the audit log.
do $$
declare
    name text;
    inserted text;
    updated text;
begin
    for name, inserted, updated in values
        ('campaign',
         'code, title, owner_id, counts_from, confirming_level, applied_from, applied_to, rubric,
          rubric_required',
         'title, counts_from, confirming_level, applied_from, applied_to, rubric, rubric_required,
          version'),
        ('benefit_tier',
         'campaign_id, ordinal, label, from_vnd, to_vnd',
         'ordinal, from_vnd, to_vnd'),
        ('phase',
         'campaign_id, ordinal, title, opens_on, closes_on, floor, audience, occasions',
         'title, opens_on, closes_on, floor, audience, occasions, frozen_at, version'),
        ('phase_result', 'phase_id, unit_id, figures, frozen_at, account_id', null),
        ('window_override',
         'phase_id, unit_id, opens_on, closes_on',
         'opens_on, closes_on, version'),
        ('drive', 'phase_id, unit_id, title, opens_on, closes_on', null),
        ('target',
         'unit_id, phase_id, assigned, registered',
         'assigned, registered, version'),
        ('target_revision',
         'unit_id, phase_id, kind, value, previous, reason, at, account_id', null),
        ('initiative',
         'id, title, summary, content, solution_type, field, sector, unit_id, campaign_id, state,
          applied_on, confidential, claimed, other_benefit, drafted_by_id, created_at',
         'title, summary, content, solution_type, field, sector, phase_id, state, applied_on,
          submitted_at, recognised_at, confirmed_at, published_at, confidential, claimed, verified,
          other_benefit, awaits_id, version'),
        ('authorship', 'initiative_id, person_id, share', 'share'),
        ('review',
         'initiative_id, unit_id, acting_unit_id, decision, reason, scores, decision_number,
          verified, at, account_id', null),
        ('review_sheet',
         'initiative_id, unit_id, account_id, scores, comment, at',
         'unit_id, scores, comment, at'),
        ('duplicate_link',
         'initiative_id, original_id, similarity, reason, decided_at, account_id', null),
        ('award',
         'form, issuer_id, recipient_unit_id, recipient_person_id, phase_id, citation,
          decision_number, awarded_on', null),
        ('adjustment',
         'phase_id, unit_id, kind, initiative_id, gained, reason, at, account_id', null),
        ('unit',
         'code, name, level, parent_id, bloc_id, member_count, valid_from',
         'name, parent_id, bloc_id, member_count, valid_to, merged_into_id, version'),
        ('unit_history', 'unit_id, change, before, after, reason, at, account_id', null),
        ('emulation_bloc', 'code, name', 'name'),
        ('account', 'username, kind, person_id', 'person_id, disabled_at'),
        ('person',
         'code, name, unit_id, sector, email, phone',
         'name, unit_id, sector, email, phone, version'),
        ('role_grant',
         'account_id, role, unit_id, valid_from, valid_to, granted_by_id, granted_at',
         'revoked_at, revoked_by_id'),
        ('request_key', 'account_id, key, digest', 'outcome')
    loop
        execute format('grant insert (%s) on %I to sangkien_writer', inserted, name);
        if updated is not null then
            execute format('grant update (%s) on %I to sangkien_writer', updated, name);
        end if;
    end loop;
end
$$;
grant delete on benefit_tier, window_override, authorship, request_key to sangkien_writer;
-- For a key before the insert: the policy does not see the new row yet, so RETURNING would fail.
grant usage on sequence initiative_id_seq to sangkien_writer;

-- Functions that change totals, or read as owner without a check of a scope, are not executable.
revoke execute on function
    rollup_rebuild(bigint), rollup_shift(bigint, bigint[], int), line_rewrite(bigint[]),
    await_anew(ltree, bigint[]), initiative_made(bigint), grants_follow(bigint, bigint), account_paths_changed(ltree),
    audit_hold(), audit_watch(text, text, text, text),
    audit_append(text, text, bigint, bigint, jsonb, jsonb, bigint[]),
    audit_note(text, text, bigint, bigint, jsonb)
from public;
grant execute on function audit_note(text, text, bigint, bigint, jsonb) to sangkien_writer;

-- Trigger functions are not executable either: on a temporary table they would write as owner.
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
