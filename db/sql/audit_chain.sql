-- Hash chains: how events are appended to the audit log, so that `sangkien verify` detects every
-- altered, removed or displaced one (verify_audit.sql).
--
-- A transaction appends to one chain and locks it until it ends, so a rollback leaves no gap. There
-- are more chains than connections of a server, so no writer waits for another: a backend uses the
-- chain of its own number, or a free one.

create or replace function audit_shards() returns int
language sql immutable parallel safe
return 1024;

-- The hash before the first event of a chain.
create or replace function audit_genesis(shard int) returns bytea
language sql immutable parallel safe
return sha256(shard::text::bytea);

insert into audit_head (shard, sequence, hash)
select shard, 0, audit_genesis(shard) from generate_series(0, audit_shards() - 1) as shard
on conflict do nothing;

-- The hash that an event would have at this place: of all its columns, and of the previous event's
-- hash. Values are hashed as text, because null and JSON's null differ.
create or replace function audit_hash_at(e audit_event, shard bigint, sequence bigint) returns bytea
language sql stable parallel safe
return sha256(convert_to(jsonb_build_array(
    e.id::text, $2::text, $3::text, extract(epoch from e.at)::text, e.account_id::text, e.address,
    e.action, e.kind, e.object_type, e.object_id::text, e.unit_id::text, e.federation_id::text,
    e.upper_id::text, e.before::text, e.after::text, e.reason, encode(e.previous_hash, 'hex')
)::text, 'UTF8'));

create or replace function audit_hash(e audit_event) returns bytea
language sql stable parallel safe
return audit_hash_at(e, e.shard, e.sequence);

-- The transaction's place in the log, from a setting: '7' or '7.1234' for a chain and the number of
-- its last event there. The setting ends with the transaction, and a rollback to a savepoint
-- restores it. It is only a hint: the chain is locked in any case, and its numbers are unique.
create or replace function audit_at(part int) returns bigint
language sql stable
return nullif(split_part(current_setting('sangkien.audit_at', true), '.', part), '')::bigint;

-- Lock a chain: the transaction's, else a free one. If all are locked, wait.
create or replace function audit_hold() returns audit_head
language plpgsql set search_path = public, pg_temp as $$
declare
    head audit_head;
begin
    select * into head from audit_head
    where shard = coalesce(audit_at(1), pg_backend_pid() % audit_shards()) for update skip locked;
    if not found then
        select * into head from audit_head for update skip locked limit 1;
    end if;
    if not found then
        select * into head from audit_head
        where shard = pg_backend_pid() % audit_shards() for update;
    end if;
    return head;
end
$$;

-- Append an event. Actor, address, action and reason are settings of the session (db/sessions.py).
-- The event is visible at `unit_id` and its ancestors of this moment, or at the root if no unit is
-- known. `people` are those involved, whose names are replaced in the reason.
create or replace function audit_append(
    kind text, object_type text, object_id bigint, unit_id bigint, before jsonb, after jsonb,
    people bigint[]
) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    head audit_head := audit_hold();
    event audit_event;
    first boolean := audit_at(2) is null;
begin
    -- Events of this transaction after its first are beyond the chain's head, which follows at the
    -- end. Otherwise the head counts: if the chain's last events were removed, a gap remains.
    if audit_at(1) = head.shard and audit_at(2) > head.sequence then
        select e.sequence, e.hash into event.sequence, event.previous_hash
        from audit_event e where e.shard = head.shard and e.sequence = audit_at(2);
    end if;
    event.sequence := coalesce(event.sequence, head.sequence) + 1;
    event.previous_hash := coalesce(event.previous_hash, head.hash);
    event.id := nextval('audit_event_id_seq');
    event.shard := head.shard;
    event.at := now();
    event.address := nullif(current_setting('sangkien.address', true), '');
    event.action := coalesce(nullif(current_setting('sangkien.action', true), ''), 'sql');
    -- The issuer has no caller: it acts for the account that signs in. A failed sign-in, or a
    -- stolen token, is recorded as anonymous, not as that account's. Sweeps of expired rows have no
    -- account.
    event.account_id := coalesce(caller(), case
        when current_setting('sangkien.issuing', true) is distinct from 'on' then null
        when kind = 'REFUSED' and event.action in ('signIn', 'token') then 0
        when object_type = 'Account' and event.action <> 'sweep' then object_id end);
    event.kind := kind;
    event.object_type := object_type;
    event.object_id := object_id;
    event.unit_id := unit_id;
    if event.unit_id is null then
        select id into event.unit_id from unit where parent_id is null;
    end if;
    select max(a.id) filter (where a.level = 'FEDERATION'), max(a.id) filter (where a.level = 'UPPER')
    into event.federation_id, event.upper_id
    from unit u join unit a on a.id = any (line(u.path)) where u.id = event.unit_id;
    event.before := before;
    event.after := after;
    event.reason := audit_prose(
        nullif(current_setting('sangkien.reason', true), ''), coalesce(people, '{}')
    );
    event.hash := audit_hash(event);
    insert into audit_event select event.*;
    if first then
        update audit_head set sequence = event.sequence, hash = event.hash where shard = event.shard;
    end if;
    perform set_config('sangkien.audit_at', format('%s.%s', event.shard, event.sequence), true);
end
$$;

-- Update the head with the first event of a transaction, and at its end with the last one: twice,
-- however many events there are. Most transactions have one event.
create or replace function audit_seal() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    last bigint := case when audit_at(1) = new.shard then audit_at(2) end;
begin
    update audit_head h set sequence = e.sequence, hash = e.hash
    from audit_event e
    where h.shard = new.shard and h.sequence < new.sequence
        and e.shard = new.shard and e.sequence = (
            select max(sequence) from audit_event
            where shard = new.shard and sequence <= greatest(last, new.sequence)
        );
    return null;
end
$$;

do $$
begin
    if not exists (select from pg_trigger where tgname = 'audit_seal') then
        create constraint trigger audit_seal after insert on audit_event
        deferrable initially deferred for each row when (audit_at(2) is not null)
        execute function audit_seal();
    end if;
end
$$;

-- No role changes the log, not even the owner without dropping these triggers first.
create or replace function audit_keep() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
end
$$;

create or replace trigger audit_keep before update or delete or truncate on audit_event
for each statement execute function audit_keep();
create or replace trigger audit_keep before delete or truncate on audit_head
for each statement execute function audit_keep();
