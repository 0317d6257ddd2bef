-- Which unit decides on an initiative; duties.sql: which account may. The rules:
-- db/rules/review.py.

-- The units that the caller decides for.
create or replace function reviewed_units() returns bigint[]
language sql stable parallel safe
return array(
    select (line(alone.path))[nlevel(alone.path)]
    from unnest(scope('initiative_review_alone')) as alone (path)
);

-- The person of the caller's account, even if it is hidden from the caller.
create or replace function caller_person() returns bigint
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select person_id from account where id = caller();
end;

-- Whether an initiative is the original of duplicates, visible to the caller or not.
create or replace function has_duplicates(of_initiative bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select bound() and exists (select from duplicate_link where original_id = of_initiative);
end;

-- The unit of an initiative's last approval, and its level, visible to the caller or not.
create or replace function review_approved(of_initiative bigint)
returns table (unit_id bigint, level text)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select u.id, u.level
    from review r join unit u on u.id = r.unit_id
    where r.initiative_id = of_initiative and r.decision = 'APPROVE'
    order by r.id desc
    limit 1;
end;

-- The units that may revoke an approval: the unit of the last approval and all above it; if that
-- unit is no longer on the line, the units of its level there and above.
create or replace function review_revokers(of_initiative bigint) returns bigint[]
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select array_agg(u.id)
    from initiative i
    join unit u on u.id = any (line(i.path))
    left join lateral review_approved(i.id) approved on true
    where i.id = of_initiative and u.valid_to is null and coalesce(
        u.depth < array_position(line(i.path), approved.unit_id),
        level_rank(u.level) <= level_rank(approved.level),
        true
    );
end;

-- The unit that an initiative awaits on its present line, given the rank of the level that it
-- awaited: the unit of that level or the next deciding one above, else the last deciding one. If
-- its own unit is closed and no other decides, it is the lowest open unit.
create or replace function review_awaited(path ltree, confirming_level text, awaited_rank int)
returns bigint
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select u.id
    from unit u
    cross join lateral (
        select u.path = $1 or level_rank(u.level) >= level_rank(confirming_level)
    ) as chain (decides)
    where u.id = any (line($1)) and u.valid_to is null
    order by chain.decides desc,
        case when chain.decides then level_rank(u.level) > awaited_rank end,
        case when chain.decides then abs(level_rank(u.level) - awaited_rank) else -u.depth end
    limit 1;
end;

-- Initiatives that await a unit when it closes await the unit in its place. For moves: line.sql.
create or replace function review_reroute() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update initiative i set version = i.version + 1, awaits_id = review_awaited(
        i.path, c.confirming_level, level_rank(new.level))
    from campaign c
    where i.awaits_id = new.id and c.id = i.campaign_id
        and review_awaited(i.path, c.confirming_level, level_rank(new.level)) is not null;
    return null;
end
$$;

create or replace trigger unit_review after update of valid_to on unit
for each row when (old.valid_to is null and new.valid_to is not null)
execute function review_reroute();

-- A change of a campaign's confirming level; nothing is confirmed without a decision. After a
-- change to a lower level, an initiative that awaited a unit above it awaits the last unit that
-- still decides, even if that has approved it before. After a change to a higher level, an
-- initiative that awaits the unit of its last approval awaits the next unit above. So each awaits
-- the first deciding unit from the awaited level, or the level above the last approval if that is
-- higher. `awaited_at` does not change, and confirmed initiatives stay confirmed.
create or replace function review_relevel() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform lock_tree(alone => false);
    with anew as materialized (
        select i.id, review_awaited(
            i.path, new.confirming_level,
            least(level_rank(awaited.level), level_rank(approved.level) - 1)
        ) as awaits_id
        from initiative i
        join unit awaited on awaited.id = i.awaits_id
        left join lateral review_approved(i.id) approved on i.state = 'RECOGNISED'
        where i.campaign_id = new.id
    )
    update initiative i set version = i.version + 1, awaits_id = anew.awaits_id
    from anew where i.id = anew.id and i.awaits_id <> anew.awaits_id;
    return null;
end
$$;

create or replace trigger campaign_review after update of confirming_level on campaign
for each row when (old.confirming_level <> new.confirming_level)
execute function review_relevel();
