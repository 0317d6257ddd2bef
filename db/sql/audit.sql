-- The audit log: what was changed, by whom, from where and why, whoever writes.
--
-- Triggers write an event for every row that a statement changes, in its transaction; what
-- triggers of ours change in turn is not told apart. Events form hash chains. A writer appends to
-- a chain that no other is at, of the 64 there are, so chains do not make writers wait.

create or replace function audit_shards() returns int
language sql immutable parallel safe
return 64;

insert into audit_head (shard, sequence, hash)
select shard, 0, sha256(shard::text::bytea) from generate_series(0, audit_shards() - 1) as shard
on conflict do nothing;

-- The hash of an event: of all that it says, and of the event before it in its chain.
create or replace function audit_hash(e audit_event) returns bytea
language sql stable parallel safe
return sha256(e.previous_hash || convert_to(jsonb_build_array(
    e.id, e.shard, e.sequence, extract(epoch from e.at), e.account_id, e.address, e.action,
    e.kind, e.object_type, e.object_id, e.unit_id, e.before, e.after, e.reason
)::text, 'UTF8'));

-- Append an event. Who, from where, what was asked and why, the session knows (db/sessions.py).
create or replace function audit_append(
    kind text, object_type text, object_id bigint, unit_id bigint, before jsonb, after jsonb
) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    own smallint := nullif(current_setting('sangkien.audit_shard', true), '');
    head audit_head;
    event audit_event;
begin
    if own is null then
        select * into head from audit_head
        where shard = pg_backend_pid() % audit_shards() for update skip locked;
        if not found then
            select * into head from audit_head for update skip locked limit 1;
        end if;
        if not found then
            select * into head from audit_head
            where shard = pg_backend_pid() % audit_shards() for update;
        end if;
        perform set_config('sangkien.audit_shard', head.shard::text, true);
    else
        select * into head from audit_head where shard = own;
    end if;
    event.id := nextval(pg_get_serial_sequence('audit_event', 'id'));
    event.shard := head.shard;
    event.sequence := head.sequence + 1;
    event.at := now();
    event.account_id := caller();
    event.address := nullif(current_setting('sangkien.address', true), '');
    event.action := coalesce(nullif(current_setting('sangkien.action', true), ''), 'sql');
    event.kind := kind;
    event.object_type := object_type;
    event.object_id := object_id;
    event.unit_id := coalesce(unit_id, (select id from unit where parent_id is null));
    event.before := before;
    event.after := after;
    event.reason := nullif(current_setting('sangkien.reason', true), '');
    event.previous_hash := head.hash;
    event.hash := audit_hash(event);
    insert into audit_event overriding system value select event.*;
    update audit_head set sequence = event.sequence, hash = event.hash where shard = head.shard;
end
$$;

-- A row as the log may hold it: without what is derived, without nulls, and with personal data,
-- secrets and confidential bodies by reference only.
create or replace function audit_facts(table_name text, fields jsonb) returns jsonb
language sql immutable parallel safe
return (
    select coalesce(jsonb_object_agg(key, case when key = any (case table_name
        when 'person' then array['code', 'name', 'email', 'phone']
        when 'account' then array['password_hash']
        when 'initiative' then array['content']
        else '{}' end) then '"***"'::jsonb else value end), '{}')
    from jsonb_each(jsonb_strip_nulls(fields))
    where key <> all (array[
        'path', 'depth', 'search', 'sketch', 'upper_id', 'federation_id', 'grassroots_count',
        'grants_version', 'benefit_claimed', 'benefit_verified', 'version'
    ])
);

