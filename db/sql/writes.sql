-- Which rows a caller may write; for the columns, grants.sql and sides.sql. Commands check the same
-- scopes first, and raise the error that explains the rejection; these policies are the second
-- guard. The reader has no right to write at all, and an auditor's scopes for writes are empty.

-- Whether the caller has a permission at a unit: in a subtree, or there alone.
create or replace function holds(permission text, at_unit bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select exists (
        select from unit where id = at_unit and (
            path <@ any (scope(permission)) or path = any (scope(permission || '_alone'))
        )
    );
end;

create or replace function holds_at_root(permission text) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select exists (select from unit where parent_id is null and path <@ any (scope(permission)));
end;

-- Whether the caller authored an initiative, visible to it or not; nobody decides on their own.
create or replace function authored(of_initiative bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select exists (
        select from authorship where initiative_id = of_initiative and person_id = caller_person()
    );
end;

-- Whether the caller may write an initiative as its own.
create or replace function writes_own(of_initiative bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select own_person() is not null and exists (
        select from initiative i where i.id = of_initiative and (
            i.drafted_by_id = caller()
            or i.id in (select initiative_id from authorship where person_id = own_person())
        )
    );
end;

create or replace function initiative_writable(of_initiative bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select exists (
        select from initiative
        where id = of_initiative
            and (holds('initiative_write', unit_id) or writes_own(of_initiative))
    );
end;

-- Whether the caller may write an initiative before its submission; then its authors can change.
create or replace function initiative_editable(of_initiative bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select initiative_writable(of_initiative) and exists (
        select from initiative where id = of_initiative and state in ('DRAFT', 'RETURNED')
    );
end;

-- The people whom the caller may name as authors at a unit: colleagues there, people whom it sees,
-- and itself. For all other codes it does not even learn whether they exist.
create or replace function author_candidates(codes text[], at_unit bigint)
returns table (code text, id bigint, sector text)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select p.code, p.id, p.sector from person p
    where p.code = any (codes) and (
        p.id = own_person() or p.path <@ any (scope('person_read'))
        or (p.unit_id = at_unit and (
            holds('initiative_write', at_unit)
            or at_unit = (select unit_id from person where person.id = own_person())
        ))
    );
end;

create or replace function campaign_managed(of_campaign bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select exists (
        select from campaign where id = of_campaign and holds('campaign_manage', owner_id)
    );
end;

create or replace function phase_managed(of_phase bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select exists (select from phase where id = of_phase and campaign_managed(campaign_id));
end;

-- Whether the caller may assign a unit's target, as its parent.
create or replace function target_assignable(of_unit bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select exists (select from unit where id = of_unit and holds('target_assign', parent_id));
end;

-- Whether the caller may assign a unit's target (as its parent) or register it (as the unit).
create or replace function target_writable(of_unit bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select holds('target_register', of_unit) or target_assignable(of_unit);
end;

-- Whether the recipient of an award, a unit or a person, is in the issuer's subtree, or is a person
-- who authored an achieved initiative there and has moved since.
create or replace function award_within(issuer bigint, to_unit bigint, to_person bigint)
returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select coalesce(
        (select u.path from unit u where u.id = to_unit),
        (select p.path from person p where p.id = to_person)
    ) <@ (select i.path from unit i where i.id = issuer) or exists (
        select from authorship a join unit i on i.id = issuer
        where a.person_id = to_person and a.counted_unit_id is not null and a.path <@ i.path
    );
end;

-- Whether a unit keeps its parent, or moves between two parents that the caller manages.
create or replace function stays_or_moves_within(of_unit bigint, to_parent bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select exists (
        select from unit where id = of_unit and (
            parent_id is not distinct from to_parent
            or (holds('unit_manage', parent_id) and holds('unit_manage', to_parent))
        )
    );
end;

create policy added on campaign for insert to sangkien_writer
with check (holds('campaign_manage', owner_id));
create policy changed on campaign for update to sangkien_writer
using (holds('campaign_manage', owner_id));
create policy added on phase for insert to sangkien_writer
with check (campaign_managed(campaign_id));
create policy changed on phase for update to sangkien_writer
using (campaign_managed(campaign_id));
create policy added on benefit_tier for insert to sangkien_writer
with check (campaign_managed(campaign_id));
create policy changed on benefit_tier for update to sangkien_writer
using (campaign_managed(campaign_id));
create policy removed on benefit_tier for delete to sangkien_writer
using (campaign_managed(campaign_id));
-- The phases that the caller manages are looked up once, not for every unit's row.
create policy added on phase_result for insert to sangkien_writer
with check (phase_id in (select p.id from phase p where campaign_managed(p.campaign_id)));

create policy added on window_override for insert to sangkien_writer
with check (holds('target_assign', unit_id));
create policy changed on window_override for update to sangkien_writer
using (holds('target_assign', unit_id));
create policy removed on window_override for delete to sangkien_writer
using (holds('target_assign', unit_id));
create policy added on drive for insert to sangkien_writer
with check (holds('target_assign', unit_id));

create policy added on target for insert to sangkien_writer
with check (target_writable(unit_id));
create policy changed on target for update to sangkien_writer
using (target_writable(unit_id));
create policy added on target_revision for insert to sangkien_writer
with check (account_id = caller() and case kind
    when 'ASSIGNED' then target_assignable(unit_id) else holds('target_register', unit_id) end);

create policy added on initiative for insert to sangkien_writer
with check (
    drafted_by_id = caller() and state = 'DRAFT' and (
        holds('initiative_write', unit_id)
        or unit_id = (select p.unit_id from person p where p.id = (select own_person()))
    )
);
create policy changed on initiative for update to sangkien_writer
using (
    path <@ any ((select scope('initiative_write'))::ltree[])
    or path <@ any ((select scope('initiative_curate'))::ltree[])
    or path <@ any ((select scope('initiative_review_alone'))::ltree[])
    or writes_own(id)
);
create policy added on authorship for insert to sangkien_writer
with check (initiative_editable(initiative_id));
create policy changed on authorship for update to sangkien_writer
using (initiative_editable(initiative_id));
create policy removed on authorship for delete to sangkien_writer
using (initiative_editable(initiative_id));

create policy added on review for insert to sangkien_writer
with check (
    account_id = caller() and not review_bars_caller(initiative_id, unit_id)
    and holds('initiative_review', coalesce(acting_unit_id, unit_id))
    and (acting_unit_id is null or acting_unit_id = review_place(initiative_id, unit_id))
    and unit_id = any (line((select i.path from initiative i where i.id = initiative_id)))
);
create policy added on duplicate_link for insert to sangkien_writer
with check (
    account_id = caller() and review_linkable(initiative_id)
    and holds('initiative_curate', (select i.unit_id from initiative i where i.id = initiative_id))
);
create policy added on review_sheet for insert to sangkien_writer
with check (
    account_id = caller() and review_id is null and not review_bars_caller(initiative_id, unit_id)
    and holds('initiative_review', review_place(initiative_id, unit_id))
);
create policy changed on review_sheet for update to sangkien_writer
using (account_id = caller() and review_id is null)
with check (
    account_id = caller() and review_id is null and not review_bars_caller(initiative_id, unit_id)
    and holds('initiative_review', review_place(initiative_id, unit_id))
);
create policy added on award for insert to sangkien_writer
with check (
    holds('award_grant', issuer_id)
    and award_within(issuer_id, recipient_unit_id, recipient_person_id)
);

create policy added on unit for insert to sangkien_writer
with check (holds('unit_manage', parent_id));
create policy changed on unit for update to sangkien_writer
using (holds('unit_manage', id))
with check (
    holds('unit_manage', id) and stays_or_moves_within(id, parent_id)
    and (merged_into_id is null or holds('unit_manage', merged_into_id))
);
create policy added on unit_history for insert to sangkien_writer
with check (holds('unit_manage', unit_id) and account_id = caller());
create policy added on emulation_bloc for insert to sangkien_writer
with check (holds_at_root('unit_manage'));
create policy changed on emulation_bloc for update to sangkien_writer
using (holds_at_root('unit_manage'));
create policy added on person for insert to sangkien_writer
with check (holds('person_manage', unit_id));
create policy changed on person for update to sangkien_writer
using (holds('person_manage', unit_id));

create policy added on role_grant for insert to sangkien_writer
with check (
    holds('grant_manage', unit_id) and granted_by_id = caller() and revoked_at is null
    and account_id <> 0 -- the public account
    and account_id <> all ((select caller_accounts())::bigint[])
);
create policy changed on role_grant for update to sangkien_writer
using (
    holds('grant_manage', unit_id) and revoked_at is null
    and account_id <> all ((select caller_accounts())::bigint[])
)
with check (revoked_at is not null and revoked_by_id = caller());

-- An adjustment is recorded by callers who may change its subject.
create policy seen on adjustment for select using (unit_granted(unit_id));
create policy added on adjustment for insert to sangkien_writer
with check (account_id = caller() and (
    phase_managed(phase_id) or target_writable(unit_id) or holds('target_assign', unit_id)
    or (initiative_id is not null and exists (
        select from review r where r.initiative_id = adjustment.initiative_id
            and r.account_id = caller())
    ) or holds('initiative_curate', unit_id) or initiative_writable(initiative_id)
    or (kind = 'UNIT' and holds('unit_manage', unit_id))
));

create policy seen on request_key for select using (account_id = (select caller()));
create policy added on request_key for insert to sangkien_writer
with check (account_id = (select caller()));
create policy changed on request_key for update to sangkien_writer
using (account_id = (select caller()));
create policy removed on request_key for delete to sangkien_writer
using (account_id = (select caller()));

create policy seen on initiative_counter for select using (false);
create policy seen on initiative_search for select using (false);
create policy seen on initiative_sketch for select using (false);
