-- Initiatives of the whole programme that resemble one, most similar first. This runs as owner,
-- past the policies: of a row that the caller may not see it learns only these three values.
-- Similarity: pg_trgm's, from 0 to 1; two unrelated texts have about 0.25, at times 0.4. Told are
-- decided ones too, duplicates and revoked ones among them; never drafts or withdrawn ones.
-- Candidates are what shares keys of the sketch, the rarer the more it counts. Work is bounded:
-- of each of at most 112 keys 200 rows are read, and 400 of all are compared.
create or replace function possible_duplicates(of_initiative bigint, at_most bigint)
returns table (initiative_id bigint, similarity real, federation text)
language plpgsql stable security definer set search_path = public, pg_temp
-- The planner does not know how rare a key is; of one that millions have, read a few.
set enable_seqscan = off set gin_fuzzy_search_limit = 1000 as $$
declare
    asked text := (
        select s.search from initiative i join initiative_search s on s.initiative_id = i.id
        where i.id = of_initiative and (
            i.path <@ any ((select scope('initiative_read'))::ltree[])
            or i.id = any ((select own_initiatives())::bigint[])
        )
    );
begin
    return query
    with candidate as (
        select f.id
        from (select distinct unnest(sketch(asked, 8))) as k (key)
        cross join lateral (
            select found.id, 1 / ln(1 + count(*) over ()) as weight
            from (
                select o.initiative_id as id from initiative_sketch o
                where o.keys @> array[k.key]
                limit 200
            ) as found
        ) as f
        where f.id <> of_initiative
        group by f.id
        order by sum(f.weight) desc, f.id
        limit 400
    )
    select o.id, s.similarity, (select u.name from unit u where u.id = o.federation_id)
    from candidate c
    join initiative o on o.id = c.id
    join initiative_search t on t.initiative_id = c.id
    cross join lateral (select similarity(asked, t.search) offset 0) as s (similarity)
    where s.similarity >= 0.5
    order by s.similarity desc, o.id
    limit at_most;
end
$$;
