-- Which rows a caller sees. A scope is read once per statement (the `select` around it), and a row
-- is checked by its own path. The permissions of the scopes: auth/permissions.py.

-- Whether the caller sees a unit; for small tables without a copy of the unit's path.
create or replace function unit_visible(of_unit bigint) returns boolean
language plpgsql stable as $$
begin
    return exists (select from public.unit where id = of_unit);
end
$$;

-- Whether the caller sees a unit by a scope of its own, and not only because all see the root. Only
-- these callers see reasons and histories of changes; the public sees the figures.
create or replace function unit_granted(of_unit bigint) returns boolean
language plpgsql stable set search_path = public, pg_temp as $$
begin
    return exists (
        select from unit where id = of_unit and (
            path <@ any (scope('unit_read')) or path = any (scope('unit_granted_alone'))
        )
    );
end
$$;

-- The initiatives that the caller authored.
create or replace function own_initiatives() returns bigint[]
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select array(select initiative_id from authorship where person_id = own_person());
end;

-- Whether an initiative outside the caller's scopes is visible because it is published or its own.
create or replace function initiative_open(of_initiative bigint) returns boolean
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return bound() and (
        exists (select from initiative where id = of_initiative and published_at is not null)
        or exists (
            select from authorship where initiative_id = of_initiative and person_id = own_person()
        )
    );
end
$$;

-- Whether a path lies in the caller's scopes for units, totals and targets. For functions that read
-- as owner; policies repeat the condition, so that they read the scopes only once.
create or replace function path_in_scope(path ltree) returns boolean
language sql stable parallel safe
return path <@ any (scope('unit_read')) or path = any (scope('unit_read_alone'));

create policy seen on unit for select using (
    path <@ any ((select scope('unit_read'))::ltree[])
    or path = any ((select scope('unit_read_alone'))::ltree[])
);
create policy seen on target for select using (
    path <@ any ((select scope('unit_read'))::ltree[])
    or path = any ((select scope('unit_read_alone'))::ltree[])
);
create policy seen on rollup for select using (
    path <@ any ((select scope('unit_read'))::ltree[])
    or path = any ((select scope('unit_read_alone'))::ltree[])
);
create policy seen on rollup_tier for select using (
    path <@ any ((select scope('unit_read'))::ltree[])
    or path = any ((select scope('unit_read_alone'))::ltree[])
);
create policy seen on rollup_day for select using (
    path <@ any ((select scope('unit_read'))::ltree[])
    or path = any ((select scope('unit_read_alone'))::ltree[])
);

create policy seen on unit_history for select using (unit_granted(unit_id));
create policy seen on target_revision for select using (unit_granted(unit_id));
create policy seen on window_override for select using (unit_visible(unit_id));
create policy seen on phase_result for select using (unit_visible(unit_id));

create policy seen on emulation_bloc for select using ((select bound()));
create policy seen on campaign for select using ((select bound()));
create policy seen on benefit_tier for select using ((select bound()));
create policy seen on phase for select using ((select bound()));
create policy seen on drive for select using ((select bound()));

-- Whether a person authored an initiative of a unit where the caller has a permission on people,
-- and sees initiatives: a unit keeps seeing its authors after they have moved away.
create or replace function authored_within(of_person bigint, permission text) returns boolean
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return cardinality(scope(permission)) > 0 and exists (
        select from authorship where person_id = of_person
            and path <@ any (scope(permission)) and path <@ any (scope('initiative_read'))
    );
end
$$;

-- Whether a person belongs to a unit where the caller sees people, or is the caller. Only these
-- callers see the memberships and the account, not the units that the person has left.
create or replace function person_within(of_person bigint) returns boolean
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return exists (
        select from person where id = of_person and (
            path <@ any (scope('person_read')) or path <@ any (scope('person_masked'))
            or id = own_person()
        )
    );
end
$$;

create policy seen on person for select using (
    path <@ any ((select scope('person_read'))::ltree[])
    or path <@ any ((select scope('person_masked'))::ltree[])
    or id = (select own_person())
    or authored_within(id, 'person_read') or authored_within(id, 'person_masked')
);
create policy seen on membership for select using (person_within(person_id));
create policy seen on participation for select using (false);
create policy seen on account for select using (
    id = (select caller())
    or (person_id is not null and person_within(person_id))
    or exists (select from role_grant g where g.account_id = account.id)
);
create policy seen on role_grant for select using (
    account_id = (select caller())
    or (select u.path from unit u where u.id = unit_id) <@ any ((select scope('grant_read'))::ltree[])
);
create policy seen on signing_key for select to sangkien_reader using (true);
-- Only the issuer reads private keys: issuing() of identity.sql.
create policy issued on signing_key for select to sangkien_writer
using (current_setting('sangkien.issuing', true) = 'on');

create policy seen on initiative for select using (
    path <@ any ((select scope('initiative_read'))::ltree[])
    or (published_at is not null and (select bound()))
    or id = any ((select own_initiatives())::bigint[])
);
create policy seen on authorship for select using (
    path <@ any ((select scope('initiative_read'))::ltree[]) or initiative_open(initiative_id)
);
create policy seen on review for select using (
    path <@ any ((select scope('initiative_read'))::ltree[])
    or initiative_id = any ((select own_initiatives())::bigint[])
);
create policy seen on review_sheet for select using (
    (select i.path from initiative i where i.id = initiative_id)
        <@ any ((select scope('initiative_read'))::ltree[])
    or initiative_id = any ((select own_initiatives())::bigint[])
);
create policy seen on initiative_maker for select using (false);
-- The reason of a link is for callers with access to the duplicate, not for all who see both only
-- because they are published.
create policy seen on duplicate_link for select using (
    initiative_id in (
        select i.id from initiative i
        where i.path <@ any ((select scope('initiative_read'))::ltree[])
            or i.id = any ((select own_initiatives())::bigint[])
    ) and original_id in (select id from initiative)
);
create policy seen on award for select using (
    unit_granted(issuer_id)
    or unit_granted(recipient_unit_id)
    or recipient_person_id = (select own_person())
);
