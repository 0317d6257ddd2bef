-- Search by text. These functions run as owner to use the trigram index: under row-level security
-- PostgreSQL may not use it, as its operators could leak compared values. They return only ids; the
-- query joins them to rows that the caller's own policies let it see.
--
-- For a caller without a scope only the few rows that it sees are searched. That bounds the work of
-- anonymous callers, and the response time reveals nothing of hidden rows. The concatenation keeps
-- PostgreSQL from using the trigram index there.

create or replace function like_pattern(needle text) returns text
language sql immutable strict parallel safe
return '%' || regexp_replace(fold(needle), '([\\%_])', '\\\1', 'g') || '%';

create or replace function has_scope(permission text) returns boolean
language sql stable parallel safe
return cardinality(scope(permission)) > 0;

create or replace function units_matching(needle text) returns setof bigint
language sql stable security definer set search_path = public, pg_temp rows 100
begin atomic
    select id from unit
    where bound() and (select has_scope('unit_read')) and search like like_pattern(needle)
    union all
    select id from unit
    where bound() and not (select has_scope('unit_read'))
        and id in (select units_in_scope()) and search || '' like like_pattern(needle);
end;

create or replace function initiatives_matching(needle text) returns setof bigint
language sql stable security definer set search_path = public, pg_temp rows 1000
begin atomic
    select initiative_id from initiative_search
    where bound() and (select has_scope('initiative_read')) and search like like_pattern(needle)
    union all
    select s.initiative_id
    from (
        select id from initiative where published_at is not null
        union
        select unnest(own_initiatives())
    ) seen
    join initiative_search s on s.initiative_id = seen.id
    where bound() and not (select has_scope('initiative_read'))
        and s.search || '' like like_pattern(needle);
end;
