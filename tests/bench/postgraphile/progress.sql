-- PostGraphile's source of a unit's totals: a computed column of `unit`. PostgreSQL inlines a SQL
-- function that returns a set, so the query itself reads the totals.
drop function if exists unit_progress(unit, text, bigint);
drop type if exists progress;

create type progress as (
    submitted bigint, recognised bigint, confirmed bigint, achieved bigint,
    target bigint, percent float8, benefit_verified bigint, participants bigint,
    units_reporting bigint, units_total bigint
);

create function unit_progress(unit unit, campaign text, phase bigint) returns setof progress
language sql stable parallel safe rows 1
begin atomic
    select r.submitted, r.recognised, r.confirmed, r.achieved,
        t.target, round(r.achieved::numeric * 100 / nullif(t.target, 0), 2)::float8,
        r.benefit_verified, r.participants, r.units_reporting, unit.grassroots_count
    from (
        select total(submitted) as submitted, total(recognised) as recognised,
            total(confirmed) as confirmed, total(achieved) as achieved,
            total(benefit_verified) as benefit_verified, total(participants) as participants,
            total(units_reporting) as units_reporting
        from rollup
        where unit_id = unit.id and ordinal = phase
            and campaign_id = (select c.id from campaign c where c.code = unit_progress.campaign)
    ) as r
    left join lateral (
        select coalesce(registered, assigned) as target
        from target
        where unit_id = unit.id and phase_id = (
            select p.id from phase p join campaign c on c.id = p.campaign_id
            where c.code = unit_progress.campaign and p.ordinal = phase
        )
    ) as t on true;
end;
