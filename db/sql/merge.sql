-- Closed units: for good, or merged into another that continues them.

-- Move the role grants at one unit to another. If the account has the role there already, that
-- grant takes over the days of both, and the moved one is revoked.
create or replace function grants_follow(from_unit bigint, to_unit bigint) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
    coming role_grant;
    there bigint;
begin
    for coming in
        select * from role_grant where unit_id = from_unit and revoked_at is null order by id
    loop
        select id into there from role_grant
        where unit_id = to_unit and revoked_at is null
            and account_id = coming.account_id and role = coming.role
            and daterange(valid_from, valid_to, '[]')
                && daterange(coming.valid_from, coming.valid_to, '[]')
        order by valid_from limit 1;
        if there is null then
            update role_grant set unit_id = to_unit where id = coming.id;
        else
            update role_grant
            set revoked_at = present(), revoked_by_id = caller() where id = coming.id;
            update role_grant set valid_from = least(valid_from, coming.valid_from),
                valid_to = nullif(greatest(coalesce(valid_to, 'infinity'),
                                           coalesce(coming.valid_to, 'infinity')), 'infinity')
            where id = there;
        end if;
    end loop;
end
$$;

-- A merge: everything below a unit, or of it, that continues goes to another: units below it, its
-- people, its initiatives with their numbers, the counts of people who have left it, role grants,
-- and campaigns that it owns. Initiatives that awaited it await the other. The sum of both is
-- unchanged.
--
-- What refers to the unit itself stays with it: targets, which its parent's sums still include,
-- windows, awards, decisions.
create or replace function unit_merge() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    merged unit;
    home unit;
begin
    perform lock_tree(alone => true);
    perform lock_grants();
    select * into merged from unit where id = new.id;
    select * into home from unit where id = new.merged_into_id;
    if home.path <@ merged.path then
        raise exception 'unit % cannot go into itself', merged.code
            using errcode = 'check_violation', constraint = 'unit_no_cycle';
    end if;
    if home.level <> merged.level then
        raise exception 'a % cannot go into a %', merged.level, home.level
            using errcode = 'check_violation', constraint = 'unit_merge_level';
    end if;
    if merged.valid_to is null or home.valid_to is not null then
        raise exception 'unit % is not closed, or % is', merged.code, home.code
            using errcode = 'check_violation', constraint = 'unit_merge_open';
    end if;
    update unit set parent_id = home.id, version = version + 1 where parent_id = merged.id;
    update person set unit_id = home.id, version = version + 1 where unit_id = merged.id;
    update initiative set unit_id = home.id, version = version + 1 where unit_id = merged.id;
    update authorship set counted_unit_id = home.id where counted_unit_id = merged.id;
    perform line_rewrite(array[home.id]);
    perform await_anew(home.path, array(
        select unnest(line(merged.path)) except select unnest(line(home.path))
    ));
    update campaign set owner_id = home.id, version = version + 1 where owner_id = merged.id;
    perform grants_follow(merged.id, home.id);
    return null;
end
$$;

create or replace trigger unit_merge after update of merged_into_id on unit
for each row when (old.merged_into_id is distinct from new.merged_into_id)
execute function unit_merge();

-- The counts that keep a unit from being closed, for its managers: open units below, initiatives
-- that await it, its people, its own returned initiatives, which could not be resubmitted, and its
-- own campaigns that are not over.
create or replace function unit_ties(of_unit bigint)
returns table (
    children bigint, awaited bigint, members bigint, returned bigint, campaigns bigint
)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select (select count(*) from unit where parent_id = u.id and valid_to is null),
        (select count(*) from initiative where awaits_id = u.id),
        (select count(*) from person where unit_id = u.id),
        (select count(*) from initiative where unit_id = u.id and state = 'RETURNED'),
        (select count(*) from campaign c where c.owner_id = u.id and exists (
            select from phase p where p.campaign_id = c.id and p.closes_on >= today()
        ))
    from unit u
    where u.id = of_unit and holds('unit_manage', u.id);
end;
