-- The memberships of people in units, from a day to a day, both included. The day of a move belongs
-- to the new unit, so of several moves in a day the last one stays. Rows of people loaded without a
-- caller have no first day, as it is unknown.

create or replace function membership_begun() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into membership (person_id, unit_id, valid_from)
    select id, unit_id, case when bound() then today() end from added;
    return null;
end
$$;

create or replace trigger membership_begun after insert on person
referencing new table as added for each statement execute function membership_begun();

create or replace function membership_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    current_one membership;
begin
    select * into current_one from membership where person_id = new.id and valid_to is null;
    if current_one.valid_from >= today() then
        -- It has not lasted a day: a move there and back leaves no row.
        delete from membership where id = current_one.id;
        update membership set valid_to = null
        where person_id = new.id and unit_id = new.unit_id
            and valid_to = current_one.valid_from - 1;
        if found then
            return null;
        end if;
    else
        update membership set valid_to = today() - 1 where id = current_one.id;
    end if;
    insert into membership (person_id, unit_id, valid_from)
    values (new.id, new.unit_id, coalesce(greatest(current_one.valid_from, today()), today()));
    return null;
end
$$;

create or replace trigger membership_changed after update of unit_id on person
for each row when (old.unit_id <> new.unit_id) execute function membership_changed();

-- The unit that a person belonged to on a day, or the first known one for earlier days; the
-- surviving unit where that has been merged.
create or replace function belonged(of_person bigint, on_day date) returns bigint
language plpgsql stable set search_path = public, pg_temp as $$
declare
    place bigint;
    successor bigint;
begin
    select unit_id into place from membership
    where person_id = of_person
    order by coalesce(valid_from, '-infinity') <= on_day desc,
        case when coalesce(valid_from, '-infinity') <= on_day then valid_from end desc nulls last,
        valid_from
    limit 1;
    loop
        select merged_into_id into successor from unit where id = place;
        exit when successor is null;
        place := successor;
    end loop;
    return place;
end
$$;
