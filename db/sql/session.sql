-- What a session knows of its caller. Every value ends with the transaction; with nothing
-- set, there is no caller and no scope, and so no visible row.

-- The caller's account, null where none is bound.
create or replace function caller() returns bigint
language sql stable parallel safe
return nullif(current_setting('sangkien.account', true), '')::bigint;

-- Whether anybody, be it the public account, is bound.
create or replace function bound() returns boolean
language sql stable parallel safe
return coalesce(current_setting('sangkien.account', true), '') <> '';

-- The person whose own records the caller may see, null where that is nobody.
create or replace function own_person() returns bigint
language sql stable parallel safe
return nullif(current_setting('sangkien.person', true), '')::bigint;

-- The paths of one of the caller's permissions, e.g. scope('unit_read').
create or replace function scope(permission text) returns ltree[]
language sql stable parallel safe
return coalesce(nullif(current_setting('sangkien.' || permission, true), ''), '{}')::ltree[];

-- Today in Asia/Ho_Chi_Minh, or the day that a demo has fixed.
create or replace function today() returns date
language sql stable parallel safe
return coalesce(
    nullif(current_setting('sangkien.today', true), '')::date,
    local_day(now())
);
