-- The audit log: what changed, by whom, from where and why, for every writer.
--
-- Triggers write an event for every row that a statement changes, in its transaction. Derived
-- columns are left out, and so is the maintenance of the log itself.

-- The columns with prose (audit_prose.sql).
create or replace function audit_prose_columns() returns text[]
language sql immutable parallel safe
return array['title', 'summary', 'other_benefit', 'reason', 'citation', 'comment'];

-- The people whom a row's prose is likely to name: the caller, authors, the recipient of an award.
create or replace function audit_people(fields jsonb, of_initiative bigint) returns bigint[]
language sql stable
return array(
    select person_id from account where id = caller()
    union
    select person_id from authorship where initiative_id = of_initiative
    union
    select (fields ->> 'recipient_person_id')::bigint
);

-- The columns that triggers derive from other rows, or maintain for themselves.
create or replace function audit_derived() returns text[]
language sql immutable parallel safe
return array[
    'path', 'depth', 'search', 'upper_id', 'federation_id', 'grassroots_count',
    'grants_version', 'benefit_claimed', 'benefit_verified', 'version', 'last_step', 'last_used_at',
    'decider_ids', 'counted_unit_id'
];

-- The columns that the log masks: personal data, secrets, confidential bodies.
create or replace function audit_masked(table_name text) returns text[]
language sql immutable parallel safe
return case table_name
    when 'person' then '{code,name,email,phone}'
    when 'account' then '{password_hash}'
    when 'signing_key' then '{private_jwk}'
    when 'oauth_client' then '{secret_hash}'
    when 'totp_secret' then '{secret}'
    when 'recovery_code' then '{code_hash}'
    when 'invitation' then '{token_hash}'
    when 'external_identity' then '{subject}'
    when 'link_code' then '{code_hash}'
    when 'access_token' then '{token_hash,name}'
    when 'initiative' then '{content}'
    else '{}' end::text[];

