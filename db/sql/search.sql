-- Search by text. These run as owner so that the trigram index serves: under row-level
-- security PostgreSQL may not use it, as its operators could leak what they compare. They give
-- ids only; the caller joins them to rows that its own policies let it see.

create or replace function like_pattern(needle text) returns text
language sql immutable strict parallel safe
return '%' || regexp_replace(fold(needle), '([\\%_])', '\\\1', 'g') || '%';

create or replace function units_matching(needle text) returns setof bigint
language sql stable security definer set search_path = public, pg_temp rows 100
begin atomic
    select id from unit where bound() and search like like_pattern(needle);
end;

create or replace function initiatives_matching(needle text) returns setof bigint
language sql stable security definer set search_path = public, pg_temp rows 1000
begin atomic
    select initiative_id from initiative_search
    where bound() and search like like_pattern(needle);
end;
