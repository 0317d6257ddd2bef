-- Search by text. These run as owner so that the trigram index serves: under row-level
-- security PostgreSQL may not use it, as its operators could leak what they compare. They give
-- ids only; the caller joins them to rows that its own policies let it see.

create or replace function like_pattern(needle text) returns text
language sql immutable strict parallel safe
return '%' || regexp_replace(fold(needle), '([\\%_])', '\\\1', 'g') || '%';

create or replace function units_matching(needle text) returns setof bigint
language sql stable security definer set search_path = public, pg_temp rows 100
begin atomic
    select id from unit where search like like_pattern(needle);
end;

create or replace function initiatives_matching(needle text) returns setof bigint
language sql stable security definer set search_path = public, pg_temp rows 1000
begin atomic
    select id from initiative where search like like_pattern(needle);
end;

-- Initiatives of the whole programme that resemble one, most similar first. Of a row that the
-- caller may not see it learns only these three values. Similarity: pg_trgm's, from 0 to 1.
create or replace function possible_duplicates(of_initiative bigint, at_most bigint)
returns table (initiative_id bigint, similarity real, federation text)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select o.id, similarity(i.search, o.search),
        (select name from unit where id = o.federation_id)
    from initiative i
    join initiative o on o.search % i.search and o.id <> i.id
        and o.state not in ('DRAFT', 'WITHDRAWN')
    where i.id = of_initiative and (
        i.path <@ any ((select scope('initiative_read'))::ltree[])
        or i.id = any ((select own_initiatives())::bigint[])
    )
    order by similarity(i.search, o.search) desc, o.id
    limit at_most;
end;
