-- Rows that repeat their unit's path, so that a policy can judge a row by itself.

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
for each row execute function line_of_unit();

create or replace trigger target_line before insert or update of unit_id, path on target
for each row execute function line_of_unit();

-- Initiative: the path, and the federation and the upper-level union on it.
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
for each row execute function line_of_initiative();

-- Authorship and review: the path of the initiative. Locking it makes a change of its unit or
-- its state, and the arrival of an author, follow one another: neither would see the other's row.
create or replace function line_through_initiative() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform lock_tree(alone => false);
    select path into new.path from initiative where id = new.initiative_id for share;
    return new;
end
$$;

create or replace trigger authorship_line
before insert or update of initiative_id, person_id, path on authorship
for each row execute function line_through_initiative();

create or replace trigger review_line before insert or update of initiative_id, path on review
for each row execute function line_through_initiative();

-- An initiative that goes to another unit takes its rows along.
create or replace function line_follow_initiative() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if new.path is distinct from old.path then
        update authorship set path = new.path where initiative_id = new.id;
        update review set path = new.path where initiative_id = new.id;
    end if;
    return null;
end
$$;

create or replace trigger initiative_follow after update of unit_id, path on initiative
for each row execute function line_follow_initiative();

-- Rewrite the rows of all units under a path that a move has just set.
create or replace function line_rewrite(top ltree) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update person t set path = u.path from unit u where u.path <@ top and t.unit_id = u.id;
    update target t set path = u.path from unit u where u.path <@ top and t.unit_id = u.id;
    update initiative t set path = u.path from unit u where u.path <@ top and t.unit_id = u.id;
    update rollup t set path = u.path from unit u where u.path <@ top and t.unit_id = u.id;
    update rollup_tier t set path = u.path from unit u where u.path <@ top and t.unit_id = u.id;
    update rollup_day t set path = u.path from unit u where u.path <@ top and t.unit_id = u.id;
end
$$;

-- Initiatives below `top` that await a unit no longer above them, one of `gone`, now await the unit
-- of its level there; where that level is missing, the next above it. No level is passed over
-- that was still to decide, and since when they wait stays.
create or replace function await_anew(top ltree, gone bigint[]) returns void
language sql as $$
    update initiative i set version = i.version + 1, awaits_id = (
        select above.id from unit above
        where above.id = any(line(i.path)) and level_rank(above.level) <= level_rank(was.level)
        order by above.depth desc limit 1
    )
    from unit was
    where i.awaits_id = any(gone) and i.path <@ top and was.id = i.awaits_id
$$;

-- Nothing is drafted at a closed unit, comes to it or begins to await it, whatever a command has
-- read before it waited for a merge or a closing. What is loaded as it once was has no caller.
create or replace function initiative_open() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    entered bigint[] := array[
        case when new.unit_id is distinct from old.unit_id then new.unit_id end,
        case when new.awaits_id is distinct from old.awaits_id then new.awaits_id end
    ];
begin
    perform lock_tree(alone => false);
    if exists (select from unit where id = any(entered) and valid_to is not null) then
        raise exception 'a unit of initiative % is closed', new.number
            using errcode = 'check_violation', constraint = 'initiative_open';
    end if;
    return new;
end
$$;

create or replace trigger initiative_open before insert or update of unit_id, awaits_id on initiative
for each row when (bound()) execute function initiative_open();

-- What changes rows and then totals takes the lock of the tree before those of its rows, as a
-- move does, which would else wait for a row while the row's writer waits for the tree.
create or replace function line_held() returns trigger
language plpgsql as $$
begin
    perform lock_tree(alone => false);
    return null;
end
$$;

create or replace trigger line_held before update or delete on initiative
for each statement execute function line_held();
create or replace trigger line_held before update or delete on authorship
for each statement execute function line_held();
create or replace trigger line_held before update or delete on person
for each statement execute function line_held();
