-- Rows with a copy of their unit's path, so that a policy can check a row by itself.
--
-- Row triggers maintain it for changes of a few rows. In moves and merges of units they do nothing
-- (`pg_trigger_depth`), as the triggers of the unit update all rows of a table in one statement.

-- Person and target: the path of `unit_id`.
create or replace function line_of_unit() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform lock_tree(alone => false);
    select path into new.path from unit where id = new.unit_id;
    return new;
end
$$;

create or replace trigger person_line before insert or update of unit_id, path on person
for each row when (pg_trigger_depth() = 0) execute function line_of_unit();

create or replace trigger target_line before insert or update of unit_id, path on target
for each row when (pg_trigger_depth() = 0) execute function line_of_unit();

-- Initiative: the path, with the federation and the upper-level union on it.
create or replace function line_of_initiative() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform lock_tree(alone => false);
    select u.path,
           (select a.id from unit a where a.id = any(line(u.path)) and a.level = 'FEDERATION'),
           (select a.id from unit a where a.id = any(line(u.path)) and a.level = 'UPPER')
    into new.path, new.federation_id, new.upper_id
    from unit u where u.id = new.unit_id;
    return new;
end
$$;

create or replace trigger initiative_line
before insert or update of unit_id, path, federation_id, upper_id on initiative
for each row when (pg_trigger_depth() = 0) execute function line_of_initiative();

-- Authorship and review: the path of the initiative. Its lock serialises a change of its unit or
-- its state and the insert of an author, which could not see each other's row.
create or replace function line_through_initiative() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform lock_tree(alone => false);
    select path into new.path from initiative where id = new.initiative_id for share;
    return new;
end
$$;

-- A new author of an achieved initiative counts in the unit of their membership on the day from
-- which it counts. For earlier authors the change that makes it count sets the unit (rollup.sql).
create or replace function line_of_authorship() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    state text;
begin
    perform lock_tree(alone => false);
    select i.path, i.state into new.path, state
    from initiative i where i.id = new.initiative_id for share;
    if tg_op = 'UPDATE' and new.initiative_id <> old.initiative_id then
        new.counted_unit_id := null;
    end if;
    if new.counted_unit_id is null and state in ('RECOGNISED', 'CONFIRMED') then
        select belonged(new.person_id, f.achieved_on) into new.counted_unit_id
        from current_fact f where f.initiative_id = new.initiative_id and f.achieved = 1;
    end if;
    return new;
end
$$;

create or replace trigger authorship_line
before insert or update of initiative_id, person_id, path on authorship
for each row when (pg_trigger_depth() = 0) execute function line_of_authorship();

create or replace trigger review_line before insert or update of initiative_id, path on review
for each row when (pg_trigger_depth() = 0) execute function line_through_initiative();

-- A change of an initiative's unit updates the paths of its rows.
create or replace function line_follow_initiative() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update authorship set path = new.path where initiative_id = new.id;
    update review set path = new.path where initiative_id = new.id;
    return null;
end
$$;

create or replace trigger initiative_follow after update of unit_id, path on initiative
for each row when (old.path <> new.path and pg_trigger_depth() = 0)
execute function line_follow_initiative();

-- Rewrite the rows of units whose paths, or whose ancestors' levels, have changed, and of a unit
-- that has just got rows of another.
create or replace function line_rewrite(units bigint[]) returns void
language plpgsql security definer set search_path = public, pg_temp
set plan_cache_mode = force_generic_plan as $$
begin
    update person t set path = u.path
    from unit u where u.id = any(units) and t.unit_id = u.id and t.path <> u.path;
    update target t set path = u.path
    from unit u where u.id = any(units) and t.unit_id = u.id and t.path <> u.path;
    update initiative t
    set path = u.path, federation_id = u.federation_id, upper_id = u.upper_id
    from (
        select u.id, u.path, max(a.id) filter (where a.level = 'FEDERATION') as federation_id,
            max(a.id) filter (where a.level = 'UPPER') as upper_id
        from unit u join unit a on a.id = any(line(u.path))
        where u.id = any(units)
        group by u.id
    ) as u
    where t.unit_id = u.id and (t.path, t.federation_id, t.upper_id)
        is distinct from (u.path, u.federation_id, u.upper_id);
    update authorship t set path = i.path
    from initiative i where i.unit_id = any(units) and t.initiative_id = i.id and t.path <> i.path;
    update review t set path = i.path
    from initiative i where i.unit_id = any(units) and t.initiative_id = i.id and t.path <> i.path;
    update rollup t set path = u.path
    from unit u where u.id = any(units) and t.unit_id = u.id and t.path <> u.path;
    update rollup_tier t set path = u.path
    from unit u where u.id = any(units) and t.unit_id = u.id and t.path <> u.path;
    update rollup_day t set path = u.path
    from unit u where u.id = any(units) and t.unit_id = u.id and t.path <> u.path;
end
$$;

-- Initiatives below `top` that await a unit of `gone`, which is no longer above them, now await the
-- unit in its place (review_awaited in review.sql): no level that has not decided is skipped, and
-- `awaited_at` does not change.
create or replace function await_anew(top ltree, gone bigint[]) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
    update initiative i set version = i.version + 1, awaits_id = review_awaited(
        i.path, c.confirming_level, level_rank(was.level))
    from unit was, campaign c
    where i.awaits_id = any(gone) and i.path <@ top and was.id = i.awaits_id
        and c.id = i.campaign_id;
end
$$;

-- No initiative is drafted at a closed unit, moved to it or made to await it, whatever a command
-- read before it waited for a merge or a closing. Bulk loads of past data have no caller and are
-- exempt.
create or replace function initiative_open() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    place bigint := case when new.unit_id is distinct from old.unit_id then new.unit_id end;
    awaited bigint := case when new.awaits_id is distinct from old.awaits_id then new.awaits_id end;
begin
    perform lock_tree(alone => false);
    if exists (select from unit where id in (place, awaited) and valid_to is not null) then
        raise exception 'a unit of initiative % is closed', new.number
            using errcode = 'check_violation', constraint = 'initiative_open';
    end if;
    return new;
end
$$;

create or replace trigger initiative_open before insert or update of unit_id, awaits_id on initiative
for each row when (bound()) execute function initiative_open();

-- Statements that change rows and then totals lock the tree before their rows, like a move, which
-- would otherwise wait for a row while the row's writer waits for the tree.
create or replace function line_held() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    perform lock_tree(alone => false);
    return null;
end
$$;

create or replace trigger line_held before update or delete on initiative
for each statement execute function line_held();
-- Not for counted_unit_id: its update runs while the initiative's writer has the lock already.
create or replace trigger line_held
before update of initiative_id, person_id, path, share or delete on authorship
for each statement execute function line_held();
create or replace trigger line_held before update or delete on person
for each statement execute function line_held();
