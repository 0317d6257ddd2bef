-- The comparisons of `sangkien verify`: for every stored total and every copied path, a row with
-- the stored and the expected value. Each view identifies its row (`subject`: a unit's code, a
-- person or an initiative's number; campaign, ordinal, detail) and has pairs stored_x and
-- expected_x. A missing row of a total counts as 0. db/verify.py reads them.

create or replace view verify_rollup as
with stored as (
    select unit_id, campaign_id, ordinal, total(submitted) as submitted,
        total(recognised) as recognised, total(confirmed) as confirmed, total(returned) as returned,
        total(rejected) as rejected, total(achieved) as achieved,
        total(achieved_production) as achieved_production, total(achieved_public) as achieved_public,
        total(benefit_claimed) as benefit_claimed, total(benefit_verified) as benefit_verified,
        total(participants) as participants, total(units_reporting) as units_reporting,
        total(units_meeting_floor) as units_meeting_floor
    from rollup group by unit_id, campaign_id, ordinal
)
select (select code from unit where id = unit_id) as subject,
    (select code from campaign where id = campaign_id) as campaign, ordinal, null as detail,
    coalesce(s.submitted, 0) as stored_submitted,
    coalesce(e.submitted, 0) as expected_submitted,
    coalesce(s.recognised, 0) as stored_recognised,
    coalesce(e.recognised, 0) as expected_recognised,
    coalesce(s.confirmed, 0) as stored_confirmed,
    coalesce(e.confirmed, 0) as expected_confirmed,
    coalesce(s.returned, 0) as stored_returned,
    coalesce(e.returned, 0) as expected_returned,
    coalesce(s.rejected, 0) as stored_rejected,
    coalesce(e.rejected, 0) as expected_rejected,
    coalesce(s.achieved, 0) as stored_achieved,
    coalesce(e.achieved, 0) as expected_achieved,
    coalesce(s.achieved_production, 0) as stored_achieved_production,
    coalesce(e.achieved_production, 0) as expected_achieved_production,
    coalesce(s.achieved_public, 0) as stored_achieved_public,
    coalesce(e.achieved_public, 0) as expected_achieved_public,
    coalesce(s.benefit_claimed, 0) as stored_benefit_claimed,
    coalesce(e.benefit_claimed, 0) as expected_benefit_claimed,
    coalesce(s.benefit_verified, 0) as stored_benefit_verified,
    coalesce(e.benefit_verified, 0) as expected_benefit_verified,
    coalesce(s.participants, 0) as stored_participants,
    coalesce(e.participants, 0) as expected_participants,
    coalesce(s.units_reporting, 0) as stored_units_reporting,
    coalesce(e.units_reporting, 0) as expected_units_reporting,
    coalesce(s.units_meeting_floor, 0) as stored_units_meeting_floor,
    coalesce(e.units_meeting_floor, 0) as expected_units_meeting_floor
from stored s full join rollup_expected e using (unit_id, campaign_id, ordinal);

create or replace view verify_rollup_tier as
with stored as (
    select unit_id, campaign_id, ordinal, tier_id, total(achieved) as achieved
    from rollup_tier group by unit_id, campaign_id, ordinal, tier_id
)
select (select code from unit where id = unit_id) as subject,
    (select code from campaign where id = campaign_id) as campaign, ordinal,
    coalesce((select label from benefit_tier where id = tier_id), 'tier ' || tier_id) as detail,
    coalesce(s.achieved, 0) as stored_achieved,
    coalesce(e.achieved, 0) as expected_achieved
from stored s full join rollup_tier_expected e using (unit_id, campaign_id, ordinal, tier_id);

create or replace view verify_rollup_day as
with stored as (
    select unit_id, campaign_id, ordinal, day, total(submitted) as submitted,
        total(recognised) as recognised, total(confirmed) as confirmed, total(achieved) as achieved
    from rollup_day group by unit_id, campaign_id, ordinal, day
)
select (select code from unit where id = unit_id) as subject,
    (select code from campaign where id = campaign_id) as campaign, ordinal, day::text as detail,
    coalesce(s.submitted, 0) as stored_submitted,
    coalesce(e.submitted, 0) as expected_submitted,
    coalesce(s.recognised, 0) as stored_recognised,
    coalesce(e.recognised, 0) as expected_recognised,
    coalesce(s.confirmed, 0) as stored_confirmed,
    coalesce(e.confirmed, 0) as expected_confirmed,
    coalesce(s.achieved, 0) as stored_achieved,
    coalesce(e.achieved, 0) as expected_achieved
from stored s full join rollup_day_expected e using (unit_id, campaign_id, ordinal, day);

-- A row with 0 initiatives equals no row, whatever its unit.
create or replace view verify_participation as
select 'person ' || person_id as subject,
    (select code from campaign where id = campaign_id) as campaign, ordinal, null as detail,
    coalesce(s.initiatives, 0) as stored_initiatives,
    coalesce(e.initiatives, 0) as expected_initiatives,
    s.unit_id as stored_unit_id, e.unit_id as expected_unit_id
from (select * from participation where initiatives <> 0) s
full join participation_expected e using (person_id, campaign_id, ordinal);

create or replace view verify_unit as
select u.code as subject, null as campaign, null::bigint as ordinal, null as detail,
    u.path as stored_path,
    case when u.parent_id is null then text2ltree(u.id::text)
         else a.path || u.id::text end as expected_path,
    u.grassroots_count as stored_grassroots_count,
    coalesce(g.units, 0) as expected_grassroots_count
from unit u
left join unit a on a.id = u.parent_id
left join (
    select ancestor, count(*) as units
    from unit, unnest(line(path)) as ancestor
    where level = 'GRASSROOTS' and valid_to is null
    group by ancestor
) g on g.ancestor = u.id;

create or replace view verify_person as
select 'person ' || p.id as subject, null as campaign, null::bigint as ordinal, null as detail,
    p.path as stored_path, u.path as expected_path
from person p join unit u on u.id = p.unit_id;

create or replace view verify_target as
select u.code as subject, c.code as campaign, p.ordinal, null as detail,
    t.path as stored_path, u.path as expected_path
from target t
join unit u on u.id = t.unit_id
join phase p on p.id = t.phase_id
join campaign c on c.id = p.campaign_id;

create or replace view verify_initiative as
select i.number as subject, null as campaign, null::bigint as ordinal, null as detail,
    i.path as stored_path, u.path as expected_path,
    i.federation_id as stored_federation_id,
    (select a.id from unit a where a.id = any (line(u.path)) and a.level = 'FEDERATION')
        as expected_federation_id,
    i.upper_id as stored_upper_id,
    (select a.id from unit a where a.id = any (line(u.path)) and a.level = 'UPPER')
        as expected_upper_id
from initiative i join unit u on u.id = i.unit_id;

-- Every author of an achieved initiative has a counted unit.
create or replace view verify_authorship as
select i.number as subject, null as campaign, null::bigint as ordinal,
    'person ' || a.person_id as detail, a.path as stored_path, u.path as expected_path,
    coalesce(f.achieved, 0) = 1 and a.counted_unit_id is not null as stored_counted,
    coalesce(f.achieved, 0) = 1 as expected_counted
from authorship a
join initiative i on i.id = a.initiative_id
join unit u on u.id = i.unit_id
left join current_fact f on f.initiative_id = i.id;

create or replace view verify_review as
select i.number as subject, null as campaign, null::bigint as ordinal,
    'review ' || r.id as detail, r.path as stored_path, u.path as expected_path
from review r join initiative i on i.id = r.initiative_id join unit u on u.id = i.unit_id;

-- The paths of the totals, slot by slot.
create or replace view verify_rollup_path as
select u.code as subject, (select code from campaign where id = campaign_id) as campaign, ordinal,
    'slot ' || slot as detail, r.path as stored_path, u.path as expected_path
from rollup r join unit u on u.id = r.unit_id;

create or replace view verify_rollup_tier_path as
select u.code as subject, (select code from campaign where id = campaign_id) as campaign, ordinal,
    'slot ' || slot as detail, r.path as stored_path, u.path as expected_path
from rollup_tier r join unit u on u.id = r.unit_id;

create or replace view verify_rollup_day_path as
select u.code as subject, (select code from campaign where id = campaign_id) as campaign, ordinal,
    'slot ' || slot as detail, r.path as stored_path, u.path as expected_path
from rollup_day r join unit u on u.id = r.unit_id;
