-- Who reads the audit log: an event is told to those above the unit where it happened, as the
-- tree stood then. So nobody loses what happened under them when a unit moves away, and a unit's
-- own auditors keep all of its past.

-- The units at the top of the caller's scopes.
create or replace function audit_tops() returns bigint[]
language sql stable parallel safe
return array(
    select (line(top.path))[nlevel(top.path)] from unnest(scope('audit_read')) as top (path)
);

create policy seen on audit_event for select using (
    (select sees_all('audit_read'))
    or federation_id = any ((select audit_tops())::bigint[])
    or upper_id = any ((select audit_tops())::bigint[])
    or unit_id = any ((select audit_tops())::bigint[])
);
create policy seen on audit_head for select using (false);

-- The events told at all the caller's units but the first, along indexes; most callers have one.
create or replace function audit_events_elsewhere() returns setof bigint
language sql stable security definer set search_path = public, pg_temp rows 100
begin atomic
    select id from audit_event where federation_id = any ((audit_tops())[2:])
    union
    select id from audit_event where upper_id = any ((audit_tops())[2:])
    union
    select id from audit_event where unit_id = any ((audit_tops())[2:]);
end;

-- Who did it, whoever may see the account; who reads the log must know. A username is no personal
-- data.
create or replace function audit_actor(account_id bigint) returns text
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select username from account where id = account_id and scope('audit_read') <> '{}';
end;

create or replace function audit_account(name text) returns bigint
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select id from account where username = name and scope('audit_read') <> '{}';
end;
