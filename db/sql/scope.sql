-- What lies in the caller's scopes, as ids found along indexes. Policies hide the rest in any
-- case; but they are a filter, and somebody who sees one unit of a hundred thousand would wait
-- while the whole table is read through it. So a list without a parent starts here.
-- These read as owner, for indexes that row-level security would keep from being used.

-- Whether one of the caller's scopes is the whole tree.
create or replace function sees_all(permission text) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select exists (select from unit where parent_id is null and path = any (scope(permission)));
end;

create or replace function units_in_scope() returns setof bigint
language sql stable security definer set search_path = public, pg_temp rows 100
begin atomic
    select u.id
    from unnest(scope('unit_read')) as top (path)
    join unit u on u.path <@ top.path
    union all
    select u.id
    from unnest(scope('unit_read_alone')) as alone (path)
    join unit u on u.id = (line(alone.path))[nlevel(alone.path)];
end;

-- Initiatives of the caller's scopes, and its own. No scope lies within another.
create or replace function initiatives_in_scope() returns setof bigint
language sql stable security definer set search_path = public, pg_temp rows 100
begin atomic
    select i.id
    from unnest(scope('initiative_read')) as top (path)
    join unit u on u.id = (line(top.path))[nlevel(top.path)]
    cross join lateral (
        select id from initiative where u.level = 'CONFEDERATION'
        union all
        select id from initiative where u.level = 'FEDERATION' and federation_id = u.id
        union all
        select id from initiative where u.level = 'UPPER' and upper_id = u.id
        union all
        select id from initiative where u.level = 'GRASSROOTS' and unit_id = u.id
    ) i
    union
    select unnest(own_initiatives());
end;
