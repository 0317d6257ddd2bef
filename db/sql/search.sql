-- Search by text. These run as owner so that the trigram index serves: under row-level
-- security PostgreSQL may not use it, as its operators could leak what they compare. They give
-- ids only; the caller joins them to rows that its own policies let it see.
--
-- A caller without a scope sees few rows: only these are searched. That bounds the work of
-- anonymous callers, and the time of an answer tells nothing of rows that they do not see.
-- The concatenation keeps the trigram index out of it.

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
