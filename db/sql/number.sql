-- Columns that triggers set on an initiative: its number, and since when it awaits a decision.

-- Numbers rise by one for each unit and year, without gaps: the counter is part of the transaction,
-- and serialises the writers of one unit. A counter starts after the numbers that were loaded with
-- their initiatives.
create or replace function initiative_number() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    of_year bigint := extract(year from today());
    stem text;
    given bigint;
begin
    select code || '-' || of_year || '-' into stem from unit where id = new.unit_id;
    update initiative_counter set last = last + 1
    where unit_id = new.unit_id and year = of_year returning last into given;
    if given is null then
        insert into initiative_counter as c (unit_id, year, last)
        select new.unit_id, of_year, 1 + coalesce(max(substr(number, length(stem) + 1)::bigint), 0)
        from initiative
        where unit_id = new.unit_id and starts_with(number, stem)
            and substr(number, length(stem) + 1) ~ '^[0-9]{1,15}$'
        on conflict (unit_id, year) do update set last = c.last + 1
        returning last into given;
    end if;
    new.number := stem || lpad(given::text, greatest(5, length(given::text)), '0');
    return new;
end
$$;

create or replace trigger initiative_number before insert on initiative
for each row when (new.number is null) execute function initiative_number();

create or replace function initiative_awaited() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    if new.awaits_id is null then
        new.awaited_at := null;
    elsif tg_op = 'INSERT' then
        new.awaited_at := coalesce(new.awaited_at, new.recognised_at, new.submitted_at);
    else
        new.awaited_at := present();
    end if;
    return new;
end
$$;

create or replace trigger initiative_awaited_first before insert on initiative
for each row execute function initiative_awaited();
-- A change by another trigger, in a move or a merge of units, does not restart the waiting time.
create or replace trigger initiative_awaited before update of awaits_id on initiative
for each row when (old.awaits_id is distinct from new.awaits_id and pg_trigger_depth() = 0)
execute function initiative_awaited();
