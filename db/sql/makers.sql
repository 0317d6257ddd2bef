-- The accounts that drafted, edited or submitted an initiative, and those that decided on it:
-- recorded for the separation of duties (duties.sql), by triggers, for every command and import.

-- An initiative's `decider_ids` are the accounts that decided on it, so that queues find along an
-- index what an account may be barred from; its reviews have the levels. A decision adds its own
-- account.
create or replace function initiative_deciding() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    new.decider_ids := old.decider_ids || caller();
    return new;
end
$$;

create or replace trigger initiative_deciding before update of state, awaits_id on initiative
for each row when (
    caller() > 0 and old.awaits_id is not null and new.state not in ('SUBMITTED', 'WITHDRAWN')
    and not old.decider_ids @> array[caller()]
) execute function initiative_deciding();

create or replace function review_decider() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if exists (
        select from added a
        join initiative i on i.id = a.initiative_id
        where not i.decider_ids @> array[a.account_id]
    ) then
        update initiative i set decider_ids = i.decider_ids || a.ids
        from (
            select initiative_id, array_agg(distinct account_id) as ids
            from added where account_id is not null group by initiative_id
        ) as a
        where i.id = a.initiative_id and not i.decider_ids @> a.ids;
    end if;
    return null;
end
$$;

create or replace trigger review_decider after insert on review
referencing new table as added for each statement execute function review_decider();

-- Record the caller as one of an initiative's makers.
create or replace function initiative_made(of_initiative bigint) returns void
language sql
begin atomic
    insert into initiative_maker (initiative_id, account_id)
    values (of_initiative, caller()) on conflict do nothing;
end;

create or replace function initiative_drafted() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into initiative_maker (initiative_id, account_id)
    select id, drafted_by_id from added where drafted_by_id is not null
    union
    select id, caller() from added where caller() > 0;
    return null;
end
$$;

create or replace trigger initiative_drafted after insert on initiative
referencing new table as added for each statement execute function initiative_drafted();

create or replace function initiative_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform initiative_made(new.id);
    return null;
end
$$;

-- An edit before submission, a submission or a resubmission.
create or replace trigger initiative_changed
after update of title, summary, content, solution_type, field, sector, applied_on, confidential,
    claimed, other_benefit, state on initiative
for each row when (
    caller() > 0 and old.state in ('DRAFT', 'RETURNED', 'WITHDRAWN')
    and new.state in ('DRAFT', 'RETURNED', 'SUBMITTED')
) execute function initiative_changed();

create or replace function authorship_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    changed bigint := coalesce(new.initiative_id, old.initiative_id);
begin
    if exists (
        select from initiative where id = changed and state in ('DRAFT', 'RETURNED')
    ) then
        perform initiative_made(changed);
    end if;
    return null;
end
$$;

-- Changes of authors by a caller; not those by a join of two entries of a person.
create or replace trigger authorship_changed after insert or update or delete on authorship
for each row when (caller() > 0 and row_security_active('authorship'::regclass))
execute function authorship_changed();
