-- The sums of the targets assigned to and registered by a unit's direct children, for callers who
-- see the unit: it reads as owner, because members and anonymous callers see a unit's totals but
-- not its children.
create or replace function children_targets(of_unit bigint, of_phase bigint)
returns table (assigned bigint, registered bigint)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select coalesce(sum(t.assigned), 0)::bigint, coalesce(sum(t.registered), 0)::bigint
    from unit me
    join unit child on child.parent_id = me.id
    join target t on t.unit_id = child.id and t.phase_id = of_phase
    where me.id = of_unit and path_in_scope(me.path);
end;

-- A row has the target assigned by the parent and the one registered by the unit, and row-level
-- security authorises whole rows: this trigger checks the permission for each of the two columns.
create or replace function target_sides() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    if row_security_active('public.target') and (
        (new.assigned is distinct from old.assigned and not target_assignable(new.unit_id))
        or (new.registered is distinct from old.registered
            and not holds('target_register', new.unit_id))
    ) then
        raise exception 'the target of unit % is not the caller''s to set so', new.unit_id
            using errcode = 'insufficient_privilege';
    end if;
    return null;
end
$$;

create or replace trigger target_sides after insert or update on target
for each row execute function target_sides();
