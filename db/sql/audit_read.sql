-- Read access to the audit log: an event is visible at its unit and at the ancestors that the unit
-- had at that moment. So an ancestor does not lose past events when a unit moves away, and a unit's
-- own auditors see all of its past.

-- The top units of the caller's scopes.
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

-- The events of the caller's units except the first, along indexes; most callers have one unit.
create or replace function audit_events_elsewhere() returns setof bigint
language sql stable security definer set search_path = public, pg_temp rows 100
begin atomic
    select id from audit_event where federation_id = any ((audit_tops())[2:])
    union
    select id from audit_event where upper_id = any ((audit_tops())[2:])
    union
    select id from audit_event where unit_id = any ((audit_tops())[2:]);
end;

-- The actor of an event, even if the account is hidden from the caller: readers of the log must
-- know it, and a username is not personal data.
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
