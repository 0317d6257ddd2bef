-- Separation of duties. An account that drafted, edited or submitted an initiative, or that belongs
-- to one of its authors, does not decide on it, and no person decides on one for two levels. A
-- score sheet belongs to its unit's decision. An account without a person decides on nothing, as
-- none of this could be known of it. Where no account at the awaited unit may decide, the next unit
-- above decides in its place. The rules: db/rules/review.py.

-- The roles that decide at the unit of their grant: INITIATIVE_REVIEW in auth/permissions.py.
create or replace function deciding_roles() returns text[]
language sql immutable parallel safe
return array['OFFICER', 'COUNCIL', 'ADMIN'];

-- Whether a role grant is valid today.
create or replace function holds_today(g role_grant) returns boolean
language sql stable
return g.revoked_at is null and today() between g.valid_from and coalesce(g.valid_to, 'infinity');

-- The accounts that decide at a unit today: of people, without auditors, who only read. It is
-- inlined into functions that run as owner; the API's roles may not read it.
create or replace view review_staff as
select g.unit_id, a.id as account_id, a.person_id
from role_grant g
join account a on a.id = g.account_id
where g.role = any (deciding_roles()) and holds_today(g)
    and a.disabled_at is null and a.person_id is not null
    and not exists (
        select from role_grant o
        where o.account_id = a.id and o.role = 'AUDITOR' and holds_today(o)
    );

-- The caller's account, and every other account of the same person.
create or replace function caller_accounts() returns bigint[]
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select array(select caller() union select id from account where person_id = caller_person());
end;

-- The accounts that decided on an initiative, or scored it for a decision, each with the level. It
-- is inlined into functions that run as owner; in others row-level security filters it.
create or replace function review_hands(of_initiative bigint)
returns table (account_id bigint, level text)
language sql stable
begin atomic
    select r.account_id, u.level
    from review r
    join unit u on u.id = r.unit_id
    where r.initiative_id = of_initiative and r.account_id is not null
    union
    select s.account_id, u.level
    from review_sheet s
    join unit u on u.id = s.unit_id
    where s.initiative_id = of_initiative;
end;

-- The accounts that may not decide on an initiative for a level: its makers, its authors' accounts,
-- and those that decided on it or scored it for another level; with all other accounts of the same
-- people.
create or replace function review_barred(of_initiative bigint, for_level text) returns bigint[]
language sql stable security definer set search_path = public, pg_temp
begin atomic
    with hands as (
        select account_id from initiative_maker where initiative_id = of_initiative
        union
        select h.account_id from review_hands(of_initiative) h where h.level <> for_level
    ), people as (
        select person_id from authorship where initiative_id = of_initiative
        union
        select a.person_id from hands join account a on a.id = hands.account_id
    )
    select array(
        select account_id from hands
        union
        select a.id from people join account a on a.person_id = people.person_id
    );
end;

