-- The dates of a phase as they hold for a unit: those of the nearest override at or above it,
-- else the phase's own. Runs as owner because an override may stand above what the caller sees.
create or replace function phase_window(of_phase bigint, path ltree)
returns table (opens_on date, closes_on date)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select coalesce(o.opens_on, p.opens_on), coalesce(o.closes_on, p.closes_on)
    from phase p
    left join lateral (
        select w.opens_on, w.closes_on
        from window_override w
        join unit u on u.id = w.unit_id
        where w.phase_id = p.id and u.id = any(line($2))
        order by u.depth desc
        limit 1
    ) o on true
    where p.id = of_phase;
end;
