-- The sum of what adjustments since a freeze added to the achieved total of a unit's subtree, for
-- callers who see the unit. It reads as owner, because members and anonymous callers see a unit's
-- totals but not the adjustments below it.
create or replace function adjustments_gained(of_unit bigint, of_phase bigint) returns bigint
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select coalesce(sum(a.gained), 0)::bigint
    from unit me
    join unit below on below.path <@ me.path
    join adjustment a on a.unit_id = below.id and a.phase_id = of_phase
    where me.id = of_unit and path_in_scope(me.path);
end;
