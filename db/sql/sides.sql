-- Per-column write rules: row-level security authorises whole rows; these triggers check the
-- permission that each changed column needs, as target_sides does for a target.
--
-- They run only where row-level security applies to the writer, which it does not for loads, moves,
-- merges and other triggers, and only where their columns have changed: a submission runs one of
-- them.

-- Whether the caller may write an initiative, for its authors or as its own. The check of the
-- drafter comes first: most callers write their own drafts, and it reads no other row.
create or replace function writes_initiative(
    path ltree, drafted_by bigint, of_initiative bigint
) returns boolean
language sql stable
return path <@ any (scope('initiative_write'))
    or (drafted_by = caller() and own_person() is not null) or writes_own(of_initiative);

-- The content: by its writers, until it is submitted.
create or replace function initiative_edited() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    if (
        old.state in ('DRAFT', 'RETURNED')
        and writes_initiative(new.path, new.drafted_by_id, new.id)
    ) is not true then
        raise exception 'initiative % is not the caller''s to edit', new.number
            using errcode = 'insufficient_privilege';
    end if;
    return null;
end
$$;

create or replace trigger initiative_edited
after update of title, summary, content, solution_type, field, sector, applied_on, confidential,
    claimed, other_benefit on initiative
for each row when (row_security_active('initiative'::regclass))
execute function initiative_edited();

-- Submission and withdrawal: by its writers. An initiative enters one phase for good, and awaits
-- its own unit.
create or replace function initiative_entered() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    if (
        case new.state
            when 'SUBMITTED' then
                old.state in ('DRAFT', 'RETURNED') and new.awaits_id = new.unit_id
            when 'WITHDRAWN' then
                old.state in ('DRAFT', 'SUBMITTED', 'RETURNED') and new.awaits_id is null
        end
        and (
            old.submitted_at is null
            or (old.phase_id, old.submitted_at) = (new.phase_id, new.submitted_at)
        )
        and writes_initiative(new.path, new.drafted_by_id, new.id)
    ) is not true then
        raise exception 'initiative % is not the caller''s to hand in or withdraw', new.number
            using errcode = 'insufficient_privilege';
    end if;
    return null;
end
$$;

create or replace trigger initiative_entered
after update of state, phase_id, submitted_at on initiative
for each row when (
    row_security_active('initiative'::regclass) and (
        (old.state <> new.state and new.state in ('SUBMITTED', 'WITHDRAWN'))
        or (old.phase_id, old.submitted_at) is distinct from (new.phase_id, new.submitted_at)
    )
) execute function initiative_entered();

-- Decisions: by an account of the unit that decides for the awaited one, unless it is barred
-- (duties.sql). A recognised initiative is returned and rejected only by the level of its last
-- approval or above. The line determines the result of an approval: the next deciding unit above is
-- awaited, else it is confirmed, as in `decided` of db/rules/review.py. Runs as owner, to see the
-- whole line.
create or replace function initiative_decided() returns trigger
language plpgsql security definer set search_path = public, pg_temp
set plan_cache_mode = force_generic_plan as $$
declare
    confirming text := (select confirming_level from campaign where id = new.campaign_id);
    awaited bigint := review_awaited(
        new.path, confirming, (select level_rank(level) from unit where id = old.awaits_id)
    );
    above bigint;
    due text;
begin
    select u.id into above
    from unit u join unit turn on turn.id = awaited
    where u.id = any (line(new.path)) and u.valid_to is null and u.depth < turn.depth
        and level_rank(u.level) >= level_rank(confirming)
    order by u.depth desc
    limit 1;
    if (
        case
            when new.state = 'REVOKED' then
                old.state in ('RECOGNISED', 'CONFIRMED') and exists (
                    select from unnest(review_revokers(new.id)) as revoker (id)
                    where id = any (reviewed_units()) and not review_bars_caller(new.id, id)
                )
            else old.state in ('SUBMITTED', 'RECOGNISED')
                and review_place(new.id, awaited) = any (reviewed_units())
                and not review_bars_caller(new.id, awaited)
                and (
                    old.state = 'SUBMITTED' or new.state in ('RECOGNISED', 'CONFIRMED')
                    or review_place(new.id, awaited) = any (review_revokers(new.id))
                )
        end
    ) is not true then
        raise exception 'initiative % is not the caller''s to decide on', new.number
            using errcode = 'insufficient_privilege';
    end if;
    if new.state in ('RETURNED', 'REJECTED', 'REVOKED') then
        due := new.state;
        above := null;
    else
        due := case when above is null then 'CONFIRMED' else 'RECOGNISED' end;
    end if;
    if (new.state, new.awaits_id) is distinct from (due, above) then
        raise exception 'the way of initiative % is another', new.number
            using errcode = 'check_violation', constraint = 'initiative_way';
    end if;
    return null;
