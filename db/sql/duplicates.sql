-- Initiatives of the whole programme that resemble one, most similar first. This runs as owner,
-- without row-level security. Similarity is pg_trgm's, from 0 to 1; two unrelated texts have about
-- 0.25, at times 0.4. It returns decided initiatives too, among them duplicates and revoked ones,
-- but no drafts or withdrawn ones.
--
-- For an initiative that is hidden from the caller it returns the closeness, in two steps, and the
-- federation. It must not confirm guesses at a hidden text
-- (docs/adr/0020-what-insiders-may-not-do-for-themselves.md): it leaves out confidential ones; it
-- leaves out all hidden ones while the text compared may still be edited, or if its own writers
-- have submitted too many wordings within an hour; and within a step hidden ones come last, in the
-- order of their ids, so that their position reveals nothing.
--
-- Candidates share keys of the sketch; for each of at most 112 keys 200 rows are read. Bit sets of
-- their trigrams select the few that are worth a comparison.
create or replace function possible_duplicates(of_initiative bigint, at_most bigint)
returns table (initiative_id bigint, similarity real, closeness text, federation text)
language plpgsql stable security definer set search_path = public, pg_temp
-- The planner does not know how rare a key is; for one that millions of rows have, read a few.
set enable_seqscan = off set gin_fuzzy_search_limit = 1000 as $$
declare
    seen ltree[] := scope('initiative_read');
    own bigint[] := own_initiatives();
    asked text;
    discloses boolean;
    bits bit(512);
    fill float8;
begin
    select s.search, i.state not in ('DRAFT', 'RETURNED', 'WITHDRAWN') and (
        kept.within_limit or not (
            caller() in (kept.worded_by_id, i.drafted_by_id) is true or authored(i.id)
        )
    )
    into asked, discloses
    from initiative i
    join initiative_search s on s.initiative_id = i.id
    left join initiative_sketch kept on kept.initiative_id = i.id
    where i.id = of_initiative and (i.path <@ any (seen) or i.id = any (own));
    bits := trigram_bits(asked);
    fill := bits_fill(bits);
    return query
    with near as (
        select distinct f.id, (fill + bits_fill(f.trigrams)) / bits_fill(f.trigrams | bits) - 1 as alike
        from (select distinct unnest(sketch(asked, 8))) as k (key)
        cross join lateral (
            select o.initiative_id as id, o.trigrams from initiative_sketch o
            where o.keys @> array[k.key]
            limit 200
        ) as f
        where f.id <> of_initiative
    ), compared as materialized (
        select n.id from near n where n.alike > 0.35
        order by n.alike desc, n.id
        limit 2 * at_most + 16
    ), found as (
        select o.id, s.similarity, o.federation_id,
            case when s.similarity >= 0.8 then 'VERY_SIMILAR' else 'SIMILAR' end as closeness,
            (o.path <@ any (seen) or o.published_at is not null or o.id = any (own)) as visible
        from compared c
        join initiative o on o.id = c.id
        join initiative_search t on t.initiative_id = c.id
        cross join lateral (select similarity(asked, t.search) offset 0) as s (similarity)
        where s.similarity >= 0.5 and (
            o.path <@ any (seen) or o.published_at is not null or o.id = any (own)
            or (discloses and not o.confidential)
        )
    )
    select case when t.visible then t.id end, case when t.visible then t.similarity end,
        t.closeness, (select u.name from unit u where u.id = t.federation_id)
    from found t
    order by t.closeness desc, t.visible desc, case when t.visible then t.similarity end desc, t.id
    limit at_most;
end
$$;
