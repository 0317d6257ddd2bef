-- The dates of a phase for a unit: those of the nearest override at or above it, else the phase's
-- own. It is inlined into functions that run as owner.
create or replace function phase_window_seen(of_phase bigint, path ltree)
returns table (opens_on date, closes_on date)
language sql stable
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

-- The same for a caller who may not see the unit of the override.
create or replace function phase_window(of_phase bigint, path ltree)
returns table (opens_on date, closes_on date)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select w.opens_on, w.closes_on from phase_window_seen($1, $2) w;
end;

-- The same for all phases of a campaign.
create or replace function phase_windows(of_campaign bigint, path ltree)
returns table (phase_id bigint, opens_on date, closes_on date, frozen boolean)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select p.id, w.opens_on, w.closes_on, p.frozen_at is not null
    from phase p cross join lateral phase_window_seen(p.id, $2) w
    where p.campaign_id = of_campaign
    order by p.ordinal;
end;

-- The unit where a phase closes last: of its campaign's owner and all open units below with an
-- override.
create or replace function phase_last(of_phase bigint)
returns table (unit text, opens_on date, closes_on date)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select u.code::text, w.opens_on, w.closes_on
    from phase p
    join campaign c on c.id = p.campaign_id
    join unit top on top.id = c.owner_id
    cross join lateral (
        select top.id union select o.unit_id from window_override o where o.phase_id = p.id
    ) as place (id)
    join unit u on u.id = place.id and u.path <@ top.path
        and (u.id = top.id or u.valid_to is null)
    cross join lateral phase_window_seen(p.id, u.path) w
    where p.id = of_phase
    order by w.closes_on desc, u.id
    limit 1;
end;

-- Writers that depend on a campaign's windows take this lock shared; changes of its phases and
-- windows, and a freeze, take it exclusively.
create or replace function lock_windows(of_campaign bigint, alone boolean) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
    if alone then
        perform lock_alone(hashtext('sangkien.windows'), of_campaign::int);
    else
        perform pg_advisory_xact_lock_shared(hashtext('sangkien.windows'), of_campaign::int);
    end if;
end
$$;

-- The windows of a campaign's phases for a unit, locked against changes until the commit. They are
-- read after the lock, in a statement of their own.
create or replace function windows_held(of_campaign bigint, path ltree)
returns table (phase_id bigint, opens_on date, closes_on date, frozen boolean)
language plpgsql set search_path = public, pg_temp as $$
begin
    perform lock_windows(of_campaign, alone => false);
    return query select * from phase_windows(of_campaign, windows_held.path);
end
$$;
