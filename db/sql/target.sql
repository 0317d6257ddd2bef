-- What a unit's direct children were assigned and have pledged, for whoever sees the unit: it
-- reads as owner, because a member or a stranger sees a unit's totals but not its children.
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