-- The unit at which a row is looked for in the log.
create or replace function audit_unit(table_name text, fields jsonb) returns bigint
language sql stable
return case table_name
    when 'unit' then (fields ->> 'id')::bigint
    when 'campaign' then (fields ->> 'owner_id')::bigint
    when 'phase' then (
        select owner_id from campaign where id = (fields ->> 'campaign_id')::bigint)
    when 'benefit_tier' then (
        select owner_id from campaign where id = (fields ->> 'campaign_id')::bigint)
    when 'authorship' then (
        select unit_id from initiative where id = (fields ->> 'initiative_id')::bigint)
    when 'review' then (
        select unit_id from initiative where id = (fields ->> 'initiative_id')::bigint)
    when 'duplicate_link' then (
        select unit_id from initiative where id = (fields ->> 'initiative_id')::bigint)
    when 'award' then (fields ->> 'issuer_id')::bigint
    when 'account' then (select unit_id from person where id = (fields ->> 'person_id')::bigint)
    else (fields ->> 'unit_id')::bigint
end;

-- For a row of a table: tg_argv are the object's type and the column that holds its key.
create or replace function audit_change() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    was jsonb := to_jsonb(old);
    became jsonb := to_jsonb(new);
    before jsonb := audit_facts(tg_table_name, was);
    after jsonb := audit_facts(tg_table_name, became);
    fields jsonb := coalesce(became, was);
begin
    if tg_op = 'UPDATE' then
        -- Of what differs; where a reference hides it, that it does.
        select jsonb_object_agg(key, before -> key) filter (where before ? key),
            jsonb_object_agg(key, after -> key) filter (where after ? key)
        into before, after
        from (select key from jsonb_object_keys(before || after) as key
              where was -> key is distinct from became -> key) as changed;
        if before is null and after is null then
            return null;
        end if;
    end if;
    perform audit_append(
        case tg_op when 'INSERT' then 'CREATED' when 'UPDATE' then 'CHANGED' else 'REMOVED' end,
        tg_argv[0], (fields ->> tg_argv[1])::bigint, audit_unit(tg_table_name, fields),
        case when tg_op <> 'INSERT' then before end, case when tg_op <> 'DELETE' then after end
    );
    return null;
end
$$;

do $$
declare
    watched record;
begin
    for watched in values
        ('unit', 'Unit', 'id'), ('emulation_bloc', 'EmulationBloc', 'id'),
        ('person', 'Person', 'id'), ('account', 'Account', 'id'), ('role_grant', 'Grant', 'id'),
        ('campaign', 'Campaign', 'id'), ('benefit_tier', 'Campaign', 'campaign_id'),
        ('phase', 'Phase', 'id'), ('window_override', 'Phase', 'phase_id'),
        ('drive', 'Phase', 'phase_id'), ('target', 'Phase', 'phase_id'),
        ('adjustment', 'Phase', 'phase_id'), ('initiative', 'Initiative', 'id'),
        ('authorship', 'Initiative', 'initiative_id'), ('review', 'Initiative', 'initiative_id'),
        ('duplicate_link', 'Initiative', 'initiative_id'), ('award', 'Award', 'id')
    loop
        execute format(
            'create or replace trigger audited after insert or update or delete on %I'
            ' for each row %s execute function audit_change(%L, %L)',
            watched.column1,
            -- Whatever moves a grant, such as a merge: who was given what is told one by one.
            case when watched.column1 <> 'role_grant' then 'when (pg_trigger_depth() = 0)' end,
            watched.column2, watched.column3);
    end loop;
end
$$;

-- An attempt that was refused, or something done that is no change of a row, such as an export.
create or replace function audit_note(
    kind text, object_type text, object_id bigint, unit_id bigint, after jsonb
) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if kind not in ('REFUSED', 'NOTED') then
        raise exception 'changes are noted by their tables' using errcode = 'check_violation';
    end if;
    perform audit_append(kind, object_type, object_id, unit_id, null, after);
end
$$;

-- Nobody changes what the log says, not even the owner without first taking this away.
create or replace function audit_keep() returns trigger
language plpgsql as $$
begin
    raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
end
$$;

create or replace trigger audit_keep before update or delete or truncate on audit_event
for each statement execute function audit_keep();
