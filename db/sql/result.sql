-- What adjustments have added to the achieved of a unit's subtree since a phase was frozen, for
-- whoever sees the unit: it reads as owner, because a member or a stranger sees a unit's totals
-- but not the adjustments below it.
create or replace function adjustments_gained(of_unit bigint, of_phase bigint) returns bigint
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select coalesce(sum(a.gained), 0)::bigint
    from unit me
    join unit below on below.path <@ me.path
    join adjustment a on a.unit_id = below.id and a.phase_id = of_phase
    where me.id = of_unit and path_in_scope(me.path);
end;
