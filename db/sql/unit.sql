-- The tree: paths, moves and the number of open grassroots units in each unit's subtree.

-- The ids in a path, root first. Not strict, because PostgreSQL would not inline a strict function.
create or replace function line(path ltree) returns bigint[]
language sql immutable parallel safe
return string_to_array(path::text, '.')::bigint[];

create or replace function level_rank(level text) returns int
language sql immutable strict parallel safe
return array_position(array['CONFEDERATION', 'FEDERATION', 'UPPER', 'GRASSROOTS'], level);

-- Wait for an exclusive advisory lock. A transaction that waits for a lock shared by others makes
-- all later ones wait too; so each wait is short, and between two attempts others proceed. An
-- import shares locks for minutes: then this gives up after 8 attempts, like any wait for a lock.
create or replace function lock_alone(class int, object int) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
    before text := current_setting('lock_timeout');
begin
    for attempt in 1 .. 8 loop
        begin
            perform set_config('lock_timeout', '250ms', true);
            perform pg_advisory_xact_lock(class, object);
            perform set_config('lock_timeout', before, true);
            return;
        exception when lock_not_available then
            perform pg_sleep(0.25);
        end;
    end loop;
    raise lock_not_available using message = 'others hold the lock';
end
$$;

-- Writers that depend on paths take this lock shared; a move takes it exclusively. After the wait a
-- transaction must see what the other has committed: with one snapshot throughout, it would
-- continue with outdated paths and totals.
create or replace function lock_tree(alone boolean) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'paths and totals are written in read committed transactions, not %',
            current_setting('transaction_isolation')
            using errcode = 'invalid_transaction_state';
    end if;
    if alone then
        perform lock_alone(hashtext('sangkien.tree'), 0);
    else
        perform pg_advisory_xact_lock_shared(hashtext('sangkien.tree'), 0);
    end if;
end
$$;

-- Set the path of a new unit below its parent.
create or replace function unit_place() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    above unit;
begin
    perform lock_tree(alone => false);
    select * into above from unit where id = new.parent_id;
    if new.parent_id is not null and above.id is null then
        raise exception 'the parent % of unit % does not exist yet', new.parent_id, new.code
            using errcode = 'foreign_key_violation', constraint = 'unit_parent_id_fkey';
    end if;
    if above.id is not null and level_rank(above.level) >= level_rank(new.level) then
        raise exception 'a % cannot stand below a %', new.level, above.level
            using errcode = 'check_violation', constraint = 'unit_level_order';
    end if;
    new.path := case when above.id is null then text2ltree(new.id::text)
                     else above.path || new.id::text end;
    new.grassroots_count := 0;
    return new;
end
$$;

create or replace trigger unit_place before insert on unit
for each row execute function unit_place();

-- Counts of open grassroots units, for the rows of one insert.
create or replace function unit_count_inserted() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update unit u set grassroots_count = u.grassroots_count + gained.units
    from (
        select ancestor, count(*) as units
        from inserted i, unnest(line(i.path)) as ancestor
        where i.level = 'GRASSROOTS' and i.valid_to is null
        group by ancestor
    ) as gained
    where u.id = gained.ancestor;
    return null;
end
$$;

create or replace trigger unit_count_inserted after insert on unit
referencing new table as inserted
for each statement execute function unit_count_inserted();

-- The same for one unit that is closed, reopened, or changes its level.
create or replace function unit_count_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    gained int := (new.level = 'GRASSROOTS' and new.valid_to is null)::int
                - (old.level = 'GRASSROOTS' and old.valid_to is null)::int;
begin
    if gained <> 0 then
        perform lock_tree(alone => false);
        update unit u set grassroots_count = u.grassroots_count + gained
        where u.id = any(line((select path from unit where id = new.id)));
    end if;
    return null;
end
$$;

create or replace trigger unit_count_changed after update of level, valid_to on unit
for each row execute function unit_count_changed();

-- A change of a unit's level: it must remain between those of its parent and its children. What
-- depends on levels is computed again: the federation and the upper-level union of its initiatives,
-- and which units count as reporting or meeting the floor.
create or replace function unit_relevel() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    own_path ltree;
begin
    perform lock_tree(alone => true);
    if exists (
        select from unit u
        where (u.id = new.parent_id and level_rank(u.level) >= level_rank(new.level))
            or (u.parent_id = new.id and level_rank(u.level) <= level_rank(new.level))
    ) then
        raise exception 'unit % cannot be a % where it stands', new.code, new.level
            using errcode = 'check_violation', constraint = 'unit_level_order';
    end if;
    select path into own_path from unit where id = new.id;
    perform line_rewrite(array(select id from unit where path <@ own_path));
    perform rollup_rebuild(campaign_id)
    from (select distinct campaign_id from rollup where unit_id = new.id) as counted;
    return null;
end
$$;

create or replace trigger unit_relevel after update of level on unit
for each row when (old.level <> new.level) execute function unit_relevel();

-- A move: rewrite the paths of the subtree, shift its totals from its old ancestors to the new
-- ones, and let initiatives that await an old ancestor await a new one.
create or replace function unit_move() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    moved unit;
    above unit;
    new_path ltree;
    left_behind bigint[]; -- without the common ancestors, which do not change
    joined bigint[];
begin
    if new.parent_id is not distinct from old.parent_id then
        return null;
    end if;
    perform lock_tree(alone => true);
    select * into moved from unit where id = new.id;
    select * into above from unit where id = moved.parent_id;
    if above.path <@ moved.path then
        raise exception 'unit % cannot stand below itself', moved.code
            using errcode = 'check_violation', constraint = 'unit_no_cycle';
    end if;
    if level_rank(above.level) >= level_rank(moved.level) then
        raise exception 'a % cannot stand below a %', moved.level, above.level
            using errcode = 'check_violation', constraint = 'unit_level_order';
    end if;
    new_path := above.path || moved.id::text;
    left_behind := array(select unnest(line(moved.path)) except select unnest(line(new_path)));
    joined := array(select unnest(line(new_path)) except select unnest(line(moved.path)));
    perform rollup_shift(moved.id, left_behind, -1);
    update unit set path = case when id = moved.id then new_path
                                else new_path || subpath(path, nlevel(moved.path)) end
    where path <@ moved.path;
    perform rollup_shift(moved.id, joined, 1);
    perform line_rewrite(array(select id from unit where path <@ new_path));
    perform await_anew(new_path, left_behind);
    perform account_paths_changed(new_path);
    return null;
end
$$;

create or replace trigger unit_move after update of parent_id on unit
for each row execute function unit_move();
