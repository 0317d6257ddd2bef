-- Score sheets: the scores of council members before a decision. A decision ends the round of
-- sheets and keeps them; a new round begins after a return.

-- The criteria of the campaign's rubric without a score, in `scores` or in a sheet of the round,
-- for a unit's decision. Sheets count only for their own unit: if the initiative has come to await
-- another one (the confirming level changed, a unit moved), they stay and do not count.
create or replace function rubric_missing(of_initiative bigint, for_unit bigint, scores jsonb)
returns text[]
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select array(
        select criterion
        from initiative i
        join campaign c on c.id = i.campaign_id
        cross join lateral jsonb_object_keys(c.rubric) as criterion
        where i.id = of_initiative and c.rubric_required
            and not coalesce(scores ? criterion, false)
            and not exists (
                select from review_sheet s
                where s.initiative_id = i.id and s.unit_id = for_unit and s.review_id is null
                    and s.scores ? criterion
            )
        order by criterion collate "C"
    );
end;

-- A sheet is for the unit that the initiative awaits when it is written: the lock waits for a
-- concurrent decision.
create or replace function sheet_awaited() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform lock_tree(alone => false);
    perform from initiative where id = new.initiative_id for share;
    if not exists (
        select from initiative where id = new.initiative_id and awaits_id = new.unit_id
    ) then
        raise exception 'initiative % does not await unit %', new.initiative_id, new.unit_id
            using errcode = 'check_violation', constraint = 'review_sheet_awaited';
    end if;
    return new;
end
$$;

create or replace trigger sheet_awaited before insert or update of unit_id, scores, comment
on review_sheet
for each row when (bound()) execute function sheet_awaited();

-- A decision ends the round of all sheets, also of those for a unit that no longer decides; an
-- approval must score what the rubric requires.
create or replace function review_rounded() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if new.decision = 'APPROVE' and bound()
        and rubric_missing(new.initiative_id, new.unit_id, new.scores) <> '{}'
    then
        raise exception 'decision % does not score every criterion', new.id
            using errcode = 'check_violation', constraint = 'review_rubric';
    end if;
    update review_sheet set review_id = new.id
    where initiative_id = new.initiative_id and review_id is null;
    return null;
end
$$;

create or replace trigger review_rounded after insert on review
for each row execute function review_rounded();