-- A row as the log stores it: without derived columns and nulls, with masks.
create or replace function audit_facts(table_name text, fields jsonb, people bigint[]) returns jsonb
language plpgsql stable set search_path = public, pg_temp as $$
begin
    fields := jsonb_strip_nulls(fields - audit_derived());
    if fields ?| (audit_masked(table_name) || audit_prose_columns()) then
        select jsonb_object_agg(key, case
            when key = any (audit_masked(table_name)) then '"***"'::jsonb
            when key = any (audit_prose_columns())
                then to_jsonb(audit_prose(value #>> '{}', people))
            else value end)
        into fields from jsonb_each(fields);
    end if;
    return fields;
end
$$;

-- The unit of an account in the log: its person's; else the lowest unit at or above all units where
-- it has a role.
create or replace function audit_account_unit(of_account bigint) returns bigint
language plpgsql stable set search_path = public, pg_temp as $$
begin
    return coalesce(
        (select p.unit_id from account a join person p on p.id = a.person_id where a.id = of_account),
        (select top.id
         from role_grant g
         join unit u on u.id = g.unit_id
         cross join unnest(line(u.path)) with ordinality as top (id, depth)
         where g.account_id = of_account and g.revoked_at is null
         group by top.id, top.depth
         having count(*) = (
            select count(*) from role_grant where account_id = of_account and revoked_at is null)
         order by top.depth desc
         limit 1)
    );
end
$$;

-- The unit of a row in the log. Not a single expression: PostgreSQL would prepare the branches of
-- all tables for a call about one.
create or replace function audit_unit(table_name text, fields jsonb) returns bigint
language plpgsql stable set search_path = public, pg_temp as $$
begin
    case table_name
    when 'unit' then
        return (fields ->> 'id')::bigint;
    when 'campaign' then
        return (fields ->> 'owner_id')::bigint;
    when 'phase', 'benefit_tier' then
        return (select owner_id from campaign where id = (fields ->> 'campaign_id')::bigint);
    when 'authorship', 'review', 'review_sheet', 'duplicate_link', 'initiative_maker' then
        return (select unit_id from initiative where id = (fields ->> 'initiative_id')::bigint);
    when 'award' then
        return (fields ->> 'issuer_id')::bigint;
    when 'account' then
        return coalesce(
            (select unit_id from person where id = (fields ->> 'person_id')::bigint),
            audit_account_unit((fields ->> 'id')::bigint)
        );
    when
        'access_token', 'consent', 'invitation', 'totp_secret', 'recovery_code',
        'external_identity', 'link_code', 'token_family'
    then
        return audit_account_unit((fields ->> 'account_id')::bigint);
    else
        return (fields ->> 'unit_id')::bigint;
    end case;
end
$$;

-- The trigger of a watched table: tg_argv are the object's type and its key column. A change of a
-- row's unit is recorded at both units, and a move of a unit also at its new parent.
create or replace function audit_change() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    was jsonb := to_jsonb(old);
    became jsonb := to_jsonb(new);
    fields jsonb := coalesce(became, was);
    before jsonb := was;
    after jsonb := became;
    people bigint[];
    places bigint[] := array[audit_unit(tg_table_name, fields)];
    place bigint;
begin
    if tg_op = 'UPDATE' then
        -- Only the columns that differ; a masked one is there only to show that it differs.
        select jsonb_object_agg(key, was -> key), jsonb_object_agg(key, became -> key)
        into before, after
        from jsonb_object_keys(fields) as key
        where was -> key is distinct from became -> key and key <> all (audit_derived());
        if after is null then
            return null;
        end if;
        place := audit_unit(tg_table_name, was);
        if place is distinct from places[1] then
            places := places || place;
        end if;
        if tg_table_name = 'unit' and after ? 'parent_id' then
            places := places || (became ->> 'parent_id')::bigint;
        end if;
    end if;
    if coalesce(before, '{}') || coalesce(after, '{}') ?| audit_prose_columns()
        or coalesce(current_setting('sangkien.reason', true), '') <> ''
    then
        people := audit_people(fields, coalesce(
            fields ->> 'initiative_id', case tg_table_name when 'initiative' then fields ->> 'id' end
        )::bigint);
    end if;
    before := audit_facts(tg_table_name, before, people);
    after := audit_facts(tg_table_name, after, people);
    foreach place in array places loop
        perform audit_append(
            case tg_op when 'INSERT' then 'CREATED' when 'UPDATE' then 'CHANGED' else 'REMOVED' end,
            tg_argv[0], (fields ->> nullif(tg_argv[1], ''))::bigint, place, before, after, people
        );
    end loop;
    return null;
end
$$;

-- Watch a table. The trigger's column list decides, not the depth of nested triggers: a change that
-- a trigger makes is recorded, and the maintenance of derived columns costs nothing.
create or replace function audit_watch(
    table_name text, object_type text, key text, first text default 'insert or '
) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
    columns text := (
        select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
        where attrelid = table_name::regclass and attnum > 0 and not attisdropped
            and attgenerated = '' and attname <> all (audit_derived())
    );
begin
    execute format(
        'create or replace trigger audited after %sdelete or update of %s on %I'
        ' for each row execute function audit_change(%L, %L)',
        first, columns, table_name, object_type, key);
end
$$;

select audit_watch(name, object_type, key) from (values
    ('unit', 'Unit', 'id'), ('emulation_bloc', 'EmulationBloc', 'id'),
    ('person', 'Person', 'id'), ('account', 'Account', 'id'), ('role_grant', 'Grant', 'id'),
    ('campaign', 'Campaign', 'id'), ('benefit_tier', 'Campaign', 'campaign_id'),
    ('phase', 'Phase', 'id'), ('window_override', 'Phase', 'phase_id'),
    ('drive', 'Phase', 'phase_id'), ('target', 'Phase', 'phase_id'),
    ('adjustment', 'Phase', 'phase_id'), ('initiative', 'Initiative', 'id'),
    ('authorship', 'Initiative', 'initiative_id'), ('review', 'Initiative', 'initiative_id'),
    ('review_sheet', 'Initiative', 'initiative_id'),
    ('duplicate_link', 'Initiative', 'initiative_id'), ('award', 'Award', 'id'),
    ('signing_key', 'SigningKey', '')
) as watched (name, object_type, key);

-- History tables: inserts are audited elsewhere; audit only updates and deletes.
select audit_watch(name, object_type, key, '') from (values
    ('target_revision', 'Phase', 'phase_id'), ('unit_history', 'Unit', 'unit_id'),
    ('phase_result', 'Phase', 'phase_id'), ('initiative_maker', 'Initiative', 'initiative_id')
) as watched (name, object_type, key);

-- Record a refused attempt, or an action without a change of a row, such as an export. `after` has
-- the keys of the input: of an initiative, a unit or a campaign, whose unit the event is recorded
-- at.
create or replace function audit_note(
    kind text, object_type text, object_id bigint, unit_id bigint, after jsonb
) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    named initiative;
    people bigint[];
begin
    if kind not in ('REFUSED', 'NOTED') then
        raise exception 'changes are noted by their tables' using errcode = 'check_violation';
    end if;
    select * into named from initiative where number = after ->> 'number';
    people := audit_people('{}', named.id);
    perform audit_append(
        kind, coalesce(object_type, case when named.id is not null then 'Initiative' end),
        coalesce(object_id, named.id),
        coalesce(unit_id, named.unit_id, (select id from unit where code = after ->> 'unit'),
                 (select owner_id from campaign where code = after ->> 'campaign'),
                 case object_type when 'Account' then audit_account_unit(object_id) end),
        null,
        (select jsonb_object_agg(key, case when jsonb_typeof(value) = 'string'
            then to_jsonb(audit_prose(value #>> '{}', people)) else value end)
         from jsonb_each(after)),
        people
    );
end
$$;
