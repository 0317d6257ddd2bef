-- The settings of a session about its caller. Every value ends with the transaction; without a
-- value there is no caller and no scope, and so no visible row.

-- The caller's account, null where none is bound.
create or replace function caller() returns bigint
language sql stable parallel safe
return nullif(current_setting('sangkien.account', true), '')::bigint;

-- Whether an account is bound, even the public one.
create or replace function bound() returns boolean
language sql stable parallel safe
return coalesce(current_setting('sangkien.account', true), '') <> '';

-- The person whose own records the caller may see, null for none.
create or replace function own_person() returns bigint
language sql stable parallel safe
return nullif(current_setting('sangkien.person', true), '')::bigint;

-- The paths of one of the caller's permissions, e.g. scope('unit_read').
create or replace function scope(permission text) returns ltree[]
language sql stable parallel safe
return coalesce(nullif(current_setting('sangkien.' || permission, true), ''), '{}')::ltree[];

-- The names of the caller's permissions at a unit. The setting lists them by scope:
-- "1.2=UNIT_READ,EXPORT;@1=UNIT_READ;OWN=INITIATIVE_OWN", where @ is for the unit without its
-- subtree, and OWN for the caller's own records, at any unit.
create or replace function viewer_can(path ltree) returns text[]
language sql stable parallel safe
return array(
    select distinct permission
    from string_to_table(current_setting('sangkien.can', true), ';') as scoped,
        string_to_table(split_part(scoped, '=', 2), ',') as permission
    where case when scoped like 'OWN=%' then false
               when scoped like '@%' then path = ltrim(split_part(scoped, '=', 1), '@')::ltree
               else path <@ split_part(scoped, '=', 1)::ltree end
    order by permission
);

-- Today in Asia/Ho_Chi_Minh, or the fixed day of a demo.
create or replace function today() returns date
language sql stable parallel safe
return coalesce(
    nullif(current_setting('sangkien.today', true), '')::date,
    local_day(now())
);

-- The present moment; in a demo, the present time of its fixed day.
create or replace function present() returns timestamptz
language sql stable parallel safe
return case when nullif(current_setting('sangkien.today', true), '') is null then now()
    else (today() + (now() at time zone 'Asia/Ho_Chi_Minh')::time) at time zone 'Asia/Ho_Chi_Minh'
end;

-- A Relay id: the type's name and the row's key, in base64. `id::text`, because text || bigint
-- is only stable, and a function that is not truly immutable is not inlined.
create or replace function global_id(type_name text, id bigint) returns text
language sql immutable strict parallel safe
return encode((type_name || ':' || id::text)::bytea, 'base64');

-- The key in a decoded Relay id; null for an id of another type or an invalid one.
create or replace function key_of(decoded_id text, type_name text) returns bigint
language sql immutable strict parallel safe
return case when decoded_id ~ ('^' || type_name || ':[0-9]{1,18}$')
    then split_part(decoded_id, ':', 2)::bigint end;
