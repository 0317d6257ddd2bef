-- The rows in the caller's scopes, as ids found along indexes. Policies hide all others in any
-- case; but a policy is a filter, and a caller who sees one unit of a hundred thousand would wait
-- for a scan of the whole table. So lists without a parent start here. These functions read as
-- owner, because row-level security would keep PostgreSQL from using the indexes.

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

-- Initiatives in the caller's scopes, and its own. No scope lies within another.
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
