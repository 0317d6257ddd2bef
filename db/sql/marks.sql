-- Marks, by which live updates (db/watching.py) detect changes since the last check: one statement
-- for everything watched. A mark is a hash of the versions of rows (xmin), so it changes with every
-- committed write of them, and reveals nothing of their content.

-- The marks of the rows that a unit's progress depends on; ordinal 0 is the whole campaign. The
-- mark includes the day, as the pace depends on it. One row for each of the totals, by its place in
-- the list.
create or replace function total_marks(units text[], campaigns text[], ordinals bigint[])
returns table (place bigint, mark bigint)
language sql stable security definer set search_path = public, pg_temp
as $$
    with named as (
        select * from unnest(units, campaigns, ordinals)
            with ordinality as named (unit, campaign, ordinal, place)
    ),
    rules as materialized (
        select c.id, c.code, concat_ws(
            ' ', c.xmin,
            (select string_agg(concat(p.id, ':', p.xmin), ',' order by p.id)
             from phase p where p.campaign_id = c.id),
            (select string_agg(concat(t.id, ':', t.xmin), ',' order by t.id)
             from benefit_tier t where t.campaign_id = c.id)
        ) as versions
        from campaign c where c.code in (select campaign from named)
    )
    select n.place, hashtextextended(concat_ws(
        ' ', local_day(now()), u.xmin, c.versions,
        (select string_agg(concat(r.slot, ':', r.xmin), ',' order by r.slot) from rollup r
         where r.unit_id = u.id and r.campaign_id = c.id and r.ordinal = n.ordinal),
        't', (select string_agg(concat(t.phase_id, ':', t.xmin), ',' order by t.phase_id)
              from target t join phase p on p.id = t.phase_id
              where t.unit_id = u.id and p.campaign_id = c.id),
        'w', (select string_agg(concat(w.id, ':', w.xmin), ',' order by w.id)
              from window_override w join phase p on p.id = w.phase_id
              where p.campaign_id = c.id and w.unit_id = any (line(u.path)))
    ), 0)
    from named n
    left join unit u on u.code = n.unit
    left join rules c on c.code = n.campaign
$$;

-- The version of an account's role grants, as check_grants compares it; a null name is the public
-- one.
create or replace function grant_marks(usernames text[]) returns table (place bigint, mark bigint)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select n.place, a.grants_version
    from unnest(usernames) with ordinality as n (username, place)
    left join account a on case when n.username is null then a.kind = 'PUBLIC'
        else a.kind <> 'PUBLIC' and a.username = n.username end;
end;

revoke execute on function total_marks(text[], text[], bigint[]), grant_marks(text[]) from public;
grant execute on function total_marks(text[], text[], bigint[]), grant_marks(text[])
    to sangkien_reader;