end
$$;

create or replace trigger initiative_decided
after update of state, awaits_id, recognised_at, confirmed_at, verified on initiative
for each row when (
    row_security_active('initiative'::regclass) and (
        (old.state <> new.state and new.state not in ('SUBMITTED', 'WITHDRAWN', 'DUPLICATE'))
        or (old.state = new.state and old.awaits_id is distinct from new.awaits_id)
        or old.recognised_at is distinct from new.recognised_at
        or old.confirmed_at is distinct from new.confirmed_at
        or old.verified is distinct from new.verified
    )
) execute function initiative_decided();

-- Publications and duplicates: by curators; a link is a decision, and of a recognised initiative
-- one of the level of its last approval or above. A decision that ends recognition also
-- unpublishes.
create or replace function initiative_curated() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    if (
        new.path <@ any (scope('initiative_curate'))
        and (
            new.state <> 'DUPLICATE' or old.state = 'DUPLICATE'
            or (new.awaits_id is null and review_linkable(new.id))
        )
    ) is not true then
        raise exception 'initiative % is not the caller''s to publish or link', new.number
            using errcode = 'insufficient_privilege';
    end if;
    return null;
end
$$;

create or replace trigger initiative_curated after update of state, published_at on initiative
for each row when (
    row_security_active('initiative'::regclass) and (
        (old.state <> new.state and new.state = 'DUPLICATE')
        or (
            old.published_at is distinct from new.published_at
            and (new.published_at is not null or old.state = new.state)
        )
    )
) execute function initiative_curated();

-- The shares of an initiative's authors sum to 100 at the end of a transaction.
create or replace function authorship_whole() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    changed bigint := coalesce(new.initiative_id, old.initiative_id);
begin
    if (select sum(share) from authorship where initiative_id = changed) is distinct from 100 then
        raise exception 'the shares of initiative % do not make 100', changed
            using errcode = 'check_violation', constraint = 'authorship_whole';
    end if;
    return null;
end
$$;

drop trigger if exists authorship_whole on authorship;
create constraint trigger authorship_whole after insert or delete or update of share on authorship
deferrable initially deferred
for each row when (row_security_active('authorship'::regclass)) execute function authorship_whole();

-- While an initiative may be edited, an author is removed or gets a smaller share only by that
-- author, or by a writer for the unit's members who is not an author in the end. Corrections after
-- the submission are not checked here.
create or replace function authorship_kept() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if (
        old.person_id = caller_person() or (
            not authored(old.initiative_id) and holds(
                'initiative_write', (select unit_id from initiative where id = old.initiative_id))
        )
    ) is not true then
        raise exception 'share % of initiative % is not the caller''s to lower',
            old.person_id, old.initiative_id using errcode = 'insufficient_privilege';
    end if;
    return null;
end
$$;

drop trigger if exists authorship_removed on authorship;
create constraint trigger authorship_removed after delete on authorship
deferrable initially deferred
for each row when (
    row_security_active('authorship'::regclass) and initiative_editable(old.initiative_id)
) execute function authorship_kept();

drop trigger if exists authorship_lowered on authorship;
create constraint trigger authorship_lowered after update of share on authorship
deferrable initially deferred
for each row when (
    row_security_active('authorship'::regclass) and new.share < old.share
    and initiative_editable(old.initiative_id)
) execute function authorship_kept();

-- A phase is frozen once, after it is over at every unit.
create or replace function phase_frozen() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if old.frozen_at is not null or new.frozen_at is null
        or (select closes_on from phase_last(new.id)) >= today()
    then
        raise exception 'phase % is not to be frozen, or no more', new.id
            using errcode = 'insufficient_privilege';
    end if;
    return null;
end
$$;

create or replace trigger phase_frozen after update of frozen_at on phase
for each row when (
    row_security_active('phase'::regclass) and old.frozen_at is distinct from new.frozen_at
) execute function phase_frozen();