-- Whether the caller drafted, edited or submitted an initiative, by any account.
create or replace function review_made(of_initiative bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select exists (
        select from initiative_maker
        where initiative_id = of_initiative and account_id = any (caller_accounts())
    );
end;

-- The levels that the caller has decided on an initiative or scored it for, by any account.
create or replace function review_levels(of_initiative bigint) returns text[]
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select array(
        select distinct h.level
        from review_hands(of_initiative) h
        where h.account_id = any (caller_accounts())
    );
end;

-- Whether the caller is barred from deciding on an initiative for a unit; always without a person.
create or replace function review_bars_caller(of_initiative bigint, for_unit bigint)
returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select caller_person() is null or caller() = any (review_barred(of_initiative, level))
    from unit where id = for_unit;
end;

-- The unit that decides for an awaited one: that unit, or if no account there may decide, the next
-- open one above where one may. Null if none may up to the root. Queues, policies and commands use
-- it; `acting` of db/rules/review.py is the same.
create or replace function review_place(of_initiative bigint, awaited bigint) returns bigint
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
    barred bigint[];
    place bigint;
begin
    if awaited is null or not bound() then
        return null;
    end if;
    select review_barred(of_initiative, level) into barred from unit where id = awaited;
    select u.id into place
    from unit u
    join unit w on w.id = awaited
    where u.id = any (line((select path from initiative where id = of_initiative)))
        and u.depth <= w.depth and u.valid_to is null
        and exists (
            select from review_staff s where s.unit_id = u.id and s.account_id <> all (barred))
    order by u.depth desc
    limit 1;
    return place;
end
$$;

-- The line of an initiative: its own unit first, and the root last; `staffed`: an account there may
-- decide for the awaited unit. Runs as owner: for units hidden from the caller it discloses the
-- level, whether they are open, and whether somebody may decide.
create or replace function review_line(of_initiative bigint)
returns table (unit_id bigint, level text, is_open boolean, path text, staffed boolean)
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
    own ltree;
    awaited_level text;
    barred bigint[];
begin
    if not bound() then
        return;
    end if;
    select i.path, w.level into own, awaited_level
    from initiative i
    join campaign c on c.id = i.campaign_id
    left join unit a on a.id = i.awaits_id
    left join unit w on a.id is not null
        and w.id = review_awaited(i.path, c.confirming_level, level_rank(a.level))
    where i.id = of_initiative;
    barred := review_barred(of_initiative, awaited_level);
    return query
    select u.id, u.level::text, u.valid_to is null, u.path::text, awaited_level is not null
        and exists (
            select from review_staff s where s.unit_id = u.id and s.account_id <> all (barred))
    from unit u
    where u.id = any (line(own))
    order by u.depth desc;
end
$$;

-- Initiatives that await the caller's units or units below, and that the caller may not decide on.
create or replace function reviewed_barred() returns bigint[]
language sql stable security definer set search_path = public, pg_temp
begin atomic
    with hands as (
        select initiative_id from initiative_maker
        where account_id = any ((select caller_accounts())::bigint[])
        union all
        select initiative_id from authorship where person_id = (select caller_person())
        union all
        select initiative_id from review_sheet
        where account_id = any ((select caller_accounts())::bigint[])
        union all
        select id from initiative
        where awaits_id is not null and decider_ids && (select caller_accounts())
    ), suspected as materialized (
        select distinct i.id, w.level
        from hands h
        join initiative i on i.id = h.initiative_id and i.awaits_id is not null
        join unit w on w.id = i.awaits_id
        where w.path <@ any ((select scope('initiative_review_alone'))::ltree[])
    )
    select array(select id from suspected where caller() = any (review_barred(id, level)));
end;

-- The units below the caller's, each with the caller's unit above it: units without deciders (a
-- closed one has none), and on each path down the first unit with deciders.
create or replace function reviewed_below()
returns table (unit_id bigint, path ltree, top bigint, staffed boolean)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    with recursive mine as materialized (
        select id from unit where id = any ((select reviewed_units())::bigint[])
            and valid_to is null
    ), below (id, path, top, staffed) as (
        select c.id, c.path, m.id, c.valid_to is null
            and exists (select from review_staff s where s.unit_id = c.id)
        from mine m
        join unit c on c.parent_id = m.id
        union all
        select c.id, c.path, b.top, c.valid_to is null
            and exists (select from review_staff s where s.unit_id = c.id)
        from below b
        join unit c on c.parent_id = b.id
        where not b.staffed
    )
    select b.id, b.path, b.top, b.staffed
    from below b
    where b.id <> all ((select reviewed_units())::bigint[]);
end;

-- The units below the caller's that a unit of the caller's decides for, since neither they nor the
-- units between have deciders: `many` selects whether there are more than 200 of them, or fewer; in
-- the other case it is empty. Queues read many in order of time, and few unit by unit.
create or replace function reviewed_unstaffed(many boolean) returns bigint[]
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select case when (count(*) > 200) = many then array_agg(unit_id) else '{}' end
    from reviewed_below() where not staffed;
end;

-- The initiatives that await a unit below the caller's whose deciders are all barred, and that a
-- unit of the caller's decides on in its place. It looks up one decider of the uppermost such unit
-- along indexes, as that one must be barred too.
create or replace function reviewed_escalated() returns setof bigint
language sql stable security definer set search_path = public, pg_temp rows 100
begin atomic
    with decider as materialized (
        select b.path, b.top, s.account_id, s.person_id
        from reviewed_below() b
        cross join lateral (select * from review_staff where unit_id = b.unit_id limit 1) s
        where b.staffed
    ), accounts as (
        select path, top, account_id from decider
        union
        select d.path, d.top, a.id from decider d join account a on a.person_id = d.person_id
    ), hands as (
        select a.path, a.top, m.initiative_id
        from accounts a join initiative_maker m on m.account_id = a.account_id
        union all
        select d.path, d.top, w.initiative_id
        from decider d join authorship w on w.person_id = d.person_id
        union all
        select a.path, a.top, s.initiative_id
        from accounts a join review_sheet s on s.account_id = a.account_id
        union all
        select a.path, a.top, decided.id
        from (
            select i.id, unnest(i.decider_ids) as account_id
            from initiative i
            where i.awaits_id is not null
                and i.decider_ids && array(select account_id from accounts)
        ) decided
        join accounts a on a.account_id = decided.account_id
    ), suspected as materialized (
        select distinct i.id, i.awaits_id, h.top
        from hands h
        join initiative i on i.id = h.initiative_id and i.awaits_id is not null
        where i.path <@ h.path and i.awaits_id <> all ((select reviewed_units())::bigint[])
    )
    select distinct id from suspected where review_place(id, awaits_id) = top;
end;

-- Whether the caller may link an initiative as a duplicate, with the permission of a unit of its
-- line; once it is recognised, of a unit that may revoke it (`undoers` of db/rules/review.py).
create or replace function review_linkable(of_initiative bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select caller_person() is not null and exists (
        select from initiative i
        join unit u on u.id = any (line(i.path))
        where i.id = of_initiative
            and u.path <@ any (scope('initiative_curate'))
            and (i.recognised_at is null or u.id = any (review_revokers(i.id)))
            and caller() <> all (review_barred(i.id, u.level))
    );
end;

-- The caller's permissions on an initiative: on its own unless the caller only reads; on others by
-- its scopes; and to decide where it awaits a unit of the caller, or one that such a unit decides
-- for, and the caller is not barred.
create or replace function initiative_viewer_can(
    of_initiative bigint, path ltree, awaits bigint, own boolean, barred boolean
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
    where case
        when awaits is null or barred
            or current_setting('sangkien.can', true) not like '%INITIATIVE_REVIEW%' then false
        when 'INITIATIVE_REVIEW' = any (
            viewer_can(subpath(path, 0, array_position(line(path), awaits)))) then true
        else 'INITIATIVE_REVIEW' = any (viewer_can(
            subpath(path, 0, array_position(line(path), review_place(of_initiative, awaits)))))
    end
    order by permission
);
