-- Who decides on initiatives. The rules: db/rules/review.py.

-- The units that an initiative's decisions may come from, its own first and the root last. Runs
-- as owner: of those that the caller does not see it learns the level and whether they are open.
create or replace function review_line(of_initiative bigint)
returns table (unit_id bigint, level text, is_open boolean, path text)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select u.id, u.level, u.valid_to is null, u.path::text
    from initiative i join unit u on u.id = any (line(i.path))
    where i.id = of_initiative and bound()
    order by u.depth desc;
end;

-- The units that the caller decides for.
create or replace function reviewed_units() returns bigint[]
language sql stable parallel safe
return array(
    select (line(alone.path))[nlevel(alone.path)]
    from unnest(scope('initiative_review_alone')) as alone (path)
);

-- The person behind the caller's account, whatever it may see.
create or replace function caller_person() returns bigint
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select person_id from account where id = caller();
end;

-- The initiatives that the caller authored, whatever it may see; nobody decides on their own.
create or replace function authored_initiatives() returns bigint[]
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select array(select initiative_id from authorship where person_id = caller_person());
end;

-- The permissions by which the caller may do something with an initiative: with its own, unless it
-- reads alone; elsewhere by its scopes; and decide where one is awaited of a unit of its own and it
-- is no author.
create or replace function initiative_viewer_can(
    path ltree, awaits bigint, own boolean, authored boolean
) returns text[]
language sql stable parallel safe
return array(
    select permission from unnest(viewer_can(path)) as permission
    where permission in ('INITIATIVE_WRITE', 'INITIATIVE_CURATE')
    union all
    select 'INITIATIVE_OWN' as permission
    where own and string_to_array(current_setting('sangkien.can', true), ';')
        @> '{OWN=INITIATIVE_OWN}'
    union all
    select 'INITIATIVE_REVIEW' as permission
    where not authored and 'INITIATIVE_REVIEW' = any (
        viewer_can(subpath(path, 0, array_position(line(path), awaits))))
    order by permission
);

-- Whether others have been named duplicates of an initiative, seen by the caller or not.
create or replace function has_duplicates(of_initiative bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select bound() and exists (select from duplicate_link where original_id = of_initiative);
end;

-- The unit that approved an initiative last, and its level, whatever the caller sees of it.
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

-- The units that may revoke an approval: the one that gave the last, and all above it; where it is
-- no longer on the line, those of its level there or above.
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

-- The unit that an initiative awaits on its line as it is now, where it awaited one of the level of
-- this rank: that level or the next above that decides, else the last that does. Where its own unit
-- is closed and no other decides, it is the lowest one that is open.
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

-- What awaits a unit that is closed awaits the one in its place. Where units move: line.sql.
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

-- A campaign names another confirming level, and nothing is confirmed without a decision. Where it is
-- a lower one, what awaited a unit above it awaits the last unit that still decides, even one that has
-- approved it before. Where it is a higher one, what awaits whoever approved it last goes on to the
-- next above. So all await the first that decides of the level awaited, or of the one above the last
-- approval's, whichever is higher. Since when they wait stays; what is confirmed stays confirmed.
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
